// The command of second-try.ts:
//   second-try-main.js tests | guest | chaos   tries again what .cache/ci/SUITE.json names
//   second-try-main.js --summary               says what passed only so
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SUITES, secondTry, summary } from './second-try.ts';

/** As .ci/run does, this runs in the root of the repository. */
const FOLDER = '.cache/ci';
/** What passed at the second try so far, one a line; .ci/run begins without it. */
const LEDGER = join(FOLDER, 'second-tries');

function main([argument = '']: readonly string[]): void {
  if (argument === '--summary') {
    process.stdout.write(summary(ledger()));
    return;
  }
  const suite = SUITES[argument];
  if (suite === undefined) {
    throw new Error(`${argument}: expected ${Object.keys(SUITES).join(', ')} or --summary`);
  }
  const passed = secondTry(suite, takeReport(argument), ledger(), ([command = '', ...args]) => {
    process.stdout.write(`\nwhat failed is tried once more, alone: ${[command, ...args].join(' ')}\n`);
    return spawnSync(command, args, { stdio: 'inherit' }).status === 0;
  });
  appendFileSync(LEDGER, passed.map((name) => `${name}\n`).join(''));
  process.stdout.write(summary(passed));
}

/** Takes it away, too: who fails later without a report of his own must not find this one. */
function takeReport(suite: string): string {
  const path = join(FOLDER, `${suite}.json`);
  if (!existsSync(path)) throw new Error(`the suite failed before it wrote ${path}: its output says why`);
  const report = readFileSync(path, 'utf8');
  rmSync(path);
  return report;
}

function ledger(): readonly string[] {
  return existsSync(LEDGER) ? readFileSync(LEDGER, 'utf8').trimEnd().split('\n') : [];
}

try {
  main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`second-try: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
