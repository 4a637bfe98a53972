// Lines of a log that others cause: how many are written, and that the others are counted.
import { expect, test } from 'vitest';
import { LineLimit } from '../../../services/lib/runtime/line-limit.ts';

let now = 0;
const told: [string, number][] = [];
function limitOf(): LineLimit {
  now = 0;
  told.length = 0;
  return new LineLimit({ report: (kind, leftOut) => told.push([kind, leftOut]), now: () => now });
}
const written = (limit: LineLimit, kind: string, times: number): number =>
  Array.from({ length: times }, () => limit.admits(kind)).filter(Boolean).length;

test('of each kind a hundred are written, then one in ten seconds', () => {
  const limit = limitOf();
  expect([written(limit, 'a', 5000), written(limit, 'b', 3)]).toEqual([100, 3]);
  now = 9_999;
  expect(written(limit, 'a', 10)).toBe(0);
  now = 10_000;
  expect(written(limit, 'a', 10)).toBe(1);
  now = 10_000_000;
  expect(written(limit, 'a', 1000)).toBe(100);
});

test('what is left out is told, once', () => {
  const limit = limitOf();
  written(limit, 'a', 150);
  written(limit, 'b', 100);
  written(limit, 'c', 101);
  limit.flush();
  limit.flush();
  expect(told).toEqual([
    ['a', 50],
    ['c', 1],
  ]);
});

test('inventing kinds does not help, and costs no memory', () => {
  const limit = limitOf();
  let sum = 0;
  for (let n = 0; n < 100_000; n++) if (limit.admits(`kind ${n}`)) sum += 1;
  expect(sum).toBe(1000 + 100);
  limit.flush();
  expect(told).toEqual([['of many kinds', 100_000 - 1100]]);
});
