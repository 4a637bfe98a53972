// A Session client without a frontend around it: as thin as the protocol allows, for measuring what stands behind it.
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import type { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { brokerServiceDefinition } from '../../services/lib/rpc/service-definition.ts';

type Command = barkeep.v1.Command.$Properties;
type CommandReply = barkeep.v1.CommandReply.$Properties;

export class RawSession {
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<barkeep.v1.SessionRequest.$Properties, barkeep.v1.SessionResponse>;
  readonly #waiting: ((replies: CommandReply[]) => void)[] = [];
  #fail: (error: Error) => void = () => {};
  /** Rejects when the stream breaks. */
  readonly broken: Promise<never>;
  #number = 0;
  #acknowledged = 0;

  private constructor(socketPath: string) {
    // A connection of its own, as frontends have: one connection takes a hundred streams. One that was closed while there was no broker does not
    // try again by itself, and hold that connection.
    this.#client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 1_000_000_000,
      'grpc.max_reconnect_backoff_ms': 1_000_000_000,
    });
    const method = brokerServiceDefinition['session']!;
    this.#stream = this.#client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
    );
    this.broken = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.broken.catch(() => {});
    this.#stream.on('error', this.#fail);
  }

  static async open(socketPath: string, vm: string, secret: string): Promise<RawSession> {
    const session = new RawSession(socketPath);
    const attached = new Promise<void>((resolve) => session.#stream.once('data', () => resolve()));
    session.#stream.write({ attach: { vm, secret } });
    try {
      await Promise.race([attached, session.broken]);
    } catch (error) {
      session.#client.close();
      throw error;
    }
    session.#stream.on('data', (response: barkeep.v1.SessionResponse) => {
      const replies = response.batch?.replies ?? [];
      session.#acknowledged += replies.length;
      session.#waiting.shift()?.(replies);
    });
    return session;
  }

  /** Sends one batch; the promise is its replies. Numbers are given here. */
  send(operations: readonly Omit<Command, 'number'>[]): Promise<CommandReply[]> {
    const commands = operations.map((operation) => ({ ...operation, number: ++this.#number }));
    const reply = new Promise<CommandReply[]>((resolve) => this.#waiting.push(resolve));
    this.#stream.write({ batch: { commands, acknowledged: this.#acknowledged } });
    return Promise.race([reply, this.broken]);
  }

  /** What a frontend says of itself. */
  report(statistics: barkeep.v1.FrontendStatistics.$Properties): void {
    this.#stream.write({ statistics });
  }

  close(): void {
    this.#stream.write({ detach: {} });
    this.#stream.end();
    this.#client.close();
  }
}
