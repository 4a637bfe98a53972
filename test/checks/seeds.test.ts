// What happens at random comes from a seed that is said (test/support/random.ts), or it can not be made to happen again.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { advice, seeded, seedOf } from '../support/random.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** It names what it refuses. */
const EXEMPT = 'test/checks/seeds.test.ts';
/** A call; a program that a test writes out as text only has to be long. */
const UNSEEDED = /(?<!['"`])\bMath\.random\b/;

describe('random numbers', () => {
  it('come from a seed everywhere', () => {
    const sources = ['services', 'test'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .map((name) => `${folder}/${name}`)
        .filter((name) => /\.(ts|mjs|cjs|js)$/.test(name) && name !== EXEMPT),
    );
    expect(sources.length).toBeGreaterThan(250);

    const found = sources.filter((name) => UNSEEDED.test(readFileSync(join(ROOT, name), 'utf8')));

    expect(found, 'take them from seeded() of test/support/random.ts').toEqual([]);
  });

  it.each([
    'await pace(50 + Math.random() * 350);',
    'const { random } = Math.random',
  ])('would otherwise be found: %s', (line) => expect(UNSEEDED.test(line)).toBe(true));

  it('are the same ones from the same seed', () => {
    const before = process.env['BARKEEP_SEED'];
    process.env['BARKEEP_SEED'] = '7';
    try {
      const [one, other] = [seeded(), seeded()].map((random) => [random.next(), random.next()]);
      expect(one).toEqual(other);
    } finally {
      if (before === undefined) delete process.env['BARKEEP_SEED'];
      else process.env['BARKEEP_SEED'] = before;
    }
  });

  it('have a seed from the clock, or the one that is given, which is said', () => {
    expect(seedOf(undefined, 12)).toBe(12);
    expect(seedOf('', 2 ** 32 + 5)).toBe(5);
    expect(advice(seedOf('4294967295'))).toContain('BARKEEP_SEED=4294967295');
  });

  it.each(['x', '-1', '1.5', '4294967296'])('refuse the seed %s', (given) => {
    expect(() => seedOf(given)).toThrow(/BARKEEP_SEED is .*: give a whole number below 2\^32/);
  });
});
