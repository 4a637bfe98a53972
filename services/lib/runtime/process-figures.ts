// This process in figures, the same ones for each service. Reading them changes nothing: whoever reads, and however often, the next one
// finds what it would have found anyway.
import { readdirSync } from 'node:fs';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
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
/**
 * The timer that measures the loop's delay fires so often, milliseconds; its own period is not part of the delay. A process that does nothing
 * else wakes up for it, and a host may have hundreds of those: with Node's own monitorEventLoopDelay() at 20 ms, twice because of the window,
 * that was nearly all that an idle frontend did (0.27 % of a core each).
 */
const PERIOD = 100;

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
 * two windows old it begins anew and the other one is the older. They count microseconds, up to an hour.
 */
class LoopDelay {
  readonly #window: number;
  readonly #timer: NodeJS.Timeout;
  #older = newHistogram();
  #newer = newHistogram();
  #looked = performance.now();
  #moved = this.#looked;

  constructor(window: number) {
    this.#window = window;
    this.#timer = setInterval(() => this.#look(), PERIOD);
    this.#timer.unref();
  }

  /** Seconds; 0 before the first sample. */
  percentile(share: number): number {
    return this.#older.count === 0 ? 0 : this.#older.percentile(share) / 1e6;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    // A histogram holds nothing smaller than 1.
    const delay = Math.max(1, Math.round((now - this.#looked - PERIOD) * 1000));
    this.#looked = now;
    this.#older.record(delay);
    this.#newer.record(delay);
    if (now - this.#moved < this.#window) return;
    this.#moved = now;
    this.#older.reset();
    [this.#older, this.#newer] = [this.#newer, this.#older];
  }
}

function newHistogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 2 });
}
