// Where a command writes and what it is told by its surroundings: the process's own, or a test's.
import { isJournalStream, withPriority } from '../lib/runtime/journal-stream.ts';
import { writeToStderr } from '../lib/runtime/stderr.ts';

export type Terminal = {
  /** What the command answers. Resolves when the reader's side has taken it, however slow it is. Rejects with ReaderGone, or with what was wrong. */
  out(text: string): Promise<void>;
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

/** Nobody reads stdout any more, as with `barkeep map list | head -1`: there is nothing to say, and nobody to say it to. */
class ReaderGone extends Error {
  constructor() {
    super('nobody reads the answer');
    this.name = 'ReaderGone';
  }
}

/** By name: main.ts and the parts that it loads are built apart, and have a class each. */
export function isReaderGone(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReaderGone';
}

/** The process's own. Colours only for a terminal, and never with NO_COLOR (https://no-color.org). */
export function processTerminal(program: string): Terminal {
  const { NO_COLOR: noColor, TERM: term } = process.env;
  // Each write learns of its own failure; without a listener the first one would end the process.
  process.stdout.on('error', () => undefined);
  const isJournal = isJournalStream(2);
  return {
    out: written,
    error: (text) => writeToStderr(isJournal ? withPriority('error', text) : text),
    width: process.stdout.columns ?? DEFAULT_WIDTH,
    isColoured: process.stdout.isTTY === true && (noColor === undefined || noColor === '') && term !== 'dumb',
    environment: process.env,
    program,
  };
}

/** A pipe takes 64 KiB at a time and the rest when its reader has read: who ends the process before that has cut the answer off. */
function written(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (!error) resolve();
      else if ((error as NodeJS.ErrnoException).code === 'EPIPE') reject(new ReaderGone());
      else reject(new Error(`write the answer to stdout: ${error.message}`, { cause: error }));
    });
  });
}
