// Where a command writes and what it is told by its surroundings: the process's own, or a test's.

export type Terminal = {
  /** What the command answers. */
  out(text: string): void;
  /** What went wrong, and hints. */
  error(text: string): void;
  /** Columns of stdout. */
  readonly width: number;
  /** Whether stdout may be coloured. */
  readonly isColoured: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The file that Node has to run for a further process of this program. */
  readonly program: string;
};

/** Columns when stdout is no terminal, as programs have always assumed. */
const DEFAULT_WIDTH = 80;

/** The process's own. Colours only for a terminal, and never with NO_COLOR (https://no-color.org). */
export function processTerminal(program: string): Terminal {
  const { NO_COLOR: noColor, TERM: term } = process.env;
  return {
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
    width: process.stdout.columns ?? DEFAULT_WIDTH,
    isColoured: process.stdout.isTTY === true && (noColor === undefined || noColor === '') && term !== 'dumb',
    environment: process.env,
    program,
  };
}
