// The memory of the frontend's own VM: its window, and one sparse file beside it for the bytes of blobs that had to leave their place there.
// Both stay open for others; what is done to the bytes of blobs is done here alone while the VM is attached.
//
// What takes longer than a moment is done by threads of the pool, one job at a time: however much one guest asks for, those of other VMs in this
// process find a thread. Such a job knows a file by its number; so the numbers are this object's own, and are given up when the last job is done.
import { Extents } from '../../lib/domain/extents.ts';
import type { Extent } from '../../lib/domain/range-tree.ts';
import { FreedRanges } from '../../lib/memory/freed-ranges.ts';
import { copyRange, zeroRange, zeroRangeInline, zeroRangeInPlace } from '../../lib/memory/ranges.ts';
import type { Fd } from '../../lib/os/fd.ts';
import { createMemfd, duplicate, nextData, PAGE_SIZE, populate, populateAsync } from '../../lib/os/memory.ts';

/** Bytes of the file for stashes: holes take no memory, and it never has more in it than the VM may have in blobs. */
export const STASH_FILE_BYTES = 2 ** 46;

/**
 * Work on at most so many bytes is done in line. To zero a range and to give it its pages is work on twice its size: blobs of 2 MiB are made ready
 * within about 0.7 ms, and what is larger does not miss the 0.1 ms that the way to the pool and back takes.
 */
export const MOST_INLINE_BYTES = 4 * 1024 * 1024;

/** A new one; the caller owns the descriptor. Throws SystemError. */
export function createStashFile(): Fd {
  return createMemfd('barkeep-stash', STASH_FILE_BYTES);
}

export class OwnMemory {
  readonly #files: { readonly window: Fd; readonly stash: Fd };
  readonly #window: number;
  readonly #size: number;
  readonly #stashFile: number;
  #extents = new Extents(STASH_FILE_BYTES, PAGE_SIZE);
  readonly #stashes = new Map<number, Extent>();
  readonly #freed: FreedRanges;
  /** Counts forgetStashes(): what was begun before one is not in these books. */
  #generation = 0;
  /** Settled when no job is under way. Never rejects. */
  #jobs: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  /** Of the window, which has `size` bytes, and a file of STASH_FILE_BYTES; both are duplicated. Throws SystemError. */
  constructor(window: number, size: number, stashFile: number) {
    this.#files = { window: duplicate(window), stash: duplicate(stashFile) };
    this.#window = this.#files.window.number;
    this.#size = size;
    this.#stashFile = this.#files.stash.number;
    this.#freed = new FreedRanges((offset, length) => zeroRangeInline(this.#window, offset, length));
  }

  /** What is under way is finished; what is asked of it later is not done, and rejects. What was freed just now keeps its pages. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#freed.forget();
    void this.#jobs.then(() => {
      this.#files.window.close();
      this.#files.stash.close();
    });
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
    await this.#inTurn(() => zeroRange(this.#window, offset, length));
  }

  /** Nobody needs a range any more. Its pages are given back within a moment, see FreedRanges. */
  freeInline(offset: number, length: number): void {
    if (!this.#freed.keep(offset, length)) zeroRangeInline(this.#window, offset, length);
  }

  /** Whatever was freed has given its pages back. */
  giveBack(): void {
    this.#freed.flush();
  }

  /** All of the window, and of the stash. */
  async erase(): Promise<void> {
    this.#freed.forget();
    await this.#inTurn(() => zeroRange(this.#window, 0, this.#size));
    await this.#inTurn(() => zeroRange(this.#stashFile, 0, STASH_FILE_BYTES));
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
    await this.#inTurn(() => populateAsync(this.#window, offset, length));
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
      await this.#inTurn(() => copyRange(this.#window, offset, this.#stashFile, at, length));
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
    const bytes = Math.min(length, stash.length);
    await this.#inTurn(() => copyRange(this.#stashFile, stash.offset, this.#window, offset, bytes));
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

  /** What is large keeps its place until its bytes are gone. */
  #free({ offset, length }: Extent): void {
    if (length <= MOST_INLINE_BYTES) {
      zeroRangeInline(this.#stashFile, offset, length);
      this.#extents.release(offset);
      return;
    }
    const generation = this.#generation;
    const release = (): void => {
      if (generation === this.#generation) this.#extents.release(offset);
    };
    // A successor finds what is left of it when this one is closed.
    this.#inTurn(() => zeroRange(this.#stashFile, offset, length)).then(release, () => {});
  }

  #inTurn(job: () => Promise<void>): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error("the VM's memory is not worked on any more"));
    const turn = this.#jobs.then(job);
    this.#jobs = turn.catch(() => undefined);
    return turn;
  }
}
