// For .ci/run, behind a suite that failed: what failed is tried once more, alone, because a machine that others use too can be the reason. What
// passes then is said at the end of .ci/run, so that it is mended; what fails again, or is too much, or is no failed test, fails the run.
// The command is second-try-main.ts.
import { resolve } from 'node:path';
import type { TestReport } from '../support/ci-report.ts';

/** In one run of .ci/run. More is no bad luck. */
export const MOST = 3;

/** The reports of `npm run guest` and `npm run chaos` (test/guest/scenario/report.ts). */
export type ChecksReport = {
  readonly checks: readonly { readonly group: string; readonly name: string; readonly verdict: string }[];
};

/** Checks of what every run starts and stops: they come along with any group, and cannot be chosen. */
const COMES_ALONG = 'host';

export type Suite = {
  /** What failed. Throws when it is no affair of single tests. */
  readonly failed: (report: string) => readonly string[];
  /** Command and arguments that run just that, one after the other. */
  readonly command: (names: readonly string[]) => readonly string[];
};

export const SUITES: Readonly<Record<string, Suite>> = {
  tests: {
    failed: failedFiles,
    // The whole path, by the Node that runs: other-nodes.sh comes here too.
    command: (files) => [
      process.execPath,
      'node_modules/vitest/vitest.mjs',
      'run',
      '--no-file-parallelism',
      ...files.map((file) => resolve(file)),
    ],
  },
  guest: {
    failed: failedGroups,
    command: (groups) => ['npm', 'run', 'guest', '--', ...only(groups)],
  },
  chaos: {
    failed: failedGroups,
    command: (groups) => ['npm', 'run', 'chaos', '--', '--quick', ...only(groups)],
  },
};

export function failedFiles(report: string): readonly string[] {
  const { failed, problems } = JSON.parse(report) as TestReport;
  if (problems.length > 0) throw new Error(`not only tests failed: ${problems.join('; ')}`);
  return failed;
}

export function failedGroups(report: string): readonly string[] {
  const { checks } = JSON.parse(report) as ChecksReport;
  const groups = new Set(checks.filter(({ verdict }) => verdict !== 'ok').map(({ group }) => group));
  if (groups.size > 1) groups.delete(COMES_ALONG);
  return [...groups];
}

/** No group is every group: so the host's own checks come along. */
function only(groups: readonly string[]): readonly string[] {
  return groups.filter((group) => group !== COMES_ALONG).flatMap((group) => ['--only', group]);
}

export type Run = (command: readonly string[]) => boolean;

/**
 * Tries again what `report` names, once. `before` is what was tried again earlier in this run of .ci/run; returns what passed now.
 * Throws when there is nothing to be tried, when it is too much, or when it fails again.
 */
export function secondTry(
  { failed, command }: Suite,
  report: string,
  before: readonly string[],
  run: Run,
): readonly string[] {
  const names = failed(report);
  if (names.length === 0) throw new Error('it failed, and its report names nothing that did');
  if (before.length + names.length > MOST) {
    throw new Error(
      `${[...before, ...names].join(', ')} need a second try; more than ${MOST} are no bad luck: mend them`,
    );
  }
  if (!run(command(names))) throw new Error(`failed twice: among ${names.join(', ')}`);
  return names;
}

export function summary(passed: readonly string[]): string {
  return passed.length === 0
    ? ''
    : `\n!! passed only at the second try, and so is flaky: ${passed.join(', ')}\n`;
}
