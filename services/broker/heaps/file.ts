// Heaps that hand out ranges of one file that can be mapped: a PCI resourceN or resourceN_wc, a devdax device, a regular file.
//
//     0                                                      size
//     |[== held ==]....[= held =]....|???????[= held =]??????|
//      what was given back here reads as zero; of what is unknown (all of it, when the heap is opened) that is seen to when it is handed out.
//
// Whoever gets a descriptor gets the whole file: the kernel cannot cut it. VMs that share such a heap trust each other's frontends.

import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Extents } from '../../lib/domain/extents.ts';
import { INLINE_BYTES } from '../../lib/memory/inline-work.ts';
import { isMarkedElsewhere, mark, tryLock } from '../../lib/os/lock.ts';
import {
  type Extent,
  Mapping,
  PAGE_SIZE,
  populate,
  populateAsync,
  punchHole,
  punchHoleAsync,
} from '../../lib/os/memory.ts';
import { errnoName, type HeapBacking, HeapError, type OpenMemory, type Taken } from './backing.ts';

export type FileOptions = {
  readonly name: string;
  readonly path: string;
  /** Bytes of the file that the heap may use, from its beginning. */
  readonly capacity: number;
  readonly prefault: boolean;
  /** False: zero ranges by writing, even when the file could have holes. Default: find out. */
  readonly holes?: boolean;
};

/** Zeros are written in pieces of this size: 4 MiB of uncached memory take about 50 ms, of cached memory 1 ms. */
const PIECE = 4 * 1024 * 1024;

type Held = { readonly offset: number; readonly size: number };

/** st_dev (st_rdev of a device), st_ino, and the length in bytes. */
export type FileIdentity = { readonly device: number; readonly inode: number; readonly size: number };

/** Ranges of which nobody knows what lies there. */
class UnknownRanges {
  #ranges: Extent[];

  constructor(size: number) {
    this.#ranges = [{ offset: 0, length: size }];
  }

  /** Takes [offset, offset + length) out: the parts of it that were unknown. */
  take(offset: number, length: number): Extent[] {
    const end = offset + length;
    const taken: Extent[] = [];
    this.#ranges = this.#ranges.flatMap((range) => {
      const rangeEnd = range.offset + range.length;
      if (rangeEnd <= offset || range.offset >= end) return [range];
      const from = Math.max(range.offset, offset);
      const to = Math.min(rangeEnd, end);
      taken.push({ offset: from, length: to - from });
      return [
        { offset: range.offset, length: from - range.offset },
        { offset: to, length: rangeEnd - to },
      ].filter((rest) => rest.length > 0);
    });
    return taken;
  }

  /** They are as unknown as they were. */
  giveBack(ranges: readonly Extent[]): void {
    this.#ranges.push(...ranges);
  }
}

export class FileBacking implements HeapBacking {
  readonly granule: number;
  readonly #prefault: boolean;
  /** Never handed out, so that the lock on it ends with this process and not with the last guest. */
  readonly #lock: number;
  /** Marked, and handed out: whoever has the file of an earlier life of the broker shows by it. */
  readonly #fd: number;
  /** When this one was made, somebody had what an earlier one had handed out. */
  readonly isUsedFromBefore: boolean;
  readonly #fileSize: number;
  readonly #extents: Extents;
  readonly #unknown: UnknownRanges;
  readonly #held = new Map<number, Held>();
  /** Erased, or being erased; and those that could not be: they are never handed out again. */
  readonly #released = new Map<number, Held & { erased: boolean }>();
  readonly #identity: FileIdentity;
  #lastId = 0;
  /** Whether freeing a range of the file zeroes it; a device has nothing to free. */
  #canPunch: boolean;
  #closed = false;

  /** Throws HeapError: the file is missing, may not be opened, cannot be mapped, is too small, or belongs to another broker. */
  constructor(options: FileOptions) {
    this.#lock = openLocked(options);
    try {
      this.#fd = open(options);
    } catch (error) {
      closeSync(this.#lock);
      throw error;
    }
    try {
      const stat = fstatSync(this.#fd);
      const { size, granule } = shapeOf(stat, options);
      if (options.capacity > size) {
        throw new HeapError(
          options.name,
          `its capacity is ${options.capacity} bytes, but ${options.path} has ${size}; lower the capacity, or use another file`,
        );
      }
      const usable = options.capacity - (options.capacity % granule);
      if (usable === 0) {
        throw new HeapError(
          options.name,
          `its capacity is ${options.capacity} bytes, but ${options.path} can only be mapped in multiples of ${granule}; raise the capacity`,
        );
      }
      this.granule = granule;
      this.#fileSize = size;
      this.#prefault = options.prefault;
      this.#extents = new Extents(usable, granule);
      this.#unknown = new UnknownRanges(usable);
      this.#identity = { device: stat.isFile() ? stat.dev : stat.rdev, inode: stat.ino, size };
      this.#canPunch = stat.isFile() && (options.holes ?? true);
      this.#check(options, granule);
      this.isUsedFromBefore = isMarkedElsewhere(this.#fd);
      mark(this.#fd);
    } catch (error) {
      closeSync(this.#fd);
      closeSync(this.#lock);
      throw error;
    }
  }

  get count(): number {
    return this.#held.size;
  }

  /** What tells this file from others. */
  get identity(): FileIdentity {
    return this.#identity;
  }

  get lastId(): number {
    return this.#lastId;
  }

  skipIds(lastId: number): void {
    this.#lastId = Math.max(this.#lastId, lastId);
  }

  inodeOf(): number {
    return 0;
  }

  allocate(size: number): Taken | null {
    const offset = this.#extents.allocate(size);
    if (offset === null) return null;
    let ready: Promise<void> | null;
    try {
      ready = this.#prepare(offset, size);
    } catch {
      // Out of space for the pages: the range is as free as it was.
      this.#extents.release(offset);
      return null;
    }
    this.#lastId += 1;
    this.#held.set(this.#lastId, { offset, size });
    return { id: this.#lastId, fdOffset: offset, ready };
  }

  /** Takes over a range of an earlier life, with its bytes. False when it is not free. */
  adopt(id: number, offset: number, size: number): boolean {
    if (this.#held.has(id) || !this.#extents.occupy(offset, size)) return false;
    this.skipIds(id);
    this.#unknown.take(offset, size);
    this.#held.set(id, { offset, size });
    return true;
  }

  open(id: number): OpenMemory | null {
    return this.#held.has(id) && !this.#closed ? { fd: this.#fd, fileSize: this.#fileSize } : null;
  }

  release(id: number): Promise<void> | null {
    const held = this.#held.get(id);
    if (held === undefined) return null;
    this.#held.delete(id);
    // The range stays taken until it reads as zero and is dropped: it never has two owners, and its next one finds nothing.
    const released = { ...held, erased: false };
    this.#released.set(id, released);
    const zeroed = this.#zero(held.offset, held.size);
    if (zeroed === null) {
      released.erased = true;
      return null;
    }
    return zeroed.then(() => {
      released.erased = true;
    });
  }

  drop(id: number): void {
    const released = this.#released.get(id);
    if (released?.erased !== true) return;
    this.#released.delete(id);
    this.#extents.release(released.offset);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#held.clear();
    this.#released.clear();
    closeSync(this.#fd);
    closeSync(this.#lock);
  }

  /** Zeroes what was never handed out before, and gives pages when that is wanted. Throws when there is no space for them. */
  #prepare(offset: number, size: number): Promise<void> | null {
    const zeroed = this.#zeroAll(this.#unknown.take(offset, size));
    if (!this.#prefault || !this.#canPunch) return zeroed;
    if (zeroed === null && size <= INLINE_BYTES) {
      populate(this.#fd, offset, size);
      return null;
    }
    // Pages that cannot be had now are had when they are touched.
    return (zeroed ?? Promise.resolve()).then(() =>
      populateAsync(this.#fd, offset, size).catch(() => undefined),
    );
  }

  #zeroAll(ranges: readonly Extent[]): Promise<void> | null {
    let works: Promise<void>[];
    try {
      works = ranges.flatMap(({ offset, length }) => this.#zero(offset, length) ?? []);
    } catch (error) {
      this.#unknown.giveBack(ranges);
      throw error;
    }
    return works.length === 0 ? null : Promise.all(works).then(() => undefined);
  }

  #zero(offset: number, length: number): Promise<void> | null {
    if (length > INLINE_BYTES) return this.#zeroLarge(offset, length);
    if (this.#punch(offset, length)) return null;
    for (let at = offset; at < offset + length; at += PIECE) {
      this.#write(at, Math.min(PIECE, offset + length - at));
    }
    return null;
  }

  async #zeroLarge(offset: number, length: number): Promise<void> {
    if (this.#canPunch) {
      try {
        await punchHoleAsync(this.#fd, offset, length);
        return;
      } catch {
        this.#canPunch = false;
      }
    }
    for (let at = offset; at < offset + length && !this.#closed; at += PIECE) {
      this.#write(at, Math.min(PIECE, offset + length - at));
      await nextTurn();
    }
  }

  #punch(offset: number, length: number): boolean {
    if (!this.#canPunch) return false;
    try {
      punchHole(this.#fd, offset, length);
      return true;
    } catch {
      // EOPNOTSUPP, ENODEV: this file has no holes. Anything else shows again when zeros are written.
      this.#canPunch = false;
      return false;
    }
  }

  #write(offset: number, length: number): void {
    const mapping = Mapping.ofFile(this.#fd, offset, length);
    try {
      // Pieces are within what bytes() gives at once, since the mapping is far below 1 GiB.
      mapping.bytes(0, length).fill(0);
    } finally {
      mapping.close();
    }
  }

  #check(options: FileOptions, granule: number): void {
    try {
      Mapping.ofFile(this.#fd, 0, granule).close();
    } catch (error) {
      throw new HeapError(
        options.name,
        `${options.path} cannot be mapped (${errnoName(error) ?? 'unknown error'}); use a file that can`,
        { cause: error },
      );
    }
  }
}

function openLocked(options: FileOptions): number {
  const fd = open(options);
  if (tryLock(fd)) return fd;
  closeSync(fd);
  throw new HeapError(
    options.name,
    `${options.path} is held by another broker, or by another heap of this one; give each its own`,
  );
}

function open({ name, path }: FileOptions): number {
  try {
    return openSync(path, 'r+');
  } catch (error) {
    const code = errnoName(error) ?? 'unknown error';
    throw new HeapError(
      name,
      `${path} cannot be opened for reading and writing (${code}); check the path, and who may use it`,
      { cause: error },
    );
  }
}

/** How long the file is, and in which units it can be mapped; bytes. */
function shapeOf(stat: Stats, options: FileOptions): { readonly size: number; readonly granule: number } {
  // A PCI resource file is a regular one as well, as long as its BAR.
  if (stat.isFile()) return { size: stat.size, granule: PAGE_SIZE };
  if (stat.isCharacterDevice()) {
    // Linux, Documentation/ABI/testing/sysfs-bus-dax: size in bytes, align in bytes.
    const attributes = `/sys/dev/char/${major(stat.rdev)}:${minor(stat.rdev)}`;
    const size = attribute(`${attributes}/size`);
    if (size !== null) return { size, granule: attribute(`${attributes}/align`) ?? PAGE_SIZE };
  }
  throw new HeapError(
    options.name,
    `${options.path} is neither a regular file, nor a PCI resource, nor a devdax device; use one of these`,
  );
}

function attribute(path: string): number | null {
  try {
    const value = Number(readFileSync(path, 'utf8').trim());
    return Number.isSafeInteger(value) && value > 0 ? value : null;
  } catch {
    return null;
  }
}

// <sys/sysmacros.h>; the high halves of 64-bit numbers are 0 for every driver there is.
function major(device: number): number {
  return (device >>> 8) & 0xfff;
}

function minor(device: number): number {
  return (device & 0xff) | ((device >>> 12) & 0xfff00);
}
