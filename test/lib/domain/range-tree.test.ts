import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RangeTree } from '../../../services/lib/domain/range-tree.ts';
import { NaiveRanges } from './support/naive-ranges.ts';

const SIZE = 64;

const place = fc
  .tuple(fc.nat(SIZE - 1), fc.integer({ min: 1, max: 12 }))
  .map(([offset, length]) => ({ offset, length: Math.min(length, SIZE - offset) }));

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('insert' as const), at: place, held: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('remove' as const), at: place, held: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hold' as const), at: place, held: fc.boolean() }) },
);

type Step = { kind: 'insert' | 'remove' | 'hold'; at: { offset: number; length: number }; held: boolean };

/** The same step on the tree and on the list, which share these methods. */
function run(ranges: RangeTree | NaiveRanges, { kind, at, held }: Step, owner: number): unknown {
  return {
    insert: () => ranges.insert(at.offset, at.length, owner, held),
    remove: () => ranges.remove(at.offset),
    hold: () => ranges.setHeld(at.offset, held),
  }[kind]();
}

function everythingOf(tree: RangeTree) {
  return {
    count: tree.count,
    bytes: tree.bytes,
    holes: tree.holes,
    largestFree: tree.largestFree,
    ranges: [...tree.ranges()],
    free: [...tree.free()],
  };
}

function everythingOfNaive(naive: NaiveRanges) {
  return {
    count: naive.list.length,
    bytes: naive.bytes,
    holes: naive.free().length,
    largestFree: naive.largestFree,
    ranges: naive.list,
    free: naive.free(),
  };
}

/** How deep an AVL tree can be at most, with `count` ranges and the one at the end: the sparsest trees grow like Fibonacci's. */
function deepest(count: number): number {
  const fewest = [0, 1];
  while (fewest.at(-1)! <= count + 1) {
    fewest.push(fewest.at(-1)! + fewest.at(-2)! + 1);
  }
  return fewest.length - 2;
}

describe('a range tree', () => {
  it('agrees with a list after every step', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const tree = new RangeTree(SIZE);
        const naive = new NaiveRanges(SIZE);
        for (const [index, one] of steps.entries()) {
          expect(run(tree, one, index)).toEqual(run(naive, one, index));
          expect(everythingOf(tree)).toEqual(everythingOfNaive(naive));
          expect(tree.depth).toBeLessThanOrEqual(deepest(tree.count));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('answers every question as a list does', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.array(place, { minLength: 1 }),
        (steps, questions) => {
          const tree = new RangeTree(SIZE);
          const naive = new NaiveRanges(SIZE);
          for (const [index, one] of steps.entries()) {
            run(tree, one, index);
            run(naive, one, index);
          }
          for (const { offset, length } of questions) {
            const overlapping = naive.overlapping(offset, length);
            expect(tree.firstOverlap(offset, length)).toEqual(overlapping[0] ?? null);
            expect(tree.firstHeldOverlap(offset, length)).toEqual(
              overlapping.find((range) => range.held) ?? null,
            );
            expect(tree.firstFit(length)).toEqual(naive.firstFit(length));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('has one hole as long as itself when empty, and none when full', () => {
    const tree = new RangeTree(SIZE);
    const empty = everythingOf(tree);
    tree.insert(0, SIZE, 7, true);

    expect(empty).toEqual({
      count: 0,
      bytes: 0,
      holes: 1,
      largestFree: SIZE,
      ranges: [],
      free: [{ offset: 0, length: SIZE }],
    });
    expect(everythingOf(tree)).toEqual({
      count: 1,
      bytes: SIZE,
      holes: 0,
      largestFree: 0,
      ranges: [{ offset: 0, length: SIZE, owner: 7, held: true }],
      free: [],
    });
  });

  it('refuses a range that leaves it', () => {
    const tree = new RangeTree(SIZE);

    expect(tree.insert(SIZE - 1, 2, 1, true)).toBe(false);
    expect(tree.insert(SIZE, 1, 1, true)).toBe(false);
    expect(tree.insert(SIZE + 5, 1, 1, true)).toBe(false);
    expect(tree.remove(SIZE)).toBeNull();
    expect(tree.setHeld(SIZE, true)).toBe(false);
    expect(tree.count).toBe(0);
  });

  it('keeps its full precision in a window of 64 TiB', () => {
    const tree = new RangeTree(2 ** 46);
    tree.insert(2 ** 46 - 4096, 4096, 0xffff_ffff, true);

    expect(tree.firstOverlap(2 ** 46 - 1, 1)).toEqual({
      offset: 2 ** 46 - 4096,
      length: 4096,
      owner: 0xffff_ffff,
      held: true,
    });
    expect(tree.largestFree).toBe(2 ** 46 - 4096);
  });

  // The orders that ruin trees which are not balanced: a guest chooses the order.
  it.each([
    ['rising', (index: number) => index],
    ['falling', (index: number) => 19_999 - index],
    ['from both ends', (index: number) => (index % 2 === 0 ? index / 2 : 20_000 - (index + 1) / 2)],
    ['scattered', (index: number) => (index * 7919) % 20_000],
  ])('stays shallow with 20,000 ranges in %s order', (_order, at) => {
    const tree = new RangeTree(40_000);
    const order = Array.from({ length: 20_000 }, (_unused, index) => at(index) * 2);

    const inserted = order.filter((offset, index) => tree.insert(offset, 1, index, true)).length;
    const full = { count: tree.count, holes: tree.holes, depth: tree.depth };
    const removed = order.filter(
      (offset, index) => tree.remove(offset) === index && tree.depth <= deepest(tree.count),
    );

    expect(inserted).toBe(20_000);
    expect(removed).toHaveLength(20_000);
    expect(full.count).toBe(20_000);
    expect(full.holes).toBe(20_000);
    expect(full.depth).toBeLessThanOrEqual(deepest(20_000));
    expect(everythingOf(tree)).toEqual(everythingOfNaive(new NaiveRanges(40_000)));
  });

  it('is empty after clear, whatever was in it', () => {
    const tree = new RangeTree(SIZE);
    for (let offset = 0; offset < SIZE; offset += 2) {
      tree.insert(offset, 1, offset, true);
    }
    tree.clear();
    expect(everythingOf(tree)).toEqual(everythingOfNaive(new NaiveRanges(SIZE)));
    expect(tree.insert(0, SIZE, 1, false)).toBe(true);
  });
});
