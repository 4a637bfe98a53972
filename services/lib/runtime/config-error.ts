// The error of a configuration that cannot be used: every problem of it at once, each with its place.
import { EXIT, ExitError } from './exit-code.ts';

export type ConfigProblem = {
  /** Where: "FILE:LINE:COLUMN", "environment variable NAME" or "option --NAME". */
  readonly place: string;
  /** Which setting, e.g. "vms[0].window"; empty for the file as a whole. */
  readonly setting: string;
  /** What is there, as it is written there. */
  readonly found: string;
  /** What would be right. */
  readonly expected: string;
};

export class ConfigError extends ExitError {
  readonly problems: readonly ConfigProblem[];

  /** The problems are told in the order of the file; those from outside of it come first. */
  constructor(problems: readonly ConfigProblem[]) {
    const sorted = [...problems].sort((a, b) => position(a) - position(b));
    super(EXIT.USAGE, sorted.map(problemText).join('\n'));
    this.name = 'ConfigError';
    this.problems = sorted;
  }
}

/** One line: "barkeep.yaml:12:13: vms[0].window: found 1000MiB; expected a power of two …". */
export function problemText(problem: ConfigProblem): string {
  const setting = problem.setting === '' ? '' : `${problem.setting}: `;
  return `${problem.place}: ${setting}found ${problem.found}; expected ${problem.expected}`;
}

/** No line of a configuration has this many columns. */
const LINE = 1_000_000;

function position({ place }: ConfigProblem): number {
  const match = /:([0-9]+):([0-9]+)$/.exec(place);
  return match ? Number(match[1]) * LINE + Number(match[2]) : 0;
}
