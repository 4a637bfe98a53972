// The memory of one VM's window in window placement: a sealed sparse memfd of the window's size, and a side store (one memfd for each) for
// blobs whose range was needed by another.
import { fstatSync } from 'node:fs';
import { faultPoint } from '../os/fault-point.ts';
import type { Fd } from '../os/fd.ts';
import { createMemfd, type Extent, nextData, populate, populateAsync, punchHoleAsync } from '../os/memory.ts';
import { INLINE_BYTES } from './inline-work.ts';
import {
  type DescriptorCount,
  type DescriptorStore,
  inodeOf,
  NO_STORE,
  stashName,
  windowName,
} from './kept-memory.ts';
import { copyRange, copyRangeInline, zeroRange, zeroRangeInline } from './ranges.ts';

/** Of st_blocks (stat(2)). */
const BLOCK_BYTES = 512;

type Stash = { readonly fd: Fd; readonly length: number; readonly inode: number };

/** Memory of an earlier life: the window's, and that of stashed blobs by their resource. */
export type WindowDescriptors = {
  readonly window: Fd;
  readonly stashes: ReadonlyMap<number, { readonly fd: Fd; readonly length: number }>;
};

/** Functions that may be large work return a promise then, and null when they are done already. All throw or reject SystemError. */
export class WindowMemory {
  readonly vm: string;
  readonly size: number;
  readonly inode: number;
  readonly #fd: Fd;
  readonly #budget: DescriptorCount;
  readonly #store: DescriptorStore;
  readonly #stashes = new Map<number, Stash>();

  /**
   * @param size bytes, whole pages
   * @param adopted what came back from an earlier life; it is this object's from here on
   * Throws SystemError, and Error when the store is full.
   */
  constructor(
    vm: string,
    size: number,
    budget: DescriptorCount,
    store: DescriptorStore = NO_STORE,
    adopted: WindowDescriptors | null = null,
  ) {
    this.vm = vm;
    this.size = size;
    this.#budget = budget;
    this.#store = store;
    this.#fd = adopted?.window ?? createMemfd(`barkeep-window:${vm}`, size);
    this.inode = inodeOf(this.#fd.number);
    for (const [resource, { fd, length }] of adopted?.stashes ?? []) {
      // What it held it may hold: there were as many before.
      budget.take();
      this.#stashes.set(resource, { fd, length, inode: inodeOf(fd.number) });
    }
    if (adopted === null && !store.put(windowName(vm), this.#fd.number)) {
      this.#fd.close();
      throw new Error('the fd store is full');
    }
  }

  /** Borrowed. */
  get fd(): number {
    return this.#fd.number;
  }

  get open(): boolean {
    return this.#fd.open;
  }

  /** Bytes of memory that it holds, whoever touched them. */
  get heldBytes(): number {
    return fstatSync(this.fd).blocks * BLOCK_BYTES;
  }

  /** Stashed blobs. */
  get stashes(): number {
    return this.#stashes.size;
  }

  /** Of the file with a blob's bytes; 0 when it has none. */
  stashInode(resource: number): number {
    return this.#stashes.get(resource)?.inode ?? 0;
  }

  /** The side store of a blob, borrowed; null when it has none. */
  stashOf(resource: number): { readonly fd: number; readonly fileSize: number } | null {
    const stash = this.#stashes.get(resource);
    return stash === undefined ? null : { fd: stash.fd.number, fileSize: stash.length };
  }

  /** Zeroes a range and gives its pages back, in line whatever its size. */
  zeroInline(offset: number, length: number): void {
    zeroRangeInline(this.fd, offset, length);
  }

  zero(offset: number, length: number): Promise<void> | null {
    if (length > INLINE_BYTES) {
      return zeroRange(this.fd, offset, length);
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

  /**
   * Copies a range to the side store, says so to `onSafe` with the inode of the copy, and zeroes the range. When it fails the range is as
   * it was, and nothing was said.
   */
  stash(
    resource: number,
    offset: number,
    length: number,
    onSafe: (inode: number) => void = () => undefined,
  ): Promise<void> | null {
    const stash = this.#newStash(resource, length);
    const fail = (error: unknown): never => {
      this.#forget(resource, stash);
      throw error;
    };
    const safe = (): void => {
      faultPoint('broker.stash-copied');
      onSafe(stash.inode);
      this.#stashes.set(resource, stash);
      faultPoint('broker.stash-journalled');
    };
    if (length > INLINE_BYTES) {
      return copyRange(this.fd, offset, stash.fd.number, 0, length)
        .then(safe, fail)
        .then(() => this.zero(offset, length) ?? undefined)
        .catch((error: unknown) => {
          // The bytes are safe; what is left of them here is found by a sweep, and zeroed before the range is used again.
          if (this.#stashes.get(resource) !== stash) throw error;
        });
    }
    try {
      copyRangeInline(this.fd, offset, stash.fd.number, 0, length);
    } catch (error) {
      fail(error);
    }
    safe();
    try {
      this.zeroInline(offset, length);
    } catch {
      // As above.
    }
    return null;
  }

  #newStash(resource: number, length: number): Stash {
    if (!this.#budget.take())
      throw new Error('no descriptor is left for the bytes of a blob that has to move');
    let fd: Fd | null = null;
    try {
      fd = createMemfd('barkeep-stash', length);
      const inode = inodeOf(fd.number);
      if (!this.#store.put(stashName(this.vm, resource), fd.number)) throw new Error('the fd store is full');
      return { fd, length, inode };
    } catch (error) {
      fd?.close();
      this.#budget.give();
      throw error;
    }
  }

  /**
   * Copies a blob's bytes back to a range that reads as zero. They stay in the side store too until dropStash(): so long it can be done
   * again.
   */
  restore(resource: number, offset: number, length: number): Promise<void> | null {
    const stash = this.#stashes.get(resource);
    if (stash === undefined)
      throw new Error(`resource ${resource} was to be moved back, but has no bytes in the side store`);
    const bytes = Math.min(length, stash.length);
    if (bytes > INLINE_BYTES) {
      return copyRange(stash.fd.number, 0, this.fd, offset, bytes);
    }
    copyRangeInline(stash.fd.number, 0, this.fd, offset, bytes);
    return null;
  }

  /** Drops a blob's bytes; without any it does nothing. */
  dropStash(resource: number): Promise<void> | null {
    const stash = this.#stashes.get(resource);
    if (stash === undefined) return null;
    this.#stashes.delete(resource);
    if (stash.length <= INLINE_BYTES) {
      this.#forget(resource, stash);
      return null;
    }
    // close() would free the pages in line.
    const punched = punchHoleAsync(stash.fd.number, 0, stash.length).catch(() => undefined);
    return punched.then(() => this.#forget(resource, stash));
  }

  /** The next run of touched pages at or after `from`, or null. */
  nextData(from: number): Extent | null {
    return nextData(this.fd, from, this.size);
  }

  /** As close(), for good: nothing of it survives this process. */
  discard(): void {
    if (!this.open) return;
    for (const resource of this.#stashes.keys()) this.#store.remove(stashName(this.vm, resource));
    this.#store.remove(windowName(this.vm));
    this.close();
  }

  /** Closes every descriptor; the store keeps its own. Memory that a VMM has mapped stays as it is: zero() it before, when it shall go. Later calls do nothing. */
  close(): void {
    for (const stash of this.#stashes.values()) this.#closeStash(stash);
    this.#stashes.clear();
    this.#fd.close();
  }

  #forget(resource: number, stash: Stash): void {
    this.#store.remove(stashName(this.vm, resource));
    this.#closeStash(stash);
  }

  #closeStash(stash: Stash): void {
    stash.fd.close();
    this.#budget.give();
  }
}
