// What a frontend reports about itself: checked at the border, since it becomes series of the metrics endpoint.
import type { barkeep } from '../lib/rpc/gen/barkeep.js';
import { StatusError } from '../lib/rpc/status-error.ts';
import { countFromWire, fromWire, type WireU64 } from '../lib/rpc/u64.ts';
import { BOUNDS, DurationHistogram } from '../lib/runtime/duration-histogram.ts';

/** As it came, once it was checked; it is handed on as it is, but for buckets that are not ours. */
export type FrontendFigures = barkeep.v1.FrontendStatistics.$Properties;

// proto: FrontendStatistics. Each stage and each (command, answer) becomes a series for every VM.
const MOST_STAGES = 16;
const MOST_COMMANDS = 512;
const MOST_BOUNDS = 64;
const MOST_PROBLEMS = 8;
/** It is printed on terminals: nothing that could steer one. */
const PROBLEM = /^[^\p{C}]{1,1000}$/u;
const LABEL = /^[A-Za-z0-9_.-]{1,64}$/;

/** Throws StatusError PROTOCOL. */
export function checkFrontendFigures(figures: FrontendFigures): FrontendFigures {
  const latencies = figures.latencies ?? [];
  const commands = figures.commands ?? [];
  if (latencies.length > MOST_STAGES) refuse(`${latencies.length} stages`, `at most ${MOST_STAGES}`);
  if (commands.length > MOST_COMMANDS) refuse(`${commands.length} commands`, `at most ${MOST_COMMANDS}`);
  for (const { stage, histogram } of latencies) {
    checkLabel(stage);
    const bounds = histogram?.bounds ?? [];
    const counts = histogram?.counts ?? [];
    if (bounds.length > MOST_BOUNDS) refuse(`${bounds.length} buckets`, `at most ${MOST_BOUNDS}`);
    if (counts.length !== bounds.length + 1) {
      refuse(`${counts.length} counts for ${bounds.length} bounds`, 'one more count than bounds');
    }
    if (bounds.some((bound, index) => !(bound > (bounds[index - 1] ?? 0)))) {
      refuse('bounds that do not rise', 'ascending bounds');
    }
  }
  for (const { command, answer } of commands) {
    checkLabel(command);
    checkLabel(answer);
  }
  checkProblems(figures.vmm?.problems ?? []);
  checkExact(figures.strayBytes, 'stray bytes');
  checkExact(figures.untoldBlobs, 'untold blobs');
  return latencies.every(hasOurBuckets) ? figures : { ...figures, latencies: latencies.map(withOurBuckets) };
}

function hasOurBuckets({ histogram }: barkeep.v1.StageLatency.$Properties): boolean {
  const bounds = histogram?.bounds ?? [];
  return bounds.length === BOUNDS.length && bounds.every((bound, index) => bound === BOUNDS[index]);
}

/** A frontend of another version may have others; series of one metric have to have the same. */
function withOurBuckets({
  stage,
  histogram,
}: barkeep.v1.StageLatency.$Properties): barkeep.v1.StageLatency.$Properties {
  const ours = new DurationHistogram();
  const { bounds, counts, sum } = histogram ?? {};
  ours.add({ bounds: bounds ?? [], counts: (counts ?? []).map(countFromWire), sum: sum ?? 0 });
  const { distribution } = ours;
  return {
    stage: stage ?? '',
    histogram: { ...distribution, bounds: [...distribution.bounds], counts: [...distribution.counts] },
  };
}

/** States and kinds that this broker does not know are those of a newer frontend. */
function checkProblems(problems: readonly barkeep.v1.VmmProblem.$Properties[]): void {
  if (problems.length > MOST_PROBLEMS) refuse(`${problems.length} problems`, `at most ${MOST_PROBLEMS}`);
  for (const { message } of problems) {
    if (!PROBLEM.test(message ?? ''))
      refuse('a problem without words, or with odd ones', 'printable text, at most 1000 characters');
  }
}

function checkExact(value: WireU64, what: string): void {
  if (typeof fromWire(value) !== 'number') refuse(`${what} above 2^53 - 1`, 'what can be');
}

function checkLabel(text: string | null | undefined): void {
  if (!LABEL.test(text ?? ''))
    refuse('a name that is empty, too long or has odd characters', 'letters, digits, _, . and -, at most 64');
}

function refuse(found: string, expected: string): never {
  throw new StatusError('PROTOCOL', `a frontend reported statistics with ${found}; expected ${expected}`);
}
