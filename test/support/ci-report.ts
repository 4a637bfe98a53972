// What a run of the tests leaves for .ci/run (test/checks/second-try.ts): which files failed, and what else went wrong.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Reporter } from 'vitest/node';

const ROOT = resolve(import.meta.dirname, '../..');

export type TestReport = {
  /** Files with a test that failed, relative to the root of the repository. */
  readonly failed: readonly string[];
  /** What belongs to no test: an error that nobody caught, a worker that died. */
  readonly problems: readonly string[];
};

/** A reporter of vitest, beside the one that people read. */
export class CiReport implements Reporter {
  readonly path: string;

  constructor(path = join(ROOT, '.cache/ci/tests.json')) {
    this.path = path;
  }

  onInit(): void {
    rmSync(this.path, { force: true });
  }

  onTestRunEnd: NonNullable<Reporter['onTestRunEnd']> = (modules, errors) => {
    this.#write({
      failed: [...new Set(modules.filter((one) => !one.ok()).map((one) => one.relativeModuleId))],
      problems: errors.map(({ message }) => message),
    });
  };

  #write(report: TestReport): void {
    mkdirSync(dirname(this.path), { recursive: true });
    writeFileSync(this.path, `${JSON.stringify(report, null, 2)}\n`);
  }
}
