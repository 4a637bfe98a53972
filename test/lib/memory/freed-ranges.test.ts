// Ranges that were freed: what becomes somebody's again is not punched, everything else is, soon, and never more is kept than may be.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LATE_BYTES } from '../../../services/lib/domain/grant.ts';
import { FreedRanges, KEPT_FOR, MOST_KEPT_BYTES } from '../../../services/lib/memory/freed-ranges.ts';

const PAGE = 4096;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function newRanges(): { readonly ranges: FreedRanges; readonly punched: [number, number][] } {
  const punched: [number, number][] = [];
  return { ranges: new FreedRanges((offset, length) => punched.push([offset, length])), punched };
}

describe('freed ranges', () => {
  it('are no more than the broker allows a VM beyond its grant', () => {
    expect(MOST_KEPT_BYTES).toBeLessThanOrEqual(LATE_BYTES);
  });

  it('are punched after a moment, neighbours together', () => {
    const { ranges, punched } = newRanges();
    ranges.keep(2 * PAGE, PAGE);
    ranges.keep(0, PAGE);
    ranges.keep(PAGE, PAGE);

    vi.advanceTimersByTime(KEPT_FOR);
    expect([punched, ranges.bytes]).toEqual([[], 3 * PAGE]);
    vi.advanceTimersByTime(KEPT_FOR);
    expect([punched, ranges.bytes]).toEqual([[[0, 3 * PAGE]], 0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are not punched when they are taken, and only what is whole counts as kept', () => {
    const { ranges, punched } = newRanges();
    ranges.keep(0, 4 * PAGE);

    expect(ranges.take(PAGE, PAGE)).toBe(true);
    expect(ranges.take(PAGE, PAGE)).toBe(false);
    expect(ranges.take(3 * PAGE, 2 * PAGE)).toBe(false);
    vi.advanceTimersByTime(2 * KEPT_FOR);
    expect(punched).toEqual([
      [0, PAGE],
      [2 * PAGE, PAGE],
    ]);
  });

  it('are kept up to a bound', () => {
    const { ranges, punched } = newRanges();
    expect(ranges.keep(0, MOST_KEPT_BYTES)).toBe(true);
    expect(ranges.keep(MOST_KEPT_BYTES, PAGE)).toBe(false);
    ranges.flush();
    expect(punched).toEqual([[0, MOST_KEPT_BYTES]]);
    expect(ranges.keep(MOST_KEPT_BYTES, PAGE)).toBe(true);
  });

  it('are nobody\u2019s to punch after forget()', () => {
    const { ranges, punched } = newRanges();
    ranges.keep(0, PAGE);
    ranges.forget();
    vi.advanceTimersByTime(2 * KEPT_FOR);
    expect([punched, ranges.bytes, vi.getTimerCount()]).toEqual([[], 0, 0]);
  });

  it('that cannot be punched do not end the process, and are kept no longer', () => {
    const ranges = new FreedRanges(() => {
      throw new Error('no memory');
    });
    ranges.keep(0, PAGE);
    vi.advanceTimersByTime(2 * KEPT_FOR);
    expect(ranges.bytes).toBe(0);
  });

  it('are punched or taken, once, whatever comes when', () => {
    const PAGES = 12;
    const step = fc.record({
      what: fc.constantFrom('blob', 'blob', 'blob', 'time', 'flush'),
      page: fc.nat(PAGES - 1),
      pages: fc.integer({ min: 1, max: 4 }),
      time: fc.integer({ min: 1, max: 2 * KEPT_FOR }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        // Of each page: a blob's, kept, or punched.
        const pages = new Array<'blob' | 'kept' | 'punched'>(PAGES).fill('punched');
        const punch = (offset: number, length: number): void => {
          for (let page = offset / PAGE; page < (offset + length) / PAGE; page += 1) {
            expect(pages[page]).toBe('kept');
            pages[page] = 'punched';
          }
        };
        const ranges = new FreedRanges(punch);
        for (const { what, page, pages: most, time } of steps) {
          const end = Math.min(page + most, PAGES);
          const some = pages.slice(page, end);
          if (what === 'time') vi.advanceTimersByTime(time);
          else if (what === 'flush') ranges.flush();
          else if (some.every((state) => state === 'blob')) {
            pages.fill('kept', page, end);
            expect(ranges.keep(page * PAGE, (end - page) * PAGE)).toBe(true);
          } else if (some.every((state) => state !== 'blob')) {
            const isKept = some.every((state) => state === 'kept');
            pages.fill('blob', page, end);
            expect(ranges.take(page * PAGE, (end - page) * PAGE)).toBe(isKept);
          }
          expect(ranges.bytes).toBe(pages.filter((state) => state === 'kept').length * PAGE);
        }
        vi.advanceTimersByTime(2 * KEPT_FOR);
        expect(pages).not.toContain('kept');
        expect(vi.getTimerCount()).toBe(0);
      }),
    );
  });
});
