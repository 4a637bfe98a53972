#!/usr/bin/env node
// The program `barkeep`: the first file that Node loads of it, and the only one that it compiles (see parts.ts).
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Parts } from './parts.ts';
import { processTerminal } from './terminal.ts';

// A reader that went away (`barkeep map list | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

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

// Nothing that is still open may hold the process: everything was stopped, or had its time.
void run(fileURLToPath(import.meta.url), process.argv.slice(2)).then((exitCode) => process.exit(exitCode));
