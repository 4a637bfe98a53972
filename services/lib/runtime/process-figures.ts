// This process in figures, the same ones for each service. Reading them changes nothing: whoever reads, and however often, the next one
// finds what it would have found anyway.
import { readdirSync } from 'node:fs';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { ReserveDescriptor } from './reserve-descriptor.ts';

/** proto: ProcessStatistics. */
export type Figures = {
  /** 0 when it could not be read. */
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  /** 0 when they could not be counted. */
  readonly openFds: number;
  readonly cpuSeconds: number;
  /** Seconds, over the last one to two windows. */
  readonly eventLoopLagP50: number;
  readonly eventLoopLagP99: number;
  readonly eventLoopLagMax: number;
  /** Seconds since 1970. */
  readonly startTime: number;
};

/** Longer than Prometheus usually waits between two scrapes, so that none misses what happened since its last one. Milliseconds. */
const WINDOW = 30_000;
/** The timer that measures the loop's delay fires so often; its own period is not part of the delay. */
const RESOLUTION = 20;

export class ProcessFigures {
  readonly #lag: LoopDelay;
  readonly #reserve = new ReserveDescriptor();

  /** `window` in milliseconds. Does not keep the process alive. */
  constructor(window = WINDOW) {
    this.#lag = new LoopDelay(window);
  }

  /** The figures of this moment. Never throws: what cannot be found out is 0. */
  read(): Figures {
    const { user, system } = process.cpuUsage();
    return {
      // Node reads it from /proc, too.
      residentBytes: this.#count(() => process.memoryUsage.rss()),
      heapUsedBytes: getHeapStatistics().used_heap_size,
      // The descriptor with which the directory is read is not counted.
      openFds: this.#count(() => readdirSync('/proc/self/fd').length - 1),
      cpuSeconds: (user + system) / 1e6,
      eventLoopLagP50: this.#lag.percentile(50),
      eventLoopLagP99: this.#lag.percentile(99),
      eventLoopLagMax: this.#lag.percentile(100),
      startTime: performance.timeOrigin / 1000,
    };
  }

  close(): void {
    this.#lag.close();
    this.#reserve.close();
  }

  /** What takes a descriptor to find out. */
  #count(look: () => number): number {
    try {
      return this.#reserve.lend(look);
    } catch {
      return 0;
    }
  }
}

/**
 * The delay of the event loop over a window that moves by itself: of two histograms that overlap, the older one is read, and when it is
 * two windows old it begins anew and the other one is the older.
 */
class LoopDelay {
  #older = started();
  #newer = started();
  readonly #timer: NodeJS.Timeout;

  constructor(window: number) {
    this.#timer = setInterval(() => this.#move(), window);
    this.#timer.unref();
  }

  /** Seconds; 0 before the first sample. */
  percentile(share: number): number {
    if (this.#older.count === 0) return 0;
    return Math.max(0, this.#older.percentile(share) / 1e9 - RESOLUTION / 1000);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#older.disable();
    this.#newer.disable();
  }

  #move(): void {
    this.#older.reset();
    [this.#older, this.#newer] = [this.#newer, this.#older];
  }
}

function started(): IntervalHistogram {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  delay.enable();
  return delay;
}
