// How long a guest had to wait because of deaths, from its own clock: the longest of the lives of single blobs that were under way.
import { quantile } from '../bench/sample.ts';
import { PROBE, type Round } from './guest-load.ts';

/** One death of a service or of both at once; performance.now(), milliseconds. */
export type Death = {
  readonly of: 'frontend' | 'broker' | 'both';
  readonly at: number;
  /** When everything that died served again; null when the next death did not wait for that. */
  readonly backAt: number | null;
};

export type Stalls = {
  /** Deaths whose successor served before anybody died again. */
  readonly deaths: number;
  /** Milliseconds, of those deaths: the longest life of a blob that the death fell into, as the probing process saw it. */
  readonly median: number;
  readonly p99: number;
  readonly longest: number;
  /** The same for deaths that followed each other before anybody served: how many were one row at most, and the longest row's cost. */
  readonly rows: number;
  readonly longestOfRows: number;
  /** Before the first death, with the same load. */
  readonly undisturbed: number;
};

/** What a guest still does of a command when everything serves again, milliseconds. */
const AFTERMATH = 100;

/** `only`: of deaths of that kind; rows are of all kinds. */
export function stallsOf(
  deaths: readonly Death[],
  all: readonly Round[],
  only: Death['of'] | null = null,
): Stalls {
  const rounds = all.filter(({ lane }) => lane === PROBE);
  const longestIn = (from: number, to: number): number =>
    Math.max(
      0,
      ...rounds.filter(({ start, end }) => start <= to && end >= from).map(({ longest }) => longest),
    );
  const single: number[] = [];
  const rows: number[] = [];
  let since: number | null = null;
  for (const { of, at, backAt } of deaths) {
    if (backAt === null) {
      since ??= at;
      continue;
    }
    const longest = longestIn(since ?? at, backAt + AFTERMATH);
    if (since !== null) rows.push(longest);
    else if (only === null || of === only) single.push(longest);
    since = null;
  }
  single.sort((a, b) => a - b);
  const at = (part: number): number => (single.length === 0 ? 0 : quantile(single, part));
  const first = deaths[0]?.at ?? Number.POSITIVE_INFINITY;
  const before = rounds.filter(({ end }) => end < first).map(({ longest }) => longest);
  return {
    deaths: single.length,
    median: at(0.5),
    p99: at(0.99),
    longest: single.at(-1) ?? 0,
    rows: rows.length,
    longestOfRows: Math.max(0, ...rows),
    undisturbed: Math.max(0, ...before),
  };
}
