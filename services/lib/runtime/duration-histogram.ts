// The one distribution of durations, from 10 microseconds up: what several processes measure can be added up because all of them have these
// buckets. Counting one costs a few comparisons and no memory.

/** Upper bounds of the buckets, seconds. */
export const BOUNDS: readonly number[] = [
  10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 250e-3,
  500e-3, 1, 2.5, 5,
];

/** Counts by bucket, of which the last has no bound; the sum is in seconds. */
export type Distribution = {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
};

export class DurationHistogram {
  readonly #counts = new Array<number>(BOUNDS.length + 1).fill(0);
  #sum = 0;

  /** A copy of what was counted. */
  get distribution(): Distribution {
    return { bounds: BOUNDS, counts: [...this.#counts], sum: this.#sum };
  }

  /** Counts the same duration `times` times. Seconds. */
  observe(seconds: number, times = 1): void {
    this.#counts[bucketOf(seconds)]! += times;
    this.#sum += seconds * times;
  }

  /** Adds what was counted elsewhere. A bucket that is not one of ours (a process of another version) counts where its upper bound lies. */
  add({ bounds, counts, sum }: Distribution): void {
    for (const [index, count] of counts.entries()) {
      if (count > 0) this.#counts[bucketOf(bounds[index] ?? Number.POSITIVE_INFINITY)]! += count;
    }
    this.#sum += sum;
  }
}

/** The bucket of a duration in seconds. */
function bucketOf(seconds: number): number {
  let bucket = 0;
  while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]!) bucket += 1;
  return bucket;
}
