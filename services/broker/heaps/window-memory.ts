// The memory of one VM's window in window placement: a sealed sparse memfd of the window's size, and a side store (one memfd for each) for
// blobs whose range was needed by another.
//
// Bytes are copied with read and write, never through a mapping: to read a hole through a mapping would give it a page.
import { read, readSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Fd } from '../../lib/os/fd.ts';
import {
  createMemfd,
  type Extent,
  Mapping,
  nextData,
  populate,
  populateAsync,
  punchHole,
  punchHoleAsync,
} from '../../lib/os/memory.ts';
import { INLINE_BYTES } from './backing.ts';
import type { DescriptorBudget } from './descriptor-budget.ts';

const PIECE = 1024 * 1024;
const readAsync = promisify(read);
const writeAsync = promisify(write);
/** For copies that are done in line: these never overlap. */
let inlinePiece: Buffer | null = null;

type Stash = { readonly fd: Fd; readonly length: number };

/** Functions that may be large work return a promise then, and null when they are done already. All throw or reject SystemError. */
export class WindowMemory {
  readonly size: number;
  readonly #fd: Fd;
  readonly #budget: DescriptorBudget;
  readonly #stashes = new Map<number, Stash>();

  /** @param size bytes, whole pages. Throws SystemError. */
  constructor(vm: string, size: number, budget: DescriptorBudget) {
    this.size = size;
    this.#budget = budget;
    this.#fd = createMemfd(`barkeep-window:${vm}`, size);
  }

  /** Borrowed. */
  get fd(): number {
    return this.#fd.number;
  }

  get open(): boolean {
    return this.#fd.open;
  }

  /** Stashed blobs. */
  get stashes(): number {
    return this.#stashes.size;
  }

  /** The side store of a blob, borrowed; null when it has none. */
  stashOf(resource: number): { readonly fd: number; readonly fileSize: number } | null {
    const stash = this.#stashes.get(resource);
    return stash === undefined ? null : { fd: stash.fd.number, fileSize: stash.length };
  }

  /** Zeroes a range and gives its pages back, in line whatever its size. */
  zeroInline(offset: number, length: number): void {
    try {
      punchHole(this.fd, offset, length);
    } catch {
      this.#overwrite(offset, length);
    }
  }

  zero(offset: number, length: number): Promise<void> | null {
    if (length > INLINE_BYTES) {
      return punchHoleAsync(this.fd, offset, length).catch(() => this.#overwrite(offset, length));
    }
    this.zeroInline(offset, length);
    return null;
  }

  /** Gives a range its pages. Throws when there is no memory for them. */
  populate(offset: number, length: number): Promise<void> | null {
    if (length > INLINE_BYTES) return populateAsync(this.fd, offset, length);
    populate(this.fd, offset, length);
    return null;
  }

  /** Copies a range to the side store, then zeroes it. When it fails the range is as it was. */
  stash(resource: number, offset: number, length: number): Promise<void> | null {
    if (!this.#budget.take())
      throw new Error('no descriptor is left for the bytes of a blob that has to move');
    let fd: Fd;
    try {
      fd = createMemfd('barkeep-stash', length);
    } catch (error) {
      this.#budget.give();
      throw error;
    }
    const stash = { fd, length };
    const fail = (error: unknown): never => {
      this.#closeStash(stash);
      throw error;
    };
    if (length > INLINE_BYTES) {
      return copyAsync(this.fd, offset, fd.number, 0, length)
        .then(() => punchHoleAsync(this.fd, offset, length))
        .then(() => {
          this.#stashes.set(resource, stash);
        }, fail);
    }
    try {
      copy(this.fd, offset, fd.number, 0, length);
      this.zeroInline(offset, length);
    } catch (error) {
      fail(error);
    }
    this.#stashes.set(resource, stash);
    return null;
  }

  /** Copies a blob's bytes back to a range that reads as zero, then drops them. When it fails the side store is as it was. */
  restore(resource: number, offset: number, length: number): Promise<void> | null {
    const stash = this.#stashes.get(resource);
    if (stash === undefined)
      throw new Error(`resource ${resource} was to be moved back, but has no bytes in the side store`);
    const bytes = Math.min(length, stash.length);
    if (bytes > INLINE_BYTES) {
      return copyAsync(stash.fd.number, 0, this.fd, offset, bytes).then(
        () => this.dropStash(resource) ?? undefined,
      );
    }
    copy(stash.fd.number, 0, this.fd, offset, bytes);
    return this.dropStash(resource);
  }

  /** Drops a blob's bytes; without any it does nothing. */
  dropStash(resource: number): Promise<void> | null {
    const stash = this.#stashes.get(resource);
    if (stash === undefined) return null;
    this.#stashes.delete(resource);
    if (stash.length <= INLINE_BYTES) {
      this.#closeStash(stash);
      return null;
    }
    // close() would free the pages in line.
    return punchHoleAsync(stash.fd.number, 0, stash.length).finally(() => this.#closeStash(stash));
  }

  /** The next run of touched pages at or after `from`, or null. */
  nextData(from: number): Extent | null {
    return nextData(this.fd, from, this.size);
  }

  /** Closes every descriptor. Memory that a VMM has mapped stays as it is: zero() it before, when it shall go. Later calls do nothing. */
  close(): void {
    for (const stash of this.#stashes.values()) this.#closeStash(stash);
    this.#stashes.clear();
    this.#fd.close();
  }

  #closeStash(stash: Stash): void {
    stash.fd.close();
    this.#budget.give();
  }

  /** For when punching failed (no memory for the kernel's own work): the bytes must not stay whatever it costs. */
  #overwrite(offset: number, length: number): void {
    for (let at = offset; at < offset + length; ) {
      const data = nextData(this.fd, at, offset + length);
      if (data === null) return;
      const piece = Math.min(data.length, PIECE);
      const mapping = Mapping.ofFile(this.fd, data.offset, piece);
      mapping.bytes(0, piece).fill(0);
      mapping.close();
      at = data.offset + piece;
    }
  }
}

/** Copies what has data; holes stay holes. */
function copy(from: number, fromOffset: number, to: number, toOffset: number, length: number): void {
  inlinePiece ??= Buffer.allocUnsafeSlow(PIECE);
  const end = fromOffset + length;
  for (let data = nextData(from, fromOffset, end); data !== null; ) {
    const piece = Math.min(data.length, PIECE);
    const count = readSync(from, inlinePiece, 0, piece, data.offset);
    writeAll(to, inlinePiece, count, toOffset + (data.offset - fromOffset));
    data = nextData(from, data.offset + piece, end);
  }
}

function writeAll(to: number, bytes: Buffer, length: number, offset: number): void {
  for (let done = 0; done < length; ) done += writeSync(to, bytes, done, length - done, offset + done);
}

async function copyAsync(
  from: number,
  fromOffset: number,
  to: number,
  toOffset: number,
  length: number,
): Promise<void> {
  const bytes = Buffer.allocUnsafeSlow(PIECE);
  const end = fromOffset + length;
  for (let data = nextData(from, fromOffset, end); data !== null; ) {
    const piece = Math.min(data.length, PIECE);
    const { bytesRead } = await readAsync(from, bytes, 0, piece, data.offset);
    const offset = toOffset + (data.offset - fromOffset);
    for (let done = 0; done < bytesRead; ) {
      const { bytesWritten } = await writeAsync(to, bytes, done, bytesRead - done, offset + done);
      done += bytesWritten;
    }
    data = nextData(from, data.offset + piece, end);
  }
}
