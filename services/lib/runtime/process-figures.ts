// This process in figures, the same ones for each service. Reading them changes nothing: whoever reads, and however often, the next one
// finds what it would have found anyway.
import { readdirSync } from 'node:fs';
import { createHistogram, performance, type RecordableHistogram } from 'node:perf_hooks';
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
 * that was nearly all that an idle frontend did (0.27 % of a core each). So it is slow where nothing was done for a period: a stall that is longer than
 * that period is seen all the same.
 */
const PERIOD = 100;
const IDLE_PERIOD = 250;
/** Of work in a period; less is next to nothing, milliseconds. */
const LEAST_WORK = 5;

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
 *
 * What is counted is how late the timer was; or how long a turn of the loop took on the average since the last time, where that was longer: a stall
 * that was over before the timer was due has gone on for so long at least.
 */
class LoopDelay {
  readonly #window: number;
  #timer: NodeJS.Timeout;
  #older = newHistogram();
  #newer = newHistogram();
  #due = performance.now() + PERIOD;
  #moved = performance.now();
  #worked = performance.eventLoopUtilization().active;
  #turns = turnsOfLoop();

  constructor(window: number) {
    this.#window = window;
    this.#timer = this.#lookIn(PERIOD);
  }

  /** Seconds; 0 before the first sample. */
  percentile(share: number): number {
    return this.#older.count === 0 ? 0 : this.#older.percentile(share) / 1e6;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #lookIn(period: number): NodeJS.Timeout {
    this.#due = performance.now() + period;
    return setTimeout(() => this.#look(), period).unref();
  }

  #look(): void {
    const now = performance.now();
    const { active } = performance.eventLoopUtilization();
    const turns = turnsOfLoop();
    const work = active - this.#worked;
    const longest = Math.max(now - this.#due, work / Math.max(1, turns - this.#turns));
    this.#worked = active;
    this.#turns = turns;
    this.#timer = this.#lookIn(work < LEAST_WORK ? IDLE_PERIOD : PERIOD);
    this.#count(longest);
    this.#move(now);
  }

  #count(milliseconds: number): void {
    // A histogram holds nothing smaller than 1.
    const delay = Math.max(1, Math.round(milliseconds * 1000));
    this.#older.record(delay);
    this.#newer.record(delay);
  }

  #move(now: number): void {
    if (now - this.#moved < this.#window) return;
    this.#moved = now;
    this.#older.reset();
    [this.#older, this.#newer] = [this.#newer, this.#older];
  }
}

function turnsOfLoop(): number {
  return performance.nodeTiming.uvMetricsInfo.loopCount;
}

function newHistogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 2 });
}
