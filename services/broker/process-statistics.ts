// The broker's own process in figures.
import { readdirSync } from 'node:fs';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

export type ProcessFigures = {
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly openFds: number;
  readonly cpuSeconds: number;
  /** Seconds, since the last time the figures were taken. */
  readonly eventLoopLagP50: number;
  readonly eventLoopLagP99: number;
  readonly eventLoopLagMax: number;
  /** Seconds since 1970. */
  readonly startTime: number;
};

/** The timer that measures the loop's delay fires so often; its own period is not part of the delay. */
const RESOLUTION_MS = 20;

export class ProcessStatistics {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #startTime = Date.now() / 1000 - process.uptime();

  constructor() {
    this.#delay.enable();
  }

  /** The figures now; the next ones count the loop's delay from here. */
  take(): ProcessFigures {
    const { user, system } = process.cpuUsage();
    const figures = {
      residentBytes: process.memoryUsage.rss(),
      heapUsedBytes: process.memoryUsage().heapUsed,
      // The descriptor with which the directory is read is not counted.
      openFds: readdirSync('/proc/self/fd').length - 1,
      cpuSeconds: (user + system) / 1e6,
      eventLoopLagP50: lag(this.#delay.percentile(50)),
      eventLoopLagP99: lag(this.#delay.percentile(99)),
      eventLoopLagMax: this.#delay.count === 0 ? 0 : lag(this.#delay.max),
      startTime: this.#startTime,
    };
    this.#delay.reset();
    return figures;
  }

  close(): void {
    this.#delay.disable();
  }
}

function lag(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000);
}
