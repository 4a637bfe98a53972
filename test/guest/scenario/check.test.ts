import { describe, expect, it } from 'vitest';
import { CheckTimeout, expectFields, within } from './check.ts';
import { Report } from './report.ts';
import { checkNames } from './scenario.ts';

const never = new Promise<never>(() => undefined);

describe('the check harness', () => {
  it('names the fields that differ, and only those', () => {
    const compare = () => expectFields('cycles', { lost: '1', done: '5' }, { lost: '0', done: '5' });

    expect(compare).toThrow('cycles: lost=0 expected, 1 found (in: lost=1 done=5)');
  });

  it('bounds what never ends', async () => {
    await expect(within(never, 20)).rejects.toBeInstanceOf(CheckTimeout);
  });

  it('has a name of its own for every check', () => {
    const names = checkNames();

    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(50);
  });

  it('counts what was not run as a failure', () => {
    let text = '';
    const report = new Report((more) => {
      text += more;
    });
    const line = { group: 'win', what: 'something', figure: '', milliseconds: 1 };

    report.add({ ...line, name: 'a', verdict: 'ok' });
    report.add({ ...line, name: 'b', verdict: 'not run' });
    report.summary();

    expect(report.failures.map(({ name }) => name)).toEqual(['b']);
    expect(text).toContain('2 checks, 1 not ok');
  });
});
