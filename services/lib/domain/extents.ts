/**
 * Which extents of a file are taken: the allocator for heaps that hand out ranges of one file (a PCI BAR, a devdax
 * device). First fit, so that the low end fills up and large extents survive at the high end.
 */

import { isPowerOfTwo } from '../wire/alignment.ts';
import { hex } from '../wire/u64.ts';
import type { Extent } from './range-tree.ts';
import { RangeTree } from './range-tree.ts';
import { SettingsError } from './settings-error.ts';

export class Extents {
  readonly granule: number;
  readonly #ranges: RangeTree;

  /**
   * @param size bytes of the file, a multiple of `granule`, > 0
   * @param granule bytes, a power of two: every extent begins and ends at a multiple of it
   * @throws SettingsError
   */
  constructor(size: number, granule: number) {
    if (!isPowerOfTwo(granule)) {
      throw new SettingsError('granule', 'a power of two', granule);
    }
    if (!Number.isSafeInteger(size) || size <= 0 || size % granule !== 0) {
      throw new SettingsError('size', `a multiple of ${granule} above 0`, size);
    }
    this.granule = granule;
    this.#ranges = new RangeTree(size);
  }

  get size(): number {
    return this.#ranges.size;
  }

  get usedBytes(): number {
    return this.#ranges.bytes;
  }

  /** Number of extents that are taken. */
  get count(): number {
    return this.#ranges.count;
  }

  /** The longest free extent, bytes: the largest `length` that `allocate` can still give. */
  get largestFree(): number {
    return this.#ranges.largestFree;
  }

  /** Takes the lowest free extent of `length` bytes (a multiple of the granule, > 0). @returns its offset, or null */
  allocate(length: number): number | null {
    if (!Number.isSafeInteger(length) || length <= 0 || length % this.granule !== 0) {
      throw new RangeError(
        `extents: a length of ${length} was asked for, which is not a multiple of ${this.granule}`,
      );
    }
    const offset = this.#ranges.firstFit(length);
    if (offset !== null) {
      this.#ranges.insert(offset, length, 0, true);
    }
    return offset;
  }

  /** Takes a certain extent: one that was taken in an earlier life. @returns false when it is not free, or no extent of this file */
  occupy(offset: number, length: number): boolean {
    const fits =
      Number.isSafeInteger(offset) &&
      Number.isSafeInteger(length) &&
      offset >= 0 &&
      length > 0 &&
      offset + length <= this.size;
    const whole = offset % this.granule === 0 && length % this.granule === 0;
    return fits && whole && this.#ranges.insert(offset, length, 0, true);
  }

  /** Gives back the extent that `allocate` returned as `offset`. */
  release(offset: number): void {
    if (this.#ranges.remove(offset) === null) {
      throw new RangeError(`extents: no extent begins at ${hex(offset)}, so none can be released there`);
    }
  }

  /** The free extents in order of offset. Not while extents are taken or released. */
  free(): Generator<Extent, void, undefined> {
    return this.#ranges.free();
  }
}
