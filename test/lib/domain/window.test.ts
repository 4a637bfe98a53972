import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SettingsError } from '../../../services/lib/domain/settings-error.ts';
import { Window } from '../../../services/lib/domain/window.ts';
import { NaiveRanges } from './support/naive-ranges.ts';

const PAGE = 4096;
const SIZE = 32 * PAGE;

describe('the size of a window', () => {
  it.each([PAGE, 2 * PAGE, 2 ** 30, 2 ** 34, 2 ** 46])('may be %d', (size) => {
    expect(new Window(size).figures).toEqual({
      size,
      mappings: 0,
      mappedBytes: 0,
      parked: 0,
      parkedBytes: 0,
      freeBytes: size,
      largestFree: size,
      holes: 1,
    });
  });

  it.each([
    0,
    1,
    2048,
    PAGE + 1,
    3 * PAGE,
    2 ** 32 + 2 ** 31,
    2 ** 46 - PAGE,
    2 ** 53,
    -PAGE,
    0.5,
    Number.NaN,
  ])('may not be %d', (size) => {
    expect(() => new Window(size, 'vms.desk.windowSize')).toThrow(SettingsError);
    expect(() => new Window(size, 'vms.desk.windowSize')).toThrow(
      `vms.desk.windowSize: expected a power of two of at least 4096 bytes, found ${size}`,
    );
  });
});

describe('a place in a window', () => {
  it.each([0, PAGE, SIZE - 2 * PAGE])('is given at %d when it is free', (offset) => {
    expect(new Window(SIZE).place(5, offset, 2 * PAGE, PAGE)).toBe(offset);
  });

  it.each([
    1,
    PAGE - 1,
    PAGE + 1,
    2n ** 63n + 1n,
    2n ** 64n - 1n,
  ])('is refused at %d: misaligned', (offset) => {
    expect(new Window(SIZE).place(5, offset, PAGE, PAGE)).toEqual({
      reason: 'OFFSET_MISALIGNED',
      message:
        `resource 5 was to be mapped at 0x${offset.toString(16)}, which is not a multiple of 4096: ` +
        'choose an offset that is',
      metadata: { resource: '5', offset: String(offset), alignment: '4096' },
    });
  });

  it('is refused where a larger alignment is demanded', () => {
    expect(new Window(2 ** 30).place(5, PAGE, 2 ** 21, 2 ** 21)).toMatchObject({
      reason: 'OFFSET_MISALIGNED',
    });
    expect(new Window(2 ** 30).place(5, 2 ** 21, 2 ** 21, 2 ** 21)).toBe(2 ** 21);
  });

  it.each([
    SIZE - PAGE,
    SIZE,
    SIZE + PAGE,
    2 ** 32,
    2 ** 52,
    2n ** 63n,
    2n ** 64n - 4096n,
  ])('is refused at %d: 8192 bytes there end outside, or above 2^64', (offset) => {
    expect(new Window(SIZE).place(5, offset, 2 * PAGE, PAGE)).toEqual({
      reason: 'OUTSIDE_WINDOW',
      message:
        `resource 5 with 0x2000 bytes was to be mapped at 0x${offset.toString(16)}, but the window ends at 0x20000: ` +
        'choose an offset at which all of it lies inside',
      metadata: { resource: '5', offset: String(offset), length: '8192', windowSize: '131072' },
    });
  });

  it('is refused to what is larger than the window', () => {
    expect(new Window(SIZE).place(5, 0, SIZE + PAGE, PAGE)).toMatchObject({ reason: 'OUTSIDE_WINDOW' });
    expect(new Window(SIZE).place(5, 0, Number.MAX_SAFE_INTEGER - 4095, PAGE)).toMatchObject({
      reason: 'OUTSIDE_WINDOW',
    });
  });

  it('is refused over a mapping, and says which', () => {
    const window = new Window(SIZE);
    window.add(4 * PAGE, 2 * PAGE, 9, true);

    expect(window.place(5, 3 * PAGE, 2 * PAGE, PAGE)).toEqual({
      reason: 'OVERLAP',
      message:
        'resource 5 with 0x2000 bytes was to be mapped at 0x3000, but resource 9 is mapped at 0x4000 with 0x2000 bytes: ' +
        'unmap that one first, or choose another offset',
      metadata: {
        resource: '5',
        offset: '12288',
        length: '8192',
        otherResource: '9',
        otherOffset: '16384',
        otherLength: '8192',
      },
    });
  });

  it('is given over what is parked, and beside a mapping', () => {
    const window = new Window(SIZE);
    window.add(4 * PAGE, 2 * PAGE, 9, true);
    window.add(6 * PAGE, 2 * PAGE, 10, false);

    expect(window.place(5, 6 * PAGE, PAGE, PAGE)).toBe(6 * PAGE);
    expect(window.place(5, 3 * PAGE, PAGE, PAGE)).toBe(3 * PAGE);
  });

  it('agrees with a search through a list, in any window', () => {
    const taken = fc.record({
      page: fc.nat(31),
      pages: fc.integer({ min: 1, max: 6 }),
      mapped: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(taken), fc.nat(34), fc.integer({ min: 1, max: 34 }), (list, page, pages) => {
        const window = new Window(SIZE);
        const naive = new NaiveRanges(SIZE);
        for (const [index, one] of list.entries()) {
          const length = Math.min(one.pages, 32 - one.page) * PAGE;
          naive.insert(one.page * PAGE, length, index, one.mapped);
        }
        for (const range of naive.list) {
          window.add(range.offset, range.length, range.owner, range.held);
        }
        const inside = (page + pages) * PAGE <= SIZE;
        const blocked = naive.overlapping(page * PAGE, pages * PAGE).some((range) => range.held);

        const placed = window.place(99, page * PAGE, pages * PAGE, PAGE);

        expect(placed === page * PAGE).toBe(inside && !blocked);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the figures of a window', () => {
  it('follow a range through its life', () => {
    const window = new Window(SIZE);
    const seen = [window.figures];
    window.add(PAGE, 2 * PAGE, 9, true);
    seen.push(window.figures);
    window.park(PAGE, 2 * PAGE);
    seen.push(window.figures);
    window.unpark(PAGE, 2 * PAGE);
    seen.push(window.figures);
    window.free(PAGE, 2 * PAGE, true);
    seen.push(window.figures);

    const empty = {
      size: SIZE,
      mappings: 0,
      mappedBytes: 0,
      parked: 0,
      parkedBytes: 0,
      freeBytes: SIZE,
      largestFree: SIZE,
      holes: 1,
    };
    const occupied = { ...empty, freeBytes: 30 * PAGE, largestFree: 29 * PAGE, holes: 2 };
    const mapped = { ...occupied, mappings: 1, mappedBytes: 2 * PAGE };
    expect(seen).toEqual([empty, mapped, { ...occupied, parked: 1, parkedBytes: 2 * PAGE }, mapped, empty]);
  });

  it('count a mapping again that was parked: nothing else may be mapped there', () => {
    const window = new Window(SIZE);
    window.add(PAGE, 2 * PAGE, 9, true);
    window.park(PAGE, 2 * PAGE);
    const whileParked = window.place(5, 2 * PAGE, PAGE, PAGE);
    window.unpark(PAGE, 2 * PAGE);

    expect(whileParked).toBe(2 * PAGE);
    expect(window.place(5, 2 * PAGE, PAGE, PAGE)).toMatchObject({ reason: 'OVERLAP' });
  });

  it('are those of an empty window after clear', () => {
    const window = new Window(SIZE);
    window.add(0, PAGE, 1, true);
    window.add(PAGE, PAGE, 2, false);
    window.clear();
    expect(window.figures).toEqual(new Window(SIZE).figures);
  });

  it('list what is occupied and what is free, in order', () => {
    const window = new Window(SIZE);
    window.add(8 * PAGE, PAGE, 1, true);
    window.add(0, PAGE, 2, false);

    expect([...window.ranges()]).toEqual([
      { offset: 0, length: PAGE, owner: 2, held: false },
      { offset: 8 * PAGE, length: PAGE, owner: 1, held: true },
    ]);
    expect([...window.freeExtents()]).toEqual([
      { offset: PAGE, length: 7 * PAGE },
      { offset: 9 * PAGE, length: 23 * PAGE },
    ]);
  });
});

describe('a window whose caller has lost count', () => {
  it('says so instead of going on', () => {
    const window = new Window(SIZE);
    window.add(0, PAGE, 1, true);

    expect(() => window.add(0, PAGE, 2, true)).toThrow('0x0 + 0x1000 was added without being free');
    expect(() => window.park(PAGE, PAGE)).toThrow('no range starts at 0x1000');
    expect(() => window.unpark(PAGE, PAGE)).toThrow('no range starts at 0x1000');
    expect(() => window.free(PAGE, PAGE, true)).toThrow('no range starts at 0x1000');
  });
});
