// Ranges of a window whose blobs have ended, and whose pages are still there. Linux takes the place that was free last for its next blob: a range
// that is mapped again at once is overwritten with zeros where it lies, which costs less than to give its pages back, and to have the guest fault for
// new ones. What is not mapped again soon is given back off the path of commands, neighbours together.
//
//     freed --keep()--> young --KEPT_FOR--> old --KEPT_FOR--> punched
//                         '------- take(): mapped again -------'
//
// A successor knows none of this: to it such pages are strays, which its sweep finds.
import { ZeroRanges } from './zero-ranges.ts';

/** Milliseconds that a range keeps its pages at least; twice as long at most. */
export const KEPT_FOR = 10;
/** Bytes in all ranges at most: what a VM may hold for that long beyond its accounts. */
export const MOST_KEPT_BYTES = 16 * 1024 * 1024;

export class FreedRanges {
  readonly #punch: (offset: number, length: number) => void;
  #young = new ZeroRanges();
  #old = new ZeroRanges();
  #bytes = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `punch` zeroes a range and gives its pages back. */
  constructor(punch: (offset: number, length: number) => void) {
    this.#punch = punch;
  }

  /** In all ranges. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A range is nobody's any more. False when it cannot be kept: then its pages are the caller's to give back. */
  keep(offset: number, length: number): boolean {
    if (this.#bytes + length > MOST_KEPT_BYTES) return false;
    this.#young.add(offset, length);
    this.#bytes += length;
    this.#timer ??= setTimeout(() => this.#age(), KEPT_FOR);
    return true;
  }

  /** A range is about to be somebody's: it is not punched any more. True when all of it was kept. */
  take(offset: number, length: number): boolean {
    if (this.#bytes === 0) return false;
    const taken = this.#young.remove(offset, length) + this.#old.remove(offset, length);
    this.#bytes -= taken;
    return taken === length;
  }

  /** Gives everything back now. */
  flush(): void {
    this.#punchAll(this.#young);
    this.#punchAll(this.#old);
  }

  /** Nothing is kept any more, and nothing is given back here. */
  forget(): void {
    this.#young.clear();
    this.#old.clear();
    this.#bytes = 0;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #age(): void {
    this.#timer = null;
    this.#punchAll(this.#old);
    [this.#young, this.#old] = [this.#old, this.#young];
    if (this.#bytes > 0) this.#timer = setTimeout(() => this.#age(), KEPT_FOR);
  }

  #punchAll(ranges: ZeroRanges): void {
    for (let index = 0; index < ranges.count; index += 1) {
      const length = ranges.lengthAt(index);
      this.#bytes -= length;
      try {
        this.#punch(ranges.offsetAt(index), length);
      } catch {
        // The host is out of memory for its own work. A stray from now on, which the next sweep finds.
      }
    }
    ranges.clear();
  }
}
