// A limit for lines of a log that others cause: a guest, a VMM, any process that can send to a socket. Of each kind so many are written at
// once, then one now and then; how many were left out is told.

/** Enough to see what happens, and who does it. */
const BURST = 100;
/** After that one line in so many milliseconds: less than 2 MB a day of each kind. */
const INTERVAL_MS = 10_000;
/** Kinds are told apart by what others choose, too: beyond this they are one. */
const MOST_KINDS = 1000;

type Bucket = { tokens: number; at: number; leftOut: number };

export type LineLimitOptions = {
  /** How many lines of a kind were left out since it was told last. */
  readonly report: (kind: string, leftOut: number) => void;
  /** Milliseconds of a clock that does not jump. */
  readonly now?: () => number;
};

export class LineLimit {
  readonly #report: LineLimitOptions['report'];
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();
  #timer: NodeJS.Timeout | null = null;

  constructor({ report, now = () => performance.now() }: LineLimitOptions) {
    this.#report = report;
    this.#now = now;
  }

  /** Whether a line of this kind may be written now. */
  admits(kind: string): boolean {
    const bucket = this.#bucket(kind);
    const now = this.#now();
    bucket.tokens = Math.min(BURST, bucket.tokens + (now - bucket.at) / INTERVAL_MS);
    bucket.at = now;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return true;
    }
    bucket.leftOut += 1;
    this.#timer ??= setTimeout(() => this.flush(), INTERVAL_MS).unref();
    return false;
  }

  #bucket(kind: string): Bucket {
    const name = this.#buckets.has(kind) || this.#buckets.size < MOST_KINDS ? kind : 'of many kinds';
    const bucket = this.#buckets.get(name) ?? { tokens: BURST, at: this.#now(), leftOut: 0 };
    this.#buckets.set(name, bucket);
    return bucket;
  }

  /** Tells now what was left out. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const [kind, bucket] of this.#buckets) {
      if (bucket.leftOut > 0) this.#report(kind, bucket.leftOut);
      bucket.leftOut = 0;
    }
  }
}
