#!/usr/bin/env node
// The program `barkeep`.
import { runCommandLine } from './command-line.ts';
import { processTerminal } from './terminal.ts';

// A reader that went away (`barkeep map list | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const exitCode = await runCommandLine(process.argv.slice(2), processTerminal());
// Nothing that is still open may hold the process: everything was stopped, or had its time.
process.exit(exitCode);
