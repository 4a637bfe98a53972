// Tests wait through test/support/until.ts: for a condition, with a deadline in time. What else stands for a wait is refused here: a count of tries, a
// timer that "should do", a loop without a deadline.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const TEST = resolve(import.meta.dirname, '..');
/** The helpers themselves, and this file, which names what it refuses. */
const EXEMPT = ['support/until.ts', 'checks/waits.test.ts'];

const REFUSED: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a count of tries', /\bfor \([^;]*;[^;]*\b(?:tries|attempts?|retries|idle)\b[^;]*[<>][^;]*;/],
  ['a count of tries', /\bfor \(let (?:tries|attempts?|retries) = [^)]*\)/],
  ['a timer of its own', /from '(?:node:)?timers\/promises'/],
  ['a timer of its own', /\(\(?(\w+)(?:, \w+)?\)? =>\s*\{?\s*(?:void )?setTimeout\(\s*(?:\1\b|\(\) => \1\()/],
  ['a wait of the runner, which has a second', /\bvi\.waitFor|\bvi\.waitUntil|\bexpect\s*\.poll\b/],
  ['a loop without a deadline', /\bwhile \([^\n]*\)\s*\{?\s*await (?:pace|turns)\(/],
  [
    'a second helper',
    /\b(?:function|const) (?:until|untilPasses|eventually|waitFor|waitUntil|settle|sleep|delay|stays)\b/,
  ],
];

function refusalsOf(source: string): string[] {
  const code = source.replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, '');
  return REFUSED.filter(([, pattern]) => pattern.test(code)).map(([what]) => what);
}

const sources = readdirSync(TEST, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !EXEMPT.includes(name))
  .map((name) => ({ name, source: readFileSync(join(TEST, name), 'utf8') }));

describe('the waits of the tests', () => {
  it('are all for a condition with a deadline in time', () => {
    expect(sources.length).toBeGreaterThan(150);
    const found = sources.flatMap(({ name, source }) =>
      refusalsOf(source).map((what) => `test/${name}: ${what}`),
    );

    expect(found, 'wait with until, untilPasses, stays, pace or turns of test/support/until.ts').toEqual([]);
  });

  it.each([
    ['a count of tries', 'for (let tries = 0; tries < 100 && seen.length < 8; tries += 1) await pace(5);'],
    [
      'a count of tries',
      'for (let tries = 0; broker.lives <= life && tries < 100; tries += 1) await pace(50);',
    ],
    ['a count of tries', 'for (let attempt = 0; ; attempt += 1) {'],
    ['a count of tries', 'for (let idle = 0; idle < 20; ) {'],
    ['a timer of its own', "import { setTimeout as sleep } from 'node:timers/promises';"],
    ['a timer of its own', 'await new Promise((resolve) => setTimeout(resolve, 600));'],
    ['a timer of its own', 'await new Promise<void>((done) => {\n  setTimeout(done, POLL);\n});'],
    ['a timer of its own', 'await new Promise((done) => setTimeout(() => done(1), 5));'],
    ['a wait of the runner, which has a second', 'await vi.waitFor(() => expect(made).toHaveBeenCalled());'],
    ['a wait of the runner, which has a second', 'await expect\n    .poll(() => figures.isWhole)'],
    ['a loop without a deadline', 'while (!isDone()) await pace(POLL);'],
    ['a loop without a deadline', 'while (!(await isDone())) {\n  await turns();\n}'],
    ['a second helper', 'async function eventually(attempt: () => Promise<void>) {'],
    ['a second helper', 'const sleep = (milliseconds: number) => pace(milliseconds);'],
  ])('would otherwise be found: %s (%s)', (what, line) => {
    expect(refusalsOf(line)).toContain(what);
  });

  it.each([
    "await until('eight events came', () => seen.length === 8);",
    'const timer = setTimeout(() => reject(new CheckTimeout(limit)), limit);',
    'for (let round = 0; round < 300; round += 1) await pace(10);',
    'while (cycles < 3) cycles = await live(vmm, cycles);',
    '// for (let tries = 0; tries < 3; tries += 1)',
  ])('what is none is left alone: %s', (line) => {
    expect(refusalsOf(line)).toEqual([]);
  });
});
