/**
 * One VM's host-visible region, as a table: which range belongs to which blob.
 *
 * A range is mapped (the guest sees a blob there) or parked (the blob was unmapped, and its bytes still lie
 * there). Both are occupied: a free extent is what neither covers, and `holes` counts the maximal ones, those
 * at the ends of the window included. A mapping may displace parked ranges, never another mapping.
 */

import { isMultiple, isPowerOfTwo, SMALLEST_PAGE } from '../wire/alignment.ts';
import type { U64 } from '../wire/u64.ts';
import { hex } from '../wire/u64.ts';
import type { Extent, Range } from './range-tree.ts';
import { RangeTree } from './range-tree.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';
import { SettingsError } from './settings-error.ts';

/** How large a window may be is the configuration's to say. */
export const MIN_WINDOW_SIZE = SMALLEST_PAGE;

/** All in bytes or counts; reading them costs nothing that grows with the window. */
export interface WindowFigures {
  readonly size: number;
  readonly mappings: number;
  readonly mappedBytes: number;
  readonly parked: number;
  readonly parkedBytes: number;
  /** Neither mapped nor parked. */
  readonly freeBytes: number;
  /** The longest free extent. */
  readonly largestFree: number;
  /** The number of maximal free extents. */
  readonly holes: number;
}

export class Window {
  readonly size: number;
  readonly #ranges: RangeTree;
  #mappings = 0;
  #mappedBytes = 0;

  /**
   * @param size bytes: a power of two (the VMM makes a PCI BAR of it) of at least 4096
   * @param setting where the size stands, for the error
   * @throws SettingsError
   */
  constructor(size: number, setting = 'windowSize') {
    if (!isPowerOfTwo(size) || size < MIN_WINDOW_SIZE) {
      throw new SettingsError(setting, 'a power of two of at least 4096 bytes', size);
    }
    this.size = size;
    this.#ranges = new RangeTree(size);
  }

  get mappings(): number {
    return this.#mappings;
  }

  get figures(): WindowFigures {
    return {
      size: this.size,
      mappings: this.#mappings,
      mappedBytes: this.#mappedBytes,
      parked: this.#ranges.count - this.#mappings,
      parkedBytes: this.#ranges.bytes - this.#mappedBytes,
      freeBytes: this.size - this.#ranges.bytes,
      largestFree: this.#ranges.largestFree,
      holes: this.#ranges.holes,
    };
  }

  /**
   * May `resource` lie at `offset`, whatever else lies there?
   * @param length bytes, > 0, a multiple of `alignment`
   * @param alignment bytes, a power of two, at least the page size
   * @returns the offset, now known to be a number that fits, or why not
   */
  checkRange(resource: number, offset: U64, length: number, alignment: number): number | Refusal {
    if (!isMultiple(offset, alignment)) {
      return refuse(
        'OFFSET_MISALIGNED',
        `resource ${resource} was to be mapped at ${hex(offset)}, which is not a multiple of ${alignment}: choose an offset that is`,
        { resource, offset, alignment },
      );
    }
    if (typeof offset === 'bigint' || offset < 0 || length > this.size || offset > this.size - length) {
      return refuse(
        'OUTSIDE_WINDOW',
        `resource ${resource} with ${hex(length)} bytes was to be mapped at ${hex(offset)}, but the window ends at ` +
          `${hex(this.size)}: choose an offset at which all of it lies inside`,
        { resource, offset, length, windowSize: this.size },
      );
    }
    return offset;
  }

  /** May `resource` be mapped at `offset`? As checkRange, and no other mapping lies there. Changes nothing. */
  place(resource: number, offset: U64, length: number, alignment: number): number | Refusal {
    const checked = this.checkRange(resource, offset, length, alignment);
    if (typeof checked !== 'number') {
      return checked;
    }
    const other = this.#ranges.firstHeldOverlap(checked, length);
    if (other !== null) {
      return refuse(
        'OVERLAP',
        `resource ${resource} with ${hex(length)} bytes was to be mapped at ${hex(offset)}, but resource ${other.owner} is ` +
          `mapped at ${hex(other.offset)} with ${hex(other.length)} bytes: unmap that one first, or choose another offset`,
        {
          resource,
          offset,
          length,
          otherResource: other.owner,
          otherOffset: other.offset,
          otherLength: other.length,
        },
      );
    }
    return checked;
  }

  /** The first occupied range, mapped or parked, that shares a byte with [offset, offset + length), or null. */
  firstOccupied(offset: number, length: number): Range | null {
    return this.#ranges.firstOverlap(offset, length);
  }

  /** Occupies a free range that `place` allowed: mapped, or parked. */
  add(offset: number, length: number, resource: number, mapped: boolean): void {
    if (!this.#ranges.insert(offset, length, resource, mapped)) {
      throw new Error(`window: the range ${hex(offset)} + ${hex(length)} was added without being free`);
    }
    if (mapped) {
      this.#mappings += 1;
      this.#mappedBytes += length;
    }
  }

  /** Parks the mapped range of `length` bytes that starts at `offset`: it stays occupied. */
  park(offset: number, length: number): void {
    this.#expect(this.#ranges.setHeld(offset, false), offset);
    this.#mappings -= 1;
    this.#mappedBytes -= length;
  }

  /** Makes the parked range of `length` bytes that starts at `offset` a mapping again. */
  unpark(offset: number, length: number): void {
    this.#expect(this.#ranges.setHeld(offset, true), offset);
    this.#mappings += 1;
    this.#mappedBytes += length;
  }

  /** Frees the range of `length` bytes that starts at `offset`; `mapped` says what it was. */
  free(offset: number, length: number, mapped: boolean): void {
    this.#expect(this.#ranges.remove(offset) !== null, offset);
    if (mapped) {
      this.#mappings -= 1;
      this.#mappedBytes -= length;
    }
  }

  /** Frees everything. */
  clear(): void {
    this.#ranges.clear();
    this.#mappings = 0;
    this.#mappedBytes = 0;
  }

  /** The occupied ranges in order of offset (owner: the resource id; held: mapped). Not while the window changes. */
  ranges(): Generator<Range, void, undefined> {
    return this.#ranges.ranges();
  }

  /** The free extents in order of offset: what a sweep for stray bytes may punch. Not while the window changes. */
  freeExtents(): Generator<Extent, void, undefined> {
    return this.#ranges.free();
  }

  #expect(found: boolean, offset: number): void {
    if (!found) {
      throw new Error(`window: no range starts at ${hex(offset)}, though the books said so`);
    }
  }
}
