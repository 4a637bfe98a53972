// Ranges of a window that have to be zeroed or given back, collected for a while: sorted, and merged where they touch, so that what takes
// neighbouring blobs in and out costs one system call instead of one for each.
//
// Two columns of plain numbers: this is on the path of every command, and leaves nothing to the garbage collector.

const FIRST_SLOTS = 64;

export class ZeroRanges {
  #offset = new Float64Array(FIRST_SLOTS);
  #end = new Float64Array(FIRST_SLOTS);
  #count = 0;

  /** Ranges, after merging. */
  get count(): number {
    return this.#count;
  }

  /** Bytes in all ranges. */
  get bytes(): number {
    let bytes = 0;
    for (let index = 0; index < this.#count; index += 1) bytes += this.lengthAt(index);
    return bytes;
  }

  /** index < count */
  offsetAt(index: number): number {
    return this.#offset[index]!;
  }

  /** index < count */
  lengthAt(index: number): number {
    return this.#end[index]! - this.#offset[index]!;
  }

  /** Adds [offset, offset + length); `length` > 0. It may touch or overlap what is here. */
  add(offset: number, length: number): void {
    const end = offset + length;
    // The ranges in [first, last) touch the new one.
    const first = this.#firstEndingAt(offset);
    let last = first;
    while (last < this.#count && this.#offset[last]! <= end) last += 1;
    if (last === first) {
      this.#open(first);
      this.#offset[first] = offset;
      this.#end[first] = end;
      return;
    }
    if (offset < this.#offset[first]!) this.#offset[first] = offset;
    const lastEnd = this.#end[last - 1]!;
    this.#end[first] = lastEnd > end ? lastEnd : end;
    this.#drop(first + 1, last);
  }

  /** Takes [offset, offset + length) out; `length` > 0. @returns how many bytes of it were in a range */
  remove(offset: number, length: number): number {
    const end = offset + length;
    const first = this.#firstEndingAt(offset + 1);
    let last = first;
    let removed = 0;
    for (; last < this.#count && this.#offset[last]! < end; last += 1) {
      removed += Math.min(end, this.#end[last]!) - Math.max(offset, this.#offset[last]!);
    }
    if (removed === 0) return 0;
    const start = this.#offset[first]!;
    const stop = this.#end[last - 1]!;
    let kept = first;
    if (start < offset) {
      this.#end[first] = offset;
      kept += 1;
    }
    if (stop > end) {
      // Both ends stay of one range.
      if (kept === last) {
        this.#open(kept);
        last += 1;
      }
      this.#offset[kept] = end;
      this.#end[kept] = stop;
      kept += 1;
    }
    this.#drop(kept, last);
    return removed;
  }

  /** True when a byte of [offset, offset + length) is in a range. */
  overlaps(offset: number, length: number): boolean {
    const first = this.#firstEndingAt(offset + 1);
    return first < this.#count && this.#offset[first]! < offset + length;
  }

  clear(): void {
    this.#count = 0;
  }

  /** The first range that ends at `offset` or behind it. Most often that is the last one or none: commands come in order. */
  #firstEndingAt(offset: number): number {
    const ends = this.#end;
    let high = this.#count;
    if (high === 0 || ends[high - 1]! < offset) return high;
    if (high === 1 || ends[high - 2]! < offset) return high - 1;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ends[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #open(index: number): void {
    if (this.#count === this.#offset.length) {
      this.#offset = grown(this.#offset);
      this.#end = grown(this.#end);
    }
    if (index < this.#count) {
      this.#offset.copyWithin(index + 1, index, this.#count);
      this.#end.copyWithin(index + 1, index, this.#count);
    }
    this.#count += 1;
  }

  #drop(from: number, to: number): void {
    if (from === to) return;
    this.#offset.copyWithin(from, to, this.#count);
    this.#end.copyWithin(from, to, this.#count);
    this.#count -= to - from;
  }
}

function grown(column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  return larger;
}
