// A distribution of durations, from 10 microseconds up. Counting one costs a few comparisons and no memory.

/** Upper bounds of the buckets, seconds. */
export const BOUNDS: readonly number[] = [
  10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 250e-3,
  500e-3, 1, 2.5, 5,
];

export class DurationHistogram {
  readonly #counts = new Array<number>(BOUNDS.length + 1).fill(0);
  #sum = 0;

  /** How many fell into each bucket; the last one has no bound. */
  get counts(): readonly number[] {
    return this.#counts;
  }

  /** Seconds. */
  get sum(): number {
    return this.#sum;
  }

  observe(seconds: number): void {
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]!) bucket += 1;
    this.#counts[bucket]! += 1;
    this.#sum += seconds;
  }
}
