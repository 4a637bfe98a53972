// A broker for tests of the frontend: a real gRPC server on a Unix socket, whose Session behaves as the test says. By default it keeps the
// rules of the contract: numbers, remembered answers, resume by session id.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import type { Fd } from '../../services/lib/os/fd.ts';
import { createMemfd } from '../../services/lib/os/memory.ts';
import { Poller } from '../../services/lib/os/poll.ts';
import { accept, listen, receive, send } from '../../services/lib/os/socket.ts';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { brokerServiceDefinition } from '../../services/lib/rpc/service-definition.ts';
import { StatusError } from '../../services/lib/rpc/status-error.ts';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { type RunPaths, runDirectoryPaths } from '../../services/lib/runtime/run-directory.ts';

type Request = barkeep.v1.SessionRequest.$Properties;
type Response = barkeep.v1.SessionResponse.$Properties;
type Stream = ServerDuplexStream<Request, Response>;
type Command = barkeep.v1.Command.$Properties;
type Reply = barkeep.v1.CommandReply.$Properties;

const { PLACEMENT_WINDOW } = barkeep.v1.Placement;
const { BACKING_MEMFD } = barkeep.v1.Backing;
const { CACHE_TYPE_CACHED } = barkeep.v1.CacheType;

/** A temporary run directory with the secret of a VM in it. */
export function makeRunDirectory(vm: string): { readonly paths: RunPaths; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-frontend-'));
  const paths = runDirectoryPaths(directory);
  mkdirSync(paths.vmDirectory(vm), { recursive: true });
  writeFileSync(paths.vmSecret(vm), `${'ab'.repeat(32)}\n`);
  return { paths, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

export class FakeBroker {
  readonly #server = new Server();
  /** Of the fd channel, in the order in which they are closed. */
  #parts: { close(): void }[] = [];
  readonly attaches: barkeep.v1.Attach.$Properties[] = [];
  readonly batches: Command[][] = [];
  readonly acknowledged: number[] = [];
  readonly grantRequests: barkeep.v1.GrantRequest.$Properties[] = [];
  readonly statistics: barkeep.v1.FrontendStatistics.$Properties[] = [];
  readonly streams: Stream[] = [];
  detaches = 0;
  session = randomBytes(16);
  lastNumber = 0;
  generation = 1;
  /** What was executed, once each: the books of this broker. */
  readonly executed: Command[] = [];
  readonly #answers = new Map<number, Reply>();
  /** Answers of the test's own; null for the default. */
  answer: (command: Command) => Reply | null = () => null;
  /** Batches are taken and executed, and not answered, or not before answerAll(). */
  isSilent = false;
  readonly #owed: (() => void)[] = [];
  /** Attachments are never answered. */
  ignoresAttach = false;
  refuseAttach: ((attach: barkeep.v1.Attach.$Properties) => StatusError | null) | null = null;
  attached: barkeep.v1.Attached.$Properties = {
    placement: PLACEMENT_WINDOW,
    windowSize: 1 << 30,
    knowsGrants: true,
    grant: {},
    rules: {
      defaultHeap: 'ram',
      heaps: [{ name: 'ram', backing: BACKING_MEMFD, cache: CACHE_TYPE_CACHED, granule: 4096 }],
    },
  };

  async listen(path: string): Promise<void> {
    this.#server.addService(brokerServiceDefinition, {
      session: (stream: Stream) => this.#serve(stream),
      attachVm: () => {},
      detachVm: () => {},
      createBlob: () => {},
      mapBlob: () => {},
      unmapBlob: () => {},
      destroyBlob: () => {},
      resetVm: () => {},
    } as never);
    await new Promise<void>((resolve, reject) => {
      this.#server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  /** Ends at once, as a broker that is killed. */
  kill(): void {
    this.#server.forceShutdown();
    for (const part of this.#parts) part.close();
    this.#parts = [];
  }

  /** Forgets everything, as a broker that was restarted. */
  forget(): void {
    this.session = randomBytes(16);
    this.lastNumber = 0;
    this.#answers.clear();
  }

  /**
   * Serves the fd channel, too: whatever is asked for there, the memory of a window of so many bytes is handed over. Until kill().
   */
  shareWindow(path: string, size: number): void {
    const window = createMemfd('fake-window', size);
    const socket = listen(path, 'seqpacket');
    const parts: { close(): void }[] = [window, socket];
    const serve = (connection: Fd): void => {
      for (let message = receive(connection.number, 64); message; message = receive(connection.number, 64)) {
        if (message.data.length === 0) return;
        send(connection.number, Buffer.alloc(16), [window.number]);
      }
    };
    parts.unshift(
      new Poller(socket.number, () => {
        const connection = accept(socket.number);
        if (connection) parts.unshift(new Poller(connection.number, () => serve(connection)), connection);
      }),
    );
    this.attached = { ...this.attached, windowSize: size, window: { token: randomBytes(32), size } };
    this.#parts = parts;
  }

  /** The books of a killed one, for its successor. */
  adopt(other: FakeBroker): void {
    this.session = other.session;
    this.lastNumber = other.lastNumber;
    for (const [number, reply] of other.#answers) this.#answers.set(number, reply);
  }

  #serve(stream: Stream): void {
    this.streams.push(stream);
    stream.on('error', () => {});
    stream.on('data', (request: Request) => {
      if (request.attach) this.#attach(stream, request.attach);
      if (request.batch) this.#batch(stream, request.batch);
      if (request.grantRequest) this.grantRequests.push(request.grantRequest);
      if (request.statistics) this.statistics.push(request.statistics);
      if (request.detach) {
        this.detaches += 1;
        stream.end();
      }
    });
  }

  #attach(stream: Stream, attach: barkeep.v1.Attach.$Properties): void {
    this.attaches.push(attach);
    if (this.ignoresAttach) return;
    const asked = Buffer.from(attach.session ?? []);
    const isResume = asked.length > 0;
    const isKnown = asked.equals(this.session);
    const refusal =
      this.refuseAttach?.(attach) ??
      (isResume && !isKnown ? new StatusError('SESSION_UNKNOWN', 'no such session') : null);
    if (refusal) {
      stream.emit('error', refusal);
      return;
    }
    if (!isResume) this.forget();
    stream.write({
      attached: {
        ...this.attached,
        session: this.session,
        resumed: isResume,
        lastNumber: this.lastNumber,
        generation: this.generation,
        brokerVersion: 'test',
      },
    });
  }

  #batch(stream: Stream, batch: barkeep.v1.Batch.$Properties): void {
    const commands = (batch.commands ?? []) as Command[];
    this.batches.push(commands);
    this.acknowledged.push(countFromWire(batch.acknowledged));
    const replies = commands.map((command) => this.#execute(command));
    const reply = (): void => void stream.write({ batch: { replies } });
    if (this.isSilent) this.#owed.push(reply);
    else reply();
  }

  /** The answers that it kept to itself. */
  answerAll(): void {
    for (const reply of this.#owed.splice(0)) reply();
  }

  #execute(command: Command): Reply {
    const number = countFromWire(command.number);
    const remembered = this.#answers.get(number);
    if (remembered) return remembered;
    if (number !== this.lastNumber + 1) {
      return {
        number,
        error: { reason: barkeep.v1.Reason.REASON_NUMBER_GAP, message: `after ${this.lastNumber}` },
      };
    }
    this.lastNumber = number;
    this.executed.push(command);
    const reply = this.answer(command) ?? this.#defaultAnswer(command, number);
    this.#answers.set(number, { ...reply, number });
    return { ...reply, number };
  }

  #defaultAnswer(command: Command, number: number): Reply {
    if (command.map) return { number, mapped: { cache: CACHE_TYPE_CACHED, size: 4096 } };
    if (!command.reset) return { number, done: {} };
    this.generation += 1;
    return { number, done: { generation: this.generation } };
  }
}
