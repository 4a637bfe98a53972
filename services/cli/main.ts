#!/usr/bin/env node
// The program `barkeep`.
import { processTerminal } from './terminal.ts';

// A reader that went away (`barkeep map list | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const argv = process.argv.slice(2);
// The keeper loads nothing that it does not need, and the command line is most of the program.
const exitCode =
  argv[0] === 'keep'
    ? await (await import('./keep.ts')).runKeep(argv.slice(1), processTerminal())
    : await (await import('./command-line.ts')).runCommandLine(argv, processTerminal());
// Nothing that is still open may hold the process: everything was stopped, or had its time.
process.exit(exitCode);
