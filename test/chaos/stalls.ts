// How long a guest had to wait because of deaths, from its own clock: the longest life of a blob among those that were under way.
import { quantile } from '../bench/sample.ts';
import type { Round } from './guest-load.ts';

/** One death of a service or of both at once; performance.now(), milliseconds. */
export type Death = {
  readonly of: 'frontend' | 'broker' | 'both';
  readonly at: number;
  /** When everything that died served again. */
  readonly backAt: number;
};

export type Stalls = {
  /** Milliseconds, one for each death: the longest life of a blob in any round that the death fell into. */
  readonly each: readonly number[];
  readonly median: number;
  readonly p99: number;
  readonly longest: number;
};

/** What a guest still does of a command when everything serves again, milliseconds. */
const AFTERMATH = 100;

export function stallsOf(deaths: readonly Death[], rounds: readonly Round[]): Stalls {
  const each = deaths
    .map(({ at, backAt }) =>
      Math.max(
        0,
        ...rounds
          .filter(({ start, end }) => start <= backAt + AFTERMATH && end >= at)
          .map(({ longest }) => longest),
      ),
    )
    .sort((a, b) => a - b);
  const at = (part: number): number => (each.length === 0 ? 0 : quantile(each, part));
  return { each, median: at(0.5), p99: at(0.99), longest: each.at(-1) ?? 0 };
}
