// How long the commands of all VMs took, stage by stage, since the broker started: added up from what frontends report, which is cumulative
// for each of their processes. It only rises: what a VM took stays when the VM goes, and a frontend that begins at zero takes nothing away.
import { countFromWire } from '../lib/rpc/u64.ts';
import { type Distribution, DurationHistogram } from '../lib/runtime/duration-histogram.ts';
import type { FrontendFigures } from './frontend-figures.ts';

type Stages = ReadonlyMap<string, Distribution>;
/** The last report of a VM's frontend, and when that process started: seconds since 1970. */
type Known = { readonly startTime: number; readonly stages: Stages };

const NOTHING: Stages = new Map();

export class StageDurations {
  readonly #stages = new Map<string, DurationHistogram>();
  readonly #known = new Map<string, Known>();
  readonly #since: number;

  /** @param since when the broker started, seconds since 1970 */
  constructor(since: number) {
    this.#since = since;
  }

  /** Takes a report that was checked, of the frontend of a VM. */
  report(vm: string, figures: FrontendFigures): void {
    const startTime = figures.process?.startTime ?? 0;
    const stages = stagesOf(figures);
    const before = this.#before(vm, startTime, stages);
    this.#known.set(vm, { startTime, stages });
    for (const [stage, now] of stages) this.#histogram(stage).add(grown(now, before.get(stage)));
  }

  /** In the order in which the stages were first heard of. */
  *entries(): Generator<readonly [stage: string, Distribution], void, undefined> {
    for (const [stage, histogram] of this.#stages) yield [stage, histogram.distribution];
  }

  /**
   * What of a report was counted already. A frontend that is older than this broker has told an earlier one, and reports to this one before
   * it has it do anything (frontend/main.ts).
   */
  #before(vm: string, startTime: number, stages: Stages): Stages {
    const known = this.#known.get(vm);
    if (known?.startTime === startTime) return known.stages;
    return startTime > 0 && startTime < this.#since ? stages : NOTHING;
  }

  #histogram(stage: string): DurationHistogram {
    let histogram = this.#stages.get(stage);
    if (histogram === undefined) {
      histogram = new DurationHistogram();
      this.#stages.set(stage, histogram);
    }
    return histogram;
  }
}

function stagesOf({ latencies }: FrontendFigures): Stages {
  return new Map(
    (latencies ?? []).map(({ stage, histogram }) => [
      stage ?? '',
      {
        bounds: histogram?.bounds ?? [],
        counts: (histogram?.counts ?? []).map(countFromWire),
        sum: histogram?.sum ?? 0,
      },
    ]),
  );
}

/** What came between two reports of one process. One that has fallen began anew, and is all new. */
function grown(now: Distribution, before: Distribution | undefined): Distribution {
  const isSame = before !== undefined && before.counts.length === now.counts.length;
  if (!isSame || now.counts.some((count, index) => count < before.counts[index]!)) return now;
  return {
    bounds: now.bounds,
    counts: now.counts.map((count, index) => count - before.counts[index]!),
    sum: Math.max(0, now.sum - before.sum),
  };
}
