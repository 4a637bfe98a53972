// What a frontend counts and measures of one VM, and how it reports that to the broker (proto: FrontendStatistics). Everything is cumulative.
import type { barkeep } from '../lib/rpc/gen/barkeep.js';
import { DurationHistogram } from '../lib/runtime/duration-histogram.ts';
import type { Figures } from '../lib/runtime/process-figures.ts';
import type { AnswerName, CommandName } from '../lib/wire/virtio-gpu.ts';

export const STAGES = ['vmm', 'command', 'grant'] as const;
export type Stage = (typeof STAGES)[number];

/**
 * Names of commands, a word for all that have none (the guest must not be able to make up labels), and one for those that killed this
 * process twice.
 */
export type CountedCommand = CommandName | 'UNKNOWN' | 'MALFORMED' | 'POISON';
/** "NONE": the chain had no room for an answer. */
export type CountedAnswer = AnswerName | 'NONE';

/**
 * What each command of a blob's life can be answered: counted from zero, so that the first failure is seen as one. Of the other commands a
 * guest uses some, and those are named once it has.
 */
export const ANSWERS_OF = {
  RESOURCE_CREATE_BLOB: [
    'OK_NODATA',
    'ERR_UNSPEC',
    'ERR_OUT_OF_MEMORY',
    'ERR_INVALID_RESOURCE_ID',
    'ERR_INVALID_PARAMETER',
  ],
  RESOURCE_MAP_BLOB: [
    'OK_MAP_INFO',
    'ERR_UNSPEC',
    'ERR_OUT_OF_MEMORY',
    'ERR_INVALID_RESOURCE_ID',
    'ERR_INVALID_PARAMETER',
  ],
  RESOURCE_UNMAP_BLOB: ['OK_NODATA', 'ERR_UNSPEC', 'ERR_INVALID_RESOURCE_ID', 'ERR_INVALID_PARAMETER'],
  RESOURCE_UNREF: ['OK_NODATA', 'ERR_UNSPEC', 'ERR_INVALID_RESOURCE_ID'],
} as const satisfies Readonly<Partial<Record<CommandName, readonly AnswerName[]>>>;

export class Statistics {
  readonly #latencies: Readonly<Record<Stage, DurationHistogram>> = {
    vmm: new DurationHistogram(),
    command: new DurationHistogram(),
    grant: new DurationHistogram(),
  };
  readonly #commands = new Map<CountedCommand, Map<CountedAnswer, number>>(
    Object.entries(ANSWERS_OF).map(([command, answers]) => [
      command as CountedCommand,
      new Map(answers.map((answer) => [answer, 0])),
    ]),
  );
  #malformedChains = 0;
  #outOfReachChains = 0;
  #slotRefusals = 0;
  /** Something was counted since the last report. True at first, so that a fresh session hears of the process. */
  #isChanged = true;

  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** Milliseconds. */
  observe(stage: Stage, duration: number, times = 1): void {
    this.#latencies[stage].observe(duration / 1000, times);
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

  /** Chains that were no commands; `outOfReach` of them because they lie in memory that the VMM does not share. */
  countMalformed(chains: number, outOfReach: number): void {
    if (chains === 0) return;
    this.#malformedChains += chains;
    this.#outOfReachChains += outOfReach;
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

  /**
   * Everything as one message; isChanged is false afterwards. `process` are the figures of this process: of several VMs in one of them only one
   * tells them, so that sums are right.
   */
  report(process: Figures | null = null): barkeep.v1.FrontendStatistics.$Properties {
    this.#isChanged = false;
    const commands = [];
    for (const [command, answers] of this.#commands) {
      for (const [answer, count] of answers) commands.push({ command, answer, count });
    }
    return {
      latencies: STAGES.map((stage) => ({ stage, histogram: messageOf(this.#latencies[stage]) })),
      commands,
      process,
      malformedChains: this.#malformedChains,
      slotRefusals: this.#slotRefusals,
      outOfReachChains: this.#outOfReachChains,
    };
  }
}

function messageOf({ distribution }: DurationHistogram): barkeep.v1.Histogram.$Properties {
  const { bounds, counts, sum } = distribution;
  return { bounds: [...bounds], counts: [...counts], sum };
}
