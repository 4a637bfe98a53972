// The back-end channel: this side asks, the VMM answers. It is the way to have memory mapped into the shared-memory window of the guest.
//
// Everything is asynchronous: while an answer is awaited, the main socket is served as ever. It has to be, because the VMM sends
// SET_MEM_TABLE there, and waits for our answer to it, before it gets round to answering us.
//
// An acknowledgement is not a barrier: QEMU acknowledges a mapping before its memory transaction is committed, and a guest that is told so
// at once may write into the void. So each batch ends with one more request whose answer can only come after the commit:
// SHARED_OBJECT_REMOVE of a uuid that nobody has; it is answered with failure, and that is fine.
//
// With a record (recovery/channel-record.ts) a successor of this process goes on with the channel: it first hears the answers that are due to its
// predecessor, up to that of a barrier of its own, and then knows what is mapped. What it is asked to do again, because the guest's command
// was never answered, and finds done, is not asked of the VMM a second time.
import { randomBytes } from 'node:crypto';
import { afterReading, type Deadline } from '../os/after-reading.ts';
import { faultPoint } from '../os/fault-point.ts';
import { closeAll, type Fd } from '../os/fd.ts';
import { duplicate } from '../os/memory.ts';
import {
  BACKEND_REQUESTS,
  type BackendRequestName,
  decodeStatus,
  describeBackendRequest,
  encodeBackendRequest,
} from '../wire/vhost-user.ts';
import { ChannelError, messageOf } from './errors.ts';
import type { Log } from './log.ts';
import { MessageStream, type StreamMessage } from './message-stream.ts';
import type { ChannelRecord, MappedRange, WindowRange } from './recovery/channel-record.ts';

/**
 * How long the VMM may be silent while an answer is due. The guest waits for it uninterruptibly, and an idle QEMU needs 0.1 to 5 ms; but its
 * main loop also stands still for a while when it starts or saves a snapshot. It is the silence that counts, not the time since a request was
 * sent: with hundreds of blobs mapped one by one QEMU takes 50 ms and more for each, and a batch of them seconds.
 */
export const DEFAULT_CHANNEL_TIMEOUT_MS = 5000;

export type { MappedRange, WindowRange } from './recovery/channel-record.ts';

/** `fd` stays the caller's; it may be closed as soon as the call returned (not only when its promise settled). */
export type WindowMapping = WindowRange & { readonly fd: Fd };

/** One result of a batch: null for success. */
export type ChannelResult = ChannelError | null;

type Pending = {
  readonly request: BackendRequestName;
  settle(status: number | ChannelError): void;
  /** What to ask for if a success comes after the time-out. */
  readonly undo: WindowRange | null;
  /** A predecessor may have sent it, or not. */
  readonly maybe: boolean;
  late: boolean;
};

export class BackendChannel {
  readonly #stream: MessageStream;
  readonly #log: Log;
  readonly #timeoutMs: number;
  readonly #record: ChannelRecord | null;
  /** The uuid of an object that nobody has, for barriers. */
  readonly #nobody = randomBytes(16);
  #pending: Pending[] = [];
  /** Runs while something is pending that has not timed out. */
  #silence: Deadline | null = null;
  /** Until everything that a predecessor asked for is answered; resolves with null, or with why that cannot be waited for. */
  #settled: Promise<ChannelResult> | null = null;

  /** Takes the socket over. Throws SystemError when it is none. `record`: see above; it is this socket's. */
  constructor(
    socket: Fd,
    options: { readonly log: Log; readonly timeoutMs?: number; readonly record?: ChannelRecord | null },
  ) {
    this.#log = options.log;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_CHANNEL_TIMEOUT_MS;
    this.#record = options.record ?? null;
    this.#stream = new MessageStream(socket, {
      ...(this.#record && { io: this.#record.io }),
      onMessage: (message) => this.#answered(message),
      onEnd: (error) => this.#ended(error),
    });
    this.#adopt();
  }

  get closed(): boolean {
    return this.#stream.closed;
  }

  /** Requests that have no answer yet. */
  get pending(): number {
    return this.#pending.length;
  }

  /**
   * What a predecessor had mapped and nobody here has asked for again, once that is known: the device compares it with its own books, and
   * unmaps what is not in them. Empty without a predecessor. Never rejects.
   */
  async inherited(): Promise<readonly MappedRange[]> {
    await this.#settled;
    return this.#record?.inherited ?? [];
  }

  /** Maps a piece of a file into the window; resolves once the guest can use it. Rejects with ChannelError. */
  async shmemMap(mapping: WindowMapping): Promise<void> {
    const [result] = await this.shmemMapAll([mapping]);
    if (result) throw result;
  }

  /** Takes away exactly what one earlier map put there; resolves once the guest cannot reach it any more. Rejects with ChannelError. */
  async shmemUnmap(range: WindowRange): Promise<void> {
    const [result] = await this.shmemUnmapAll([range]);
    if (result) throw result;
  }

  /** Several maps, in order, with one barrier behind them. Resolves with a result for each; never rejects. */
  shmemMapAll(mappings: readonly WindowMapping[]): Promise<readonly ChannelResult[]> {
    if (!this.#settled) return this.#mapAll(mappings);
    // The caller may close its descriptors when this returns.
    const kept = mappings.map((mapping) => ({ ...mapping, fd: duplicate(mapping.fd.number) }));
    const results = this.#whenSettled(kept, (all) => this.#mapAll(all));
    void results.then(() => closeAll(kept.map(({ fd }) => fd)));
    return results;
  }

  /** Several unmaps, in order, with one barrier behind them. Resolves with a result for each; never rejects. */
  shmemUnmapAll(ranges: readonly WindowRange[]): Promise<readonly ChannelResult[]> {
    if (this.#settled) return this.#whenSettled(ranges, (all) => this.#unmapAll(all));
    return this.#unmapAll(ranges);
  }

  /** The driver starts afresh: see ChannelRecord. */
  forget(epoch: number): void {
    this.#record?.forget(epoch);
  }

  /** A queue was stopped: see ChannelRecord. */
  doubt(): void {
    this.#record?.doubt();
  }

  /** Ends the channel; everything pending is rejected. Later calls do nothing. */
  close(): void {
    this.#stream.close();
    this.#failAll('CLOSED', 'the channel was closed');
  }

  #mapAll(mappings: readonly WindowMapping[]): Promise<readonly ChannelResult[]> {
    return this.#batch(
      mappings.map((mapping) => {
        const claim = this.#record?.claimMapped(mapping, mapping.fd.number) ?? null;
        if (claim === 'done') return Promise.resolve(0);
        if (claim === 'doubtful') void this.#ask('SHMEM_UNMAP', mapping, [], null);
        return this.#ask('SHMEM_MAP', mapping, [mapping.fd], mapping);
      }),
    );
  }

  #unmapAll(ranges: readonly WindowRange[]): Promise<readonly ChannelResult[]> {
    return this.#batch(
      ranges.map(async (range) => {
        const claim = this.#record?.claimUnmapped(range) ?? null;
        if (claim === 'done') return 0;
        const status = await this.#ask('SHMEM_UNMAP', range, [], null);
        // A predecessor was told that it is unmapped: that it is not mapped any more is no failure.
        const isDone = claim === 'doubtful' && status instanceof ChannelError && status.code === 'REFUSED';
        return isDone ? 0 : status;
      }),
    );
  }

  /** Takes the predecessor's requests over, and sends the fence that tells whether the last of them was sent. */
  #adopt(): void {
    const unanswered = this.#record?.unanswered ?? [];
    if (unanswered.length === 0) return;
    // An answer may have been taken from the socket already.
    setImmediate(() => this.#stream.poll());
    for (const { request, maybe } of unanswered) {
      this.#pending.push({
        request: nameOf(request),
        undo: null,
        maybe,
        late: false,
        settle: () => {},
      });
    }
    const fence = this.#ask('SHARED_OBJECT_REMOVE', this.#nobody, [], null).then(asResult);
    this.#settled = fence;
    void fence.then(() => {
      faultPoint('channel.fenced');
      this.#settled = null;
    });
  }

  async #whenSettled<T>(
    all: readonly T[],
    work: (all: readonly T[]) => Promise<readonly ChannelResult[]>,
  ): Promise<readonly ChannelResult[]> {
    const problem = (await this.#settled) ?? null;
    return problem === null ? work(all) : all.map(() => problem);
  }

  async #batch(requests: readonly Promise<number | ChannelError>[]): Promise<readonly ChannelResult[]> {
    if (requests.length === 0) return [];
    // Sent in the same breath, behind the requests; answers come in order, so it is the last to arrive.
    const barrier = this.#ask('SHARED_OBJECT_REMOVE', this.#nobody, [], null);
    const results = (await Promise.all(requests)).map(asResult);
    const committed = await barrier;
    if (committed instanceof ChannelError) return results.map((result) => result ?? committed);
    return results;
  }

  #ask(
    name: 'SHMEM_MAP' | 'SHMEM_UNMAP' | 'SHARED_OBJECT_REMOVE',
    body: WindowRange | Buffer,
    fds: readonly Fd[],
    undo: WindowRange | null,
  ): Promise<number | ChannelError> {
    if (this.#stream.closed) {
      return Promise.resolve(new ChannelError('CLOSED', `${name}: the back-end channel is closed`));
    }
    return new Promise((resolve) => {
      this.#pending.push({ request: name, undo, maybe: false, late: false, settle: resolve });
      this.#silence ??= afterReading(this.#timeoutMs, () => this.#timeOut());
      this.#stream.send(encodeBackendRequest(name, body as never, { needReply: true }), fds);
    });
  }

  /** The VMM has been silent for too long: whoever waits is told so. Answers may still come. */
  #timeOut(): void {
    this.#silence = null;
    const due = this.#pending.filter(({ late }) => !late);
    this.#log.error(
      { request: due[0]?.request, requests: due.length, timeoutMs: this.#timeoutMs },
      'the VMM does not answer',
    );
    for (const pending of due) {
      pending.late = true;
      const problem = `${pending.request}: the VMM did not answer within ${this.#timeoutMs} ms`;
      pending.settle(new ChannelError('TIMEOUT', problem));
    }
  }

  /** An answer has come: the time for the next one counts from now. */
  #heard(): void {
    if (!this.#silence) return;
    if (this.#pending.at(-1)?.late === false) this.#silence.refresh();
    else this.#listenNoMore();
  }

  #listenNoMore(): void {
    this.#silence?.cancel();
    this.#silence = null;
  }

  #answered({ header, payload, fds }: StreamMessage): void {
    closeAll(fds);
    const [first, second] = this.#pending;
    // A request that a predecessor may have sent, and did not: this is the answer to the one behind it.
    const skipped =
      first?.maybe === true &&
      second !== undefined &&
      header.request !== BACKEND_REQUESTS[first.request].number;
    if (skipped) this.#pending.shift();
    const pending = this.#pending.shift();
    if (
      !pending ||
      this.#record?.isDue === false ||
      !header.reply ||
      header.request !== BACKEND_REQUESTS[pending.request].number
    ) {
      if (pending) this.#pending.unshift(pending);
      this.#fail(
        `${describeBackendRequest(header.request)} came${header.reply ? ' as a reply' : ''}, ` +
          `${pending ? `a reply to ${pending.request} was due` : 'nothing was due'}`,
      );
      return;
    }
    this.#heard();
    let status: number | ChannelError;
    try {
      const answer = decodeStatus(header.request, payload);
      this.#record?.settle(answer === 0 ? 0 : 1, skipped);
      // The barrier is answered with failure on purpose: any answer will do.
      const isDone = answer === 0 || pending.request === 'SHARED_OBJECT_REMOVE';
      status = isDone ? 0 : new ChannelError('REFUSED', `${pending.request}: the VMM answered ${answer}`);
    } catch (error) {
      this.#pending.unshift(pending);
      this.#fail(messageOf(error));
      return;
    }
    if (pending.late && pending.undo && status === 0) {
      this.#log.warn(
        { request: pending.request },
        'a mapping came after its time-out and is taken away again',
      );
      void this.shmemUnmapAll([pending.undo]);
    }
    pending.settle(status);
  }

  #fail(problem: string): void {
    this.#log.error(
      { problem },
      'the VMM broke the protocol of the back-end channel; no more memory can be mapped',
    );
    this.#stream.close();
    this.#failAll('BROKEN', problem);
  }

  #ended(error: unknown): void {
    const problem = error === null ? 'the VMM closed the back-end channel' : messageOf(error);
    // A VMM that ends closes it a moment before its own socket: that is the ordinary way.
    this.#log[error === null ? 'info' : 'warn'](
      { problem },
      'the back-end channel ended; no more memory can be mapped',
    );
    this.#failAll(error === null ? 'CLOSED' : 'BROKEN', problem);
  }

  #failAll(code: 'CLOSED' | 'BROKEN', problem: string): void {
    const pending = this.#pending;
    this.#pending = [];
    this.#listenNoMore();
    for (const { settle, request } of pending) {
      settle(new ChannelError(code, `${request}: ${problem}`));
    }
  }
}

/** A record holds only what this class asks for. */
function nameOf(request: number): BackendRequestName {
  if (request === BACKEND_REQUESTS.SHMEM_MAP.number) return 'SHMEM_MAP';
  return request === BACKEND_REQUESTS.SHMEM_UNMAP.number ? 'SHMEM_UNMAP' : 'SHARED_OBJECT_REMOVE';
}

function asResult(status: number | ChannelError): ChannelResult {
  return status instanceof ChannelError ? status : null;
}
