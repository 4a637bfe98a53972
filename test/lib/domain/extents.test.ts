import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Extents } from '../../../services/lib/domain/extents.ts';
import { NaiveRanges } from './support/naive-ranges.ts';

const GRANULE = 4096;
const SIZE = 32 * GRANULE;

describe('the extents of a file', () => {
  it('are taken and released as first fit over a list would', () => {
    const step = fc.record({
      granules: fc.integer({ min: 1, max: 10 }),
      release: fc.boolean(),
      which: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const extents = new Extents(SIZE, GRANULE);
        const naive = new NaiveRanges(SIZE);
        for (const { granules, release, which } of steps) {
          const length = granules * GRANULE;
          const fit = naive.firstFit(length);
          const taken = extents.allocate(length);
          expect(taken).toBe(fit);
          naive.insert(fit ?? 0, length, 0, true);
          for (const gone of naive.list.filter(
            (_range, index) => release && index === which % naive.list.length,
          )) {
            extents.release(gone.offset);
            naive.remove(gone.offset);
          }
          expect([...extents.free()]).toEqual(naive.free());
          expect(extents.usedBytes).toBe(naive.bytes);
          expect(extents.count).toBe(naive.list.length);
          expect(extents.largestFree).toBe(naive.largestFree);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('run out', () => {
    const extents = new Extents(SIZE, GRANULE);

    expect(extents.allocate(SIZE)).toBe(0);
    expect(extents.allocate(GRANULE)).toBeNull();
    expect(extents.size).toBe(SIZE);
  });

  it('refuse a length that is no number of granules', () => {
    const extents = new Extents(SIZE, GRANULE);

    expect(() => extents.allocate(GRANULE + 1)).toThrow(
      'a length of 4097 was asked for, which is not a multiple of 4096',
    );
    expect(() => extents.allocate(0)).toThrow(RangeError);
    expect(() => extents.allocate(Number.NaN)).toThrow(RangeError);
  });

  it('refuse to release what was not taken, or twice', () => {
    const extents = new Extents(SIZE, GRANULE);
    extents.allocate(2 * GRANULE);
    extents.release(0);

    expect(() => extents.release(0)).toThrow('no extent begins at 0x0');
    expect(() => extents.release(SIZE)).toThrow('no extent begins at 0x20000');
  });

  it('need a file of whole granules', () => {
    expect(() => new Extents(SIZE + 1, GRANULE)).toThrow(
      'size: expected a multiple of 4096 above 0, found 131073',
    );
    expect(() => new Extents(0, GRANULE)).toThrow('size: expected a multiple of 4096 above 0, found 0');
    expect(() => new Extents(SIZE, 3000)).toThrow('granule: expected a power of two, found 3000');
  });
});
