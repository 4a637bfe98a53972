#!/usr/bin/env node
// The program `barkeep`.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Parts } from './parts.ts';
import { processTerminal } from './terminal.ts';

// A reader that went away (`barkeep map list | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const program = fileURLToPath(import.meta.url);
const parts = new Parts(join(dirname(program), 'parts'));
const terminal = processTerminal(program);
const argv = process.argv.slice(2);
// The keeper loads nothing that it does not need, and the command line is most of the program.
const exitCode =
  argv[0] === 'keep'
    ? await (parts.load('keep.cjs') as typeof import('./keep.ts')).runKeep(argv.slice(1), terminal)
    : await (parts.load('command-line.cjs') as typeof import('./command-line.ts')).runCommandLine(
        argv,
        terminal,
      );
// Nothing that is still open may hold the process: everything was stopped, or had its time.
process.exit(exitCode);
