// How long a keeper waits before it starts a command again. Who waits for a service that was killed has no time; a service that cannot live
// must not take the host's time in trying to.
//
//   got ready, and died:        at once, as long as that has not happened too often of late
//   more often, or never ready: at once the first time, then after a pause that doubles, until one has lived for long

export type RestartOptions = {
  /** After the second failure in a row, milliseconds; it doubles with each one up to the longest. Default 100 ms and 5 s. */
  readonly firstPause?: number;
  readonly longestPause?: number;
  /** A life of so long is no failure. Default 10 s. */
  readonly steadyAfter?: number;
  /** Nor is one that got as far as READY=1, while no more than so many of them ended within `steadyAfter`. Default 10. */
  readonly readyBurst?: number;
};

export type Lived = {
  /** Milliseconds from its start to its end. */
  readonly duration: number;
  /** It had said READY=1. */
  readonly wasReady: boolean;
  /** When it ended, milliseconds of any clock that never goes back. */
  readonly end: number;
};

export class RestartPause {
  readonly #options: Required<RestartOptions>;
  /** In a row. */
  #failures = 0;
  /** Of lives that got ready, the latest last; no more than matter. */
  #readyEnds: number[] = [];

  constructor(options: RestartOptions) {
    this.#options = { firstPause: 100, longestPause: 5_000, steadyAfter: 10_000, readyBurst: 10, ...options };
  }

  /** Milliseconds. To be asked once for each life that ended, in order. */
  after({ duration, wasReady, end }: Lived): number {
    const { firstPause, longestPause, steadyAfter } = this.#options;
    if (duration >= steadyAfter) this.#failures = 0;
    if (wasReady && this.#isWithinBurst(end)) return 0;
    this.#failures += 1;
    return this.#failures === 1 ? 0 : Math.min(longestPause, firstPause * 2 ** (this.#failures - 2));
  }

  #isWithinBurst(end: number): boolean {
    const { readyBurst, steadyAfter } = this.#options;
    this.#readyEnds = [...this.#readyEnds, end].slice(-readyBurst - 1);
    const [oldest = end] = this.#readyEnds;
    return this.#readyEnds.length <= readyBurst || end - oldest >= steadyAfter;
  }
}
