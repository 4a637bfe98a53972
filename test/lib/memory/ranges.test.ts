import { readSync, writeSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { zeroRangeInPlace } from '../../../services/lib/memory/ranges.ts';
import type { Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd, nextData, PAGE_SIZE as PAGE } from '../../../services/lib/os/memory.ts';

const PAGES = 256;
const SIZE = PAGES * PAGE;

describe('zeroing in place', () => {
  let file: Fd;
  beforeEach(() => {
    file = createMemfd('test', SIZE);
  });
  afterEach(() => {
    file.close();
  });

  function fill(pages: Iterable<number>): void {
    for (const page of pages) writeSync(file.number, Buffer.alloc(PAGE, 1), 0, PAGE, page * PAGE);
  }

  /** Pages with data, and whether any byte of theirs is not zero. */
  function data(): { readonly pages: readonly number[]; readonly isZero: boolean } {
    const pages: number[] = [];
    let isZero = true;
    for (let run = nextData(file.number, 0, SIZE); run !== null; ) {
      const end = run.offset + run.length;
      for (let at = run.offset; at < end; at += PAGE) {
        const bytes = Buffer.alloc(PAGE, 1);
        readSync(file.number, bytes, 0, PAGE, at);
        if (bytes.some((byte) => byte !== 0)) isZero = false;
        pages.push(at / PAGE);
      }
      run = nextData(file.number, end, SIZE);
    }
    return { pages, isZero };
  }

  const every = (step: number): number[] => Array.from({ length: PAGES / step }, (_, index) => index * step);

  it.each([
    ['one page', [3]],
    ['some runs', [0, 1, 2, 9, 20, 21, PAGES - 1]],
    ['all of it', every(1)],
  ])('keeps the pages of %s', (_, pages) => {
    fill(pages);
    zeroRangeInPlace(file.number, 0, SIZE);
    expect(data()).toEqual({ pages, isZero: true });
  });

  it('gives pages back that lie scattered', () => {
    fill(every(2));
    zeroRangeInPlace(file.number, 0, SIZE);
    expect(data()).toEqual({ pages: [], isZero: true });
  });

  it('touches nothing beside the range, and gives holes no pages', () => {
    fill([0, 4]);
    zeroRangeInPlace(file.number, PAGE, 3 * PAGE);
    expect(data()).toEqual({ pages: [0, 4], isZero: false });
  });

  it('zeroes a page alone', () => {
    fill([1, 2]);
    zeroRangeInPlace(file.number, PAGE, PAGE);
    const bytes = Buffer.alloc(2 * PAGE);
    readSync(file.number, bytes, 0, 2 * PAGE, PAGE);
    expect(bytes.equals(Buffer.concat([Buffer.alloc(PAGE), Buffer.alloc(PAGE, 1)]))).toBe(true);
  });
});
