// What a test does at random it does from a seed, which it says when it fails: the same places can be hit again.
import { onTestFailed } from 'vitest';
import { Random } from '../chaos/random.ts';

/** For the test that runs: numbers from BARKEEP_SEED, or else from the clock. */
export function seeded(): Random {
  const seed = seedOf(process.env['BARKEEP_SEED']);
  onTestFailed(() => {
    process.stderr.write(`${advice(seed)}\n`);
  });
  return new Random(seed);
}

export function seedOf(given: string | undefined, now = Date.now()): number {
  if (given === undefined || given === '') return now >>> 0;
  const seed = Number(given);
  if (!/^\d+$/.test(given) || seed >= 2 ** 32)
    throw new RangeError(`BARKEEP_SEED is ${JSON.stringify(given)}: give a whole number below 2^32`);
  return seed;
}

export function advice(seed: number): string {
  return `the random numbers of this test came from a seed: run it again with BARKEEP_SEED=${seed}`;
}
