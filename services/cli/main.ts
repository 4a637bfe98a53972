#!/usr/bin/env node
// The program `barkeep`: the first file that Node loads of it, and the only one that it compiles (see parts.ts).
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../lib/runtime/exit-code.ts';
import { Parts } from './parts.ts';
import { isReaderGone, processTerminal } from './terminal.ts';

/** Returns the exit code. */
async function run(program: string, argv: readonly string[]): Promise<number> {
  const parts = new Parts(join(dirname(program), 'parts'));
  const terminal = processTerminal(program);
  // The keeper loads nothing that it does not need, and the command line is most of the program.
  if (argv[0] === 'keep') {
    const { runKeep } = parts.load('keep.cjs') as typeof import('./keep.ts');
    return await runKeep(argv.slice(1), terminal);
  }
  const { runCommandLine } = parts.load('command-line.cjs') as typeof import('./command-line.ts');
  return await runCommandLine(argv, terminal);
}

// Nothing that is still open may hold the process: everything was stopped, or had its time, and the answer is written.
void run(fileURLToPath(import.meta.url), process.argv.slice(2))
  .catch((error: unknown) => {
    if (isReaderGone(error)) return EXIT.READER_GONE;
    throw error;
  })
  .then((exitCode) => process.exit(exitCode));
