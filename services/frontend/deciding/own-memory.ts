// The memory of the frontend's own VM: its window, and one sparse file beside it for the bytes of blobs that had to leave their place there.
// Both stay open for others; what is done to the bytes of blobs is done here alone while the VM is attached.
import { Extents } from '../../lib/domain/extents.ts';
import type { Extent } from '../../lib/domain/range-tree.ts';
import { FreedRanges } from '../../lib/memory/freed-ranges.ts';
import { copyRange, zeroRange, zeroRangeInline, zeroRangeInPlace } from '../../lib/memory/ranges.ts';
import type { Fd } from '../../lib/os/fd.ts';
import { createMemfd, nextData, PAGE_SIZE, populate, populateAsync } from '../../lib/os/memory.ts';

/** Bytes of the file for stashes: holes take no memory, and it never has more in it than the VM may have in blobs. */
export const STASH_FILE_BYTES = 2 ** 46;

/** A new one; the caller owns the descriptor. Throws SystemError. */
export function createStashFile(): Fd {
  return createMemfd('barkeep-stash', STASH_FILE_BYTES);
}

export class OwnMemory {
  readonly #window: number;
  readonly #size: number;
  readonly #stashFile: number;
  #extents = new Extents(STASH_FILE_BYTES, PAGE_SIZE);
  readonly #stashes = new Map<number, Extent>();
  readonly #freed: FreedRanges;
  /** Counts forgetStashes(): what was begun before one is not in these books. */
  #generation = 0;

  /** Borrowed descriptors: the window's, which has `size` bytes, and a file of STASH_FILE_BYTES. */
  constructor(window: number, size: number, stashFile: number) {
    this.#window = window;
    this.#size = size;
    this.#stashFile = stashFile;
    this.#freed = new FreedRanges((offset, length) => zeroRangeInline(window, offset, length));
  }

  /** Bytes of the window that belong to no blob any more, and may have pages for a moment. */
  get freedBytes(): number {
    return this.#freed.bytes;
  }

  /** Zeroes a range: in place when it was freed just now, otherwise its pages are given back. */
  zeroInline(offset: number, length: number): void {
    if (this.#freed.take(offset, length)) zeroRangeInPlace(this.#window, offset, length);
    else zeroRangeInline(this.#window, offset, length);
  }

  async zero(offset: number, length: number): Promise<void> {
    this.#freed.take(offset, length);
    await zeroRange(this.#window, offset, length);
  }

  /** Nobody needs a range any more. Its pages are given back within a moment, see FreedRanges. */
  freeInline(offset: number, length: number): void {
    if (!this.#freed.keep(offset, length)) zeroRangeInline(this.#window, offset, length);
  }

  /** Whatever was freed has given its pages back. */
  giveBack(): void {
    this.#freed.flush();
  }

  /** Nothing is done to the window any more by itself. */
  close(): void {
    this.#freed.forget();
  }

  /** All of the window, and of the stash. */
  async erase(): Promise<void> {
    this.#freed.forget();
    await zeroRange(this.#window, 0, this.#size);
    await zeroRange(this.#stashFile, 0, STASH_FILE_BYTES);
  }

  /** Gives a range its pages. Throws SystemError when there is no memory for them. */
  populateInline(offset: number, length: number): void {
    try {
      populate(this.#window, offset, length);
    } catch (error) {
      if (this.#freed.bytes === 0) throw error;
      this.#freed.flush();
      populate(this.#window, offset, length);
    }
  }

  async populate(offset: number, length: number): Promise<void> {
    this.#freed.flush();
    await populateAsync(this.#window, offset, length);
  }

  /** Where a blob's bytes lie in the stash file; null when they do not. */
  stashOffset(resource: number): number | null {
    return this.#stashes.get(resource)?.offset ?? null;
  }

  /** A predecessor has put a blob's bytes there. Throws Error when it cannot be. */
  adoptStash(resource: number, offset: number, length: number): void {
    if (this.#stashes.has(resource) || !this.#extents.occupy(offset, length)) {
      throw new Error(`the bytes of blob ${resource} cannot lie at ${offset} of the stash, where others do`);
    }
    this.#stashes.set(resource, { offset, length });
  }

  /** Zeroes what a predecessor left in the stash that was not adopted: it died before that was recorded, or after that was over. */
  dropStrayStashes(): void {
    const known = [...this.#stashes.values()].sort((one, other) => one.offset - other.offset);
    let from = 0;
    for (const { offset, length } of [...known, { offset: STASH_FILE_BYTES, length: 0 }]) {
      if (offset > from) zeroRangeInline(this.#stashFile, from, offset - from);
      from = offset + length;
    }
  }

  /** No blob has bytes in the stash any more; erase() follows. */
  forgetStashes(): void {
    this.#extents = new Extents(STASH_FILE_BYTES, PAGE_SIZE);
    this.#stashes.clear();
    this.#generation += 1;
  }

  /** Copies a range of the window aside. Resolves with where it lies; when it rejects, nothing has changed. */
  async stash(resource: number, offset: number, length: number): Promise<number> {
    const generation = this.#generation;
    const at = this.#extents.allocate(length);
    if (at === null) throw new Error('the stash has no room for the bytes of a blob that has to move');
    try {
      await copyRange(this.#window, offset, this.#stashFile, at, length);
    } catch (error) {
      if (generation === this.#generation) this.#free({ offset: at, length });
      throw error;
    }
    if (generation === this.#generation) this.#stashes.set(resource, { offset: at, length });
    return at;
  }

  /** Copies a blob's bytes back to a range that reads as zero. They stay in the stash until dropStash(). */
  async restore(resource: number, offset: number, length: number): Promise<void> {
    const stash = this.#stashes.get(resource);
    if (stash === undefined)
      throw new Error(`resource ${resource} was to be moved back, but has no bytes in the stash`);
    await copyRange(this.#stashFile, stash.offset, this.#window, offset, Math.min(length, stash.length));
  }

  /** Drops a blob's bytes; without any it does nothing. */
  dropStash(resource: number): void {
    const stash = this.#stashes.get(resource);
    if (stash === undefined) return;
    this.#stashes.delete(resource);
    this.#free(stash);
  }

  /** The next run of touched pages of the window at or after `from`, or null. What was freed has none any more. */
  nextData(from: number): Extent | null {
    this.#freed.flush();
    return nextData(this.#window, from, this.#size);
  }

  #free({ offset, length }: Extent): void {
    zeroRangeInline(this.#stashFile, offset, length);
    this.#extents.release(offset);
  }
}
