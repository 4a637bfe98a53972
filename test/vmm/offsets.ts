// Which offsets of the window the guest has given out: lowest fit, page granularity, like the range allocator of the Linux driver.
import { PAGE_SIZE } from '../../services/lib/os/memory.ts';

/** No hole of the window is large enough: what Linux reports as ENOSPC. */
export class WindowFullError extends Error {
  readonly size: number;

  constructor(size: number) {
    super(`no hole of the window holds ${size} bytes`);
    this.name = 'WindowFullError';
    this.size = size;
  }
}

export class Offsets {
  // Free ranges by offset; neighbours are always merged.
  readonly #free: { offset: number; length: number }[];

  constructor(windowSize: number) {
    this.#free = windowSize > 0 ? [{ offset: 0, length: windowSize }] : [];
  }

  /** The lowest offset with `size` free bytes, which are taken from here on. Throws WindowFullError. */
  take(size: number): number {
    const length = pages(size);
    const index = this.#free.findIndex((range) => range.length >= length);
    const range = this.#free[index];
    if (!range) throw new WindowFullError(size);
    const offset = range.offset;
    if (range.length === length) this.#free.splice(index, 1);
    else this.#free[index] = { offset: offset + length, length: range.length - length };
    return offset;
  }

  /** Gives back what take() returned for the same size. */
  give(offset: number, size: number): void {
    const length = pages(size);
    let low = 0;
    let high = this.#free.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#free[middle]!.offset < offset) low = middle + 1;
      else high = middle;
    }
    const before = this.#free[low - 1];
    const after = this.#free[low];
    const joinsBefore = before !== undefined && before.offset + before.length === offset;
    const joinsAfter = after !== undefined && offset + length === after.offset;
    if (joinsBefore && joinsAfter) {
      before.length += length + after.length;
      this.#free.splice(low, 1);
    } else if (joinsBefore) before.length += length;
    else if (joinsAfter) {
      after.offset = offset;
      after.length += length;
    } else this.#free.splice(low, 0, { offset, length });
  }

  /** Bytes that are free, in all. */
  get free(): number {
    return this.#free.reduce((sum, range) => sum + range.length, 0);
  }
}

function pages(size: number): number {
  return Math.ceil(size / PAGE_SIZE) * PAGE_SIZE;
}
