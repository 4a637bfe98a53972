// A frontend as far as the broker can tell: it keeps its session and what it has no answer to, and comes back until it has one.
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { Fd } from '../../services/lib/os/fd.ts';
import { Mapping } from '../../services/lib/os/memory.ts';
import type { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { brokerServiceDefinition } from '../../services/lib/rpc/service-definition.ts';
import { readError } from '../../services/lib/rpc/status-error.ts';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { until } from '../support/until.ts';
import { type Answer, ask, type Command, inWords, type MemoryHandle, type Operation } from './harness.ts';

type Stream = ClientDuplexStream<barkeep.v1.SessionRequest.$Properties, barkeep.v1.SessionResponse>;
export type Place = {
  readonly socket: string;
  readonly fdSocket: string;
  readonly secret: (vm: string) => string;
};

const PAUSE = 20;
// As frontends have it (broker-stream.ts): a channel that was closed while it could not connect would try again, and hold that connection.
const CHANNEL_OPTIONS = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 1_000_000_000,
  'grpc.max_reconnect_backoff_ms': 1_000_000_000,
};

export class ResumingSession {
  readonly vm: string;
  readonly #place: Place;
  #client: Client | null = null;
  #stream: Stream | null = null;
  #session: Uint8Array = new Uint8Array();
  #number = 0;
  #acknowledged = 0;
  attached: barkeep.v1.Attached.$Properties = {};
  /** Times it came back with its session. */
  resumes = 0;

  constructor(vm: string, place: Place) {
    this.vm = vm;
    this.#place = place;
  }

  /** Attaches, or comes back. False when the broker does not know the session any more. */
  async connect(): Promise<boolean> {
    const outcome = await until(
      `the broker answers the attach of ${this.vm}`,
      async () => {
        this.drop();
        this.#client = new Client(
          `unix:${this.#place.socket}`,
          credentials.createInsecure(),
          CHANNEL_OPTIONS,
        );
        const { path, requestSerialize, responseDeserialize } = brokerServiceDefinition['session']!;
        const stream = this.#client.makeBidiStreamRequest(
          path,
          requestSerialize,
          responseDeserialize as never,
        ) as Stream;
        const broken = (): void => {
          if (this.#stream === stream) this.#stream = null;
        };
        stream.on('error', broken);
        stream.on('end', broken);
        this.#stream = stream;
        try {
          const wanted = { vm: this.vm, secret: this.#place.secret(this.vm), session: this.#session };
          const { attached } = await this.#exchange({ attach: wanted });
          this.attached = attached ?? {};
          if (this.#session.length > 0) this.resumes += 1;
          this.#session = this.attached.session ?? new Uint8Array();
          return 'attached';
        } catch (error) {
          if (readError(error as Error).reason === 'SESSION_UNKNOWN') return 'unknown';
          throw error;
        }
      },
      { every: PAUSE },
    );
    return outcome === 'attached';
  }

  /** Runs operations to their answers, however often the broker dies meanwhile. */
  async run(...operations: Operation[]): Promise<Answer[]> {
    const first = this.#number + 1;
    this.#number += operations.length;
    const commands: Command[] = operations.map((operation, index) => ({
      number: first + index,
      ...operation,
    }));
    for (;;) {
      try {
        const { batch } = await this.#exchange({ batch: { commands, acknowledged: this.#acknowledged } });
        this.#acknowledged = this.#number;
        return (batch?.replies ?? []).map(inWords);
      } catch {
        if (!(await this.connect())) throw new Error(`the session of ${this.vm} was lost`);
        if (countFromWire(this.attached.lastNumber) > this.#number)
          throw new Error('commands that nobody sent were executed');
      }
    }
  }

  async detach(): Promise<void> {
    for (;;) {
      try {
        await new Promise<void>((resolve, reject) => {
          const stream = this.#stream;
          if (stream === null) throw new Error('the stream broke before');
          stream.on('end', resolve);
          stream.on('error', reject);
          stream.write({ detach: {} });
        });
        break;
      } catch {
        // Given up before the broker died, or not: then again.
        if (!(await this.connect())) break;
      }
    }
    this.drop();
  }

  /** The memory of a handle; null when the token went with its broker. The caller closes it. */
  async memory(handle: MemoryHandle | null | undefined): Promise<Mapping | null> {
    try {
      const answer = await ask(this.#place.fdSocket, handle?.token ?? new Uint8Array(32));
      if (!(answer?.fd instanceof Fd)) return null;
      const mapping = Mapping.ofFile(
        answer.fd.number,
        countFromWire(handle?.fdOffset),
        countFromWire(handle?.size),
      );
      answer.fd.close();
      return mapping;
    } catch {
      return null;
    }
  }

  /** The window, wanted until it is there. */
  async window(): Promise<Mapping> {
    for (;;) {
      const window = await this.memory(this.attached.window);
      if (window !== null) return window;
      await this.connect();
    }
  }

  /** The connection vanishes without a word. */
  drop(): void {
    this.#stream?.on('error', () => undefined);
    this.#stream?.cancel();
    this.#client?.close();
  }

  #exchange(request: barkeep.v1.SessionRequest.$Properties): Promise<barkeep.v1.SessionResponse> {
    const stream = this.#stream;
    if (stream === null) return Promise.reject(new Error('the stream broke before'));
    return new Promise((resolve, reject) => {
      const ended = (error?: Error): void => reject(error ?? new Error('the stream ended'));
      stream.once('data', (response: barkeep.v1.SessionResponse) => {
        stream.off('end', ended);
        resolve(response);
      });
      stream.once('end', ended);
      stream.on('error', ended);
      stream.write(request);
    });
  }
}
