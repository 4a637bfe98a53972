// Memory of their own for blobs that cannot lie in the window (huge pages, files): the broker makes it, before its blob is made, and hands it over. It
// is kept open as long as its blob lives.
//
//   ask()   number n recorded, and sent --> made --> fetched: here --> in a blob
//              '---- refused, too late, a reset ------------------------> n is settled: what comes of it later is not fetched, and the broker
//                                                                         gives it back when it is told (AccountsTeller)
//   want()  a successor has the numbers of its predecessor's blobs, and asks for the same memory again
//
// What was asked and is not here is asked again whenever the session goes on: the same number is the same memory.
import { afterReading } from '../../lib/os/after-reading.ts';
import type { Fd } from '../../lib/os/fd.ts';
import type { barkeep } from '../../lib/rpc/gen/barkeep.js';
import { reasonName } from '../../lib/rpc/status-error.ts';
import { countFromWire, toWire } from '../../lib/rpc/u64.ts';
import type { Log } from '../../lib/vhost-user/device.ts';
import { messageOf } from '../../lib/vhost-user/errors.ts';
import { type FileIdentity, fileIdentity } from '../../lib/vhost-user/guest-memory.ts';
import {
  handleOf,
  MEMORY_FAILED,
  type MemoryHandle,
  type Result,
  SESSION_LOST,
  TIMED_OUT,
} from '../operation.ts';

/** Memory that was made and cannot be fetched is asked for again after so many milliseconds. */
const FETCH_PAUSE = 50;

/** A blob's own memory. The descriptor is that of BlobMemories. */
export type BlobMemory = {
  readonly number: number;
  readonly fd: Fd;
  readonly file: FileIdentity;
  /** Where it begins in the file, and how long it is; bytes. */
  readonly fdOffset: number;
  readonly size: number;
};

export type BlobMemoriesOptions = {
  /** Sends a request behind everything that is to be told before it. Without effect while there is no broker. */
  readonly send: (request: barkeep.v1.MemoryRequest.$Properties) => void;
  /** Redeems a token; the caller owns the descriptor. */
  readonly fetch: (handle: MemoryHandle) => Promise<Fd>;
  /** Milliseconds that a command of the guest waits at most. */
  readonly answerTimeout: number;
  readonly log: Log;
};

export type Wanted = { readonly number: number; readonly heap: string; readonly size: number };

type Request = Wanted & { readonly done: Set<(result: BlobMemory | Result) => void> };

export class BlobMemories {
  readonly #options: BlobMemoriesOptions;
  readonly #here = new Map<number, BlobMemory>();
  /** Asked for, and not here, by number. */
  readonly #asked = new Map<number, Request>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** performance.now() when a command had waited in vain, for as long as the broker has not answered anything since; -1 otherwise. */
  #gaveUpAt = -1;

  constructor(options: BlobMemoriesOptions) {
    this.#options = options;
  }

  /** Null while it is not here. */
  of(number: number): BlobMemory | null {
    return this.#here.get(number) ?? null;
  }

  /** Every file that the VMM may be shown. */
  get files(): Iterable<FileIdentity> {
    return [...this.#here.values()].map(({ file }) => file);
  }

  /**
   * Asks for memory that was never asked for. Resolves with it, or with what the command is answered; then it is asked for no more. `since`:
   * performance.now() from which the guest waits: who stood behind a command that waited in vain has waited with it. Never rejects.
   */
  async ask(wanted: Wanted, since: number): Promise<BlobMemory | Result> {
    if (since <= this.#gaveUpAt) return TIMED_OUT;
    this.want(wanted);
    this.#send(wanted);
    const result = await this.ready(wanted.number);
    if ('kind' in result) this.#asked.delete(wanted.number);
    if (result === TIMED_OUT) this.#gaveUpAt = performance.now();
    return result;
  }

  /** Memory that a blob has: from attached() on it is asked for until it is here, or released. */
  want({ number, heap, size }: Wanted): void {
    this.#asked.set(number, { number, heap, size, done: new Set() });
  }

  /** Waits for memory that was asked for. Never rejects. */
  async ready(number: number): Promise<BlobMemory | Result> {
    const here = this.#here.get(number);
    if (here) return here;
    const request = this.#asked.get(number);
    if (!request) return MEMORY_FAILED;
    return await new Promise((resolve) => {
      const done = (result: BlobMemory | Result): void => {
        limit.cancel();
        request.done.delete(done);
        resolve(result);
      };
      const limit = afterReading(this.#options.answerTimeout, () => done(TIMED_OUT));
      request.done.add(done);
    });
  }

  /** The session goes on, or began. */
  attached(): void {
    this.#gaveUpAt = -1;
    for (const request of this.#asked.values()) this.#send(request);
  }

  /** The answer to a request; to one that nobody waits for any more it is of no use. */
  answered({ number: wire, memory, error }: barkeep.v1.Memory.$Properties): void {
    this.#gaveUpAt = -1;
    const number = countFromWire(wire);
    const request = this.#asked.get(number);
    if (!request) return;
    if (memory) {
      void this.#fetch(request, handleOf(memory));
      return;
    }
    this.#asked.delete(number);
    finish(request, { kind: 'refused', reason: reasonName(error?.reason), message: error?.message ?? '' });
  }

  /** No blob has it any more. */
  release(number: number): void {
    this.#asked.delete(number);
    this.#here.get(number)?.fd.close();
    this.#here.delete(number);
  }

  /** No blob is left, and nobody waits for one. */
  reset(): void {
    const asked = [...this.#asked.values()];
    for (const number of [...this.#here.keys(), ...this.#asked.keys()]) this.release(number);
    for (const request of asked) finish(request, SESSION_LOST);
  }

  close(): void {
    this.reset();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #send({ number, heap, size }: Wanted): void {
    this.#options.send({ number, heap, size: toWire(size) });
  }

  async #fetch(request: Request, handle: MemoryHandle): Promise<void> {
    const { number } = request;
    let fd: Fd;
    try {
      fd = await this.#options.fetch(handle);
    } catch (error) {
      // A broker that dies takes its tokens along: its successor gives others.
      this.#options.log.debug({ number, problem: messageOf(error) }, "a blob's memory is asked for again");
      this.#sendLater(request);
      return;
    }
    if (this.#asked.get(number) !== request) {
      fd.close();
      return;
    }
    this.#asked.delete(number);
    const memory = {
      number,
      fd,
      file: fileIdentity(fd.number),
      fdOffset: handle.fdOffset,
      size: handle.size,
    };
    this.#here.set(number, memory);
    finish(request, memory);
  }

  #sendLater(request: Request): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (this.#asked.get(request.number) === request) this.#send(request);
    }, FETCH_PAUSE);
    this.#timers.add(timer);
  }
}

function finish({ done }: Request, result: BlobMemory | Result): void {
  for (const one of [...done]) one(result);
}
