// What .ci/run does about what failed: one second try for a few, none for the rest.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TestModule } from 'vitest/node';
import { CiReport } from '../support/ci-report.ts';
import { failedFiles, failedGroups, MOST, SUITES, secondTry, summary } from './second-try.ts';

const tests = SUITES['tests']!;
const reportOf = (...failed: string[]) => JSON.stringify({ failed, problems: [] });
const checksOf = (...lines: [group: string, verdict: string][]) =>
  JSON.stringify({ checks: lines.map(([group, verdict]) => ({ group, name: 'any', verdict })) });

describe('the report of the tests', () => {
  let directory: string;
  let report: CiReport;
  const written = () => readFileSync(report.path, 'utf8');
  const module = (relativeModuleId: string, isOk: boolean) =>
    ({ relativeModuleId, ok: () => isOk }) as unknown as TestModule;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'barkeep-report-'));
    report = new CiReport(join(directory, 'ci/tests.json'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('names the files that failed, each once', async () => {
    await report.onTestRunEnd(
      [module('a.test.ts', true), module('b.test.ts', false), module('b.test.ts', false)],
      [],
      'failed',
    );

    expect(failedFiles(written())).toEqual(['b.test.ts']);
  });

  it('of a run with an error that belongs to no test is none to be tried again', async () => {
    await report.onTestRunEnd([module('b.test.ts', false)], [{ message: 'Worker exited' }], 'failed');

    expect(() => failedFiles(written())).toThrow('not only tests failed: Worker exited');
  });

  it('of an earlier run is gone when a run begins', async () => {
    await report.onTestRunEnd([module('b.test.ts', false)], [], 'failed');
    report.onInit();

    expect(written).toThrow(/ENOENT/);
  });
});

describe('the groups that failed', () => {
  it('are those with a check that is not ok, or was not run', () => {
    const report = checksOf(['window', 'ok'], ['window', 'FAIL'], ['window', 'not run'], ['each', 'not run']);

    expect(failedGroups(report)).toEqual(['window', 'each']);
  });

  it('are without the host’s, which come along', () => {
    const groups = failedGroups(checksOf(['window', 'FAIL'], ['host', 'FAIL']));

    expect(SUITES['guest']?.command(groups)).toEqual(['npm', 'run', 'guest', '--', '--only', 'window']);
  });

  it('are all of them when only the host’s own checks failed', () => {
    const groups = failedGroups(checksOf(['window', 'ok'], ['host', 'FAIL']));

    expect(groups).toEqual(['host']);
    expect(SUITES['chaos']?.command(groups)).toEqual(['npm', 'run', 'chaos', '--', '--quick']);
  });
});

describe('a second try', () => {
  it('runs what failed and nothing else, and says what passed so', () => {
    const commands: (readonly string[])[] = [];
    const passed = secondTry(tests, reportOf('test/a.test.ts'), [], (command) => commands.push(command) > 0);

    expect(passed).toEqual(['test/a.test.ts']);
    expect(commands).toEqual([expect.arrayContaining(['run', `${process.cwd()}/test/a.test.ts`])]);
    expect(summary(passed)).toContain('passed only at the second try, and so is flaky: test/a.test.ts');
  });

  it('that fails is the last', () => {
    let runs = 0;
    const trying = () =>
      secondTry(tests, reportOf('a.test.ts'), [], () => {
        runs += 1;
        return false;
      });

    expect(trying).toThrow('failed twice: among a.test.ts');
    expect(runs).toBe(1);
  });

  it.each([
    ['at once', [], ['a', 'b', 'c', 'd']],
    ['together with those before', ['a', 'b', 'c'], ['d']],
  ])('is not for more than three, %s', (_, before, failed) => {
    const trying = () => secondTry(tests, reportOf(...failed), before, () => expect.fail('it ran'));

    expect(trying).toThrow(`a, b, c, d need a second try; more than ${MOST} are no bad luck`);
  });

  it('is for three', () => {
    expect(secondTry(tests, reportOf('c'), ['a', 'b'], () => true)).toEqual(['c']);
  });

  it('needs something that failed', () => {
    expect(() => secondTry(tests, reportOf(), [], () => true)).toThrow('names nothing that did');
  });
});
