// What a frontend counts and measures, and how it reports that to the broker (proto: FrontendStatistics). Everything is cumulative.
import { readdirSync } from 'node:fs';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { barkeep } from '../lib/rpc/gen/barkeep.js';
import type { AnswerName, CommandName } from '../lib/wire/virtio-gpu.ts';

export const STAGES = ['rpc', 'vmm', 'command'] as const;
export type Stage = (typeof STAGES)[number];

/** Upper bounds in milliseconds, 10 µs to 5 s in steps of 1, 2 and 5: good enough for a quantile, cheap enough to search. */
const BOUNDS = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000,
] as const;
const BOUNDS_IN_SECONDS = BOUNDS.map((bound) => bound / 1000);
const LAG_RESOLUTION = 20;
const NANOSECONDS = 1e9;

/** The distribution of durations over BOUNDS. */
export class LatencyHistogram {
  readonly #counts = new Array<number>(BOUNDS.length + 1).fill(0);
  #sum = 0;

  /** Adds the same duration `times` times. Milliseconds. */
  observe(duration: number, times = 1): void {
    let bucket = 0;
    while (bucket < BOUNDS.length && duration > (BOUNDS[bucket] as number)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] as number) + times;
    this.#sum += duration * times;
  }

  message(): barkeep.v1.Histogram.$Properties {
    return { bounds: BOUNDS_IN_SECONDS, counts: [...this.#counts], sum: this.#sum / 1000 };
  }
}

/**
 * Names of commands, a word for all that have none (the guest must not be able to make up labels), and one for those that killed this
 * process twice.
 */
export type CountedCommand = CommandName | 'UNKNOWN' | 'MALFORMED' | 'POISON';
/** "NONE": the chain had no room for an answer. */
export type CountedAnswer = AnswerName | 'NONE';

export class Statistics {
  readonly #latencies: Readonly<Record<Stage, LatencyHistogram>> = {
    rpc: new LatencyHistogram(),
    vmm: new LatencyHistogram(),
    command: new LatencyHistogram(),
  };
  readonly #commands = new Map<CountedCommand, Map<CountedAnswer, number>>();
  readonly #lag: IntervalHistogram;
  #malformedChains = 0;
  #slotRefusals = 0;
  /** Something was counted since the last report. True at first, so that a fresh session hears of the process. */
  #isChanged = true;

  constructor() {
    this.#lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION });
    this.#lag.enable();
  }

  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** Milliseconds. */
  observe(stage: Stage, duration: number, times = 1): void {
    this.#latencies[stage].observe(duration, times);
    this.#isChanged = true;
  }

  count(command: CountedCommand, answer: CountedAnswer): void {
    let answers = this.#commands.get(command);
    if (!answers) {
      answers = new Map();
      this.#commands.set(command, answers);
    }
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
    this.#isChanged = true;
  }

  countMalformed(chains: number): void {
    if (chains === 0) return;
    this.#malformedChains += chains;
    this.#isChanged = true;
  }

  /** Maps for which the VMM had no memory slot. */
  countSlotRefusals(maps: number): void {
    this.#slotRefusals += maps;
    this.#isChanged = true;
  }

  /** The next report is sent whether anything changed or not. */
  touch(): void {
    this.#isChanged = true;
  }

  /** Everything as one message; isChanged is false afterwards, and the event-loop figures start anew. */
  report(): barkeep.v1.FrontendStatistics.$Properties {
    this.#isChanged = false;
    const commands = [];
    for (const [command, answers] of this.#commands) {
      for (const [answer, count] of answers) commands.push({ command, answer, count });
    }
    return {
      latencies: STAGES.map((stage) => ({ stage, histogram: this.#latencies[stage].message() })),
      commands,
      process: this.#process(),
      malformedChains: this.#malformedChains,
      slotRefusals: this.#slotRefusals,
    };
  }

  stop(): void {
    this.#lag.disable();
  }

  #process(): barkeep.v1.ProcessStatistics.$Properties {
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const lag = this.#lag;
    const figures = {
      residentBytes: rss,
      heapUsedBytes: heapUsed,
      openFds: countOpenFds(),
      cpuSeconds: (user + system) / 1e6,
      eventLoopLagP50: lagSeconds(lag.percentile(50)),
      eventLoopLagP99: lagSeconds(lag.percentile(99)),
      eventLoopLagMax: lagSeconds(lag.max),
      startTime: performance.timeOrigin / 1000,
    };
    lag.reset();
    return figures;
  }
}

/** The histogram measures the distance of timers of LAG_RESOLUTION: what is above it is lag. Before the first sample it holds nonsense. */
function lagSeconds(nanoseconds: number): number {
  const lag = nanoseconds / NANOSECONDS - LAG_RESOLUTION / 1000;
  return Number.isFinite(lag) && lag > 0 && lag < 3600 ? lag : 0;
}

function countOpenFds(): number {
  try {
    // One of them is the directory that is being read.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return 0;
  }
}
