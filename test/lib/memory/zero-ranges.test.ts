import { array, assert, boolean, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZeroRanges } from '../../../services/lib/memory/zero-ranges.ts';

function all(ranges: ZeroRanges): [number, number][] {
  return Array.from({ length: ranges.count }, (_, index) => [ranges.offsetAt(index), ranges.lengthAt(index)]);
}

function of(...items: [number, number][]): ZeroRanges {
  const ranges = new ZeroRanges();
  for (const [offset, length] of items) ranges.add(offset, length);
  return ranges;
}

describe('zero ranges', () => {
  it('merge what touches or overlaps, from either side', () => {
    expect(all(of([0, 10], [10, 10]))).toEqual([[0, 20]]);
    expect(all(of([10, 10], [0, 10]))).toEqual([[0, 20]]);
    expect(all(of([0, 10], [20, 10], [5, 20]))).toEqual([[0, 30]]);
    expect(all(of([0, 30], [10, 5]))).toEqual([[0, 30]]);
    expect(all(of([10, 5], [0, 30]))).toEqual([[0, 30]]);
  });

  it('stay apart and sorted otherwise', () => {
    expect(all(of([40, 1], [0, 1], [20, 1], [60, 1]))).toEqual([
      [0, 1],
      [20, 1],
      [40, 1],
      [60, 1],
    ]);
  });

  it('hold offsets above 2^32, and start again after clear()', () => {
    const ranges = of([2 ** 45, 4096], [2 ** 45 + 4096, 4096]);
    expect(all(ranges)).toEqual([[2 ** 45, 8192]]);
    ranges.clear();
    ranges.add(1, 1);
    expect(all(ranges)).toEqual([[1, 1]]);
  });

  it('give back what is taken out, and say how much that was', () => {
    const ranges = of([0, 30], [40, 10]);
    expect(ranges.remove(10, 10)).toBe(10);
    expect(all(ranges)).toEqual([
      [0, 10],
      [20, 10],
      [40, 10],
    ]);
    expect(ranges.remove(25, 20)).toBe(10);
    expect(all(ranges)).toEqual([
      [0, 10],
      [20, 5],
      [45, 5],
    ]);
    expect(ranges.remove(10, 10)).toBe(0);
    expect(ranges.remove(0, 100)).toBe(20);
    expect(all(ranges)).toEqual([]);
  });

  it('cover exactly what was added and not taken out, whatever the order', () => {
    const range = record({
      offset: integer({ min: 0, max: 300 }),
      length: integer({ min: 1, max: 20 }),
      isAdded: boolean(),
    });
    assert(
      property(array(range, { maxLength: 200 }), (items) => {
        const ranges = new ZeroRanges();
        const bytes = new Uint8Array(400);
        for (const { offset, length, isAdded } of items) {
          const covered = bytes.subarray(offset, offset + length).reduce((sum, byte) => sum + byte, 0);
          if (isAdded) ranges.add(offset, length);
          else expect(ranges.remove(offset, length)).toBe(covered);
          bytes.fill(isAdded ? 1 : 0, offset, offset + length);
        }
        const seen = new Uint8Array(400);
        for (const [offset, length] of all(ranges)) seen.fill(1, offset, offset + length);
        expect(seen).toEqual(bytes);
        expect(ranges.bytes).toBe(bytes.reduce((sum, byte) => sum + byte, 0));
        // Maximal: between two ranges lies at least one byte.
        const list = all(ranges);
        expect(
          list.every(([offset], index) => index === 0 || offset > list[index - 1]![0] + list[index - 1]![1]),
        ).toBe(true);
      }),
    );
  });
});
