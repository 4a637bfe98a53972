// The picture of a window: every kind of cell, scales, and that nothing in it can hide.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drawWindow, type PictureRange } from '../../services/cli/window-picture.ts';

const PAGE = 4096;
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const PLAIN = { width: 80, isColoured: false };

const range = (
  offset: number,
  size: number,
  cache: PictureRange['cache'] = 'cached',
  parked = false,
): PictureRange => ({
  offset,
  size,
  cache,
  parked,
});

/** The cells of a picture as one string, without labels and legend. */
function cellsOf(lines: readonly string[]): string {
  return lines
    .filter((line) => line.startsWith('0x'))
    .map((line) => line.replace(/^0x[0-9a-f]+ {2}/, ''))
    .join('');
}

describe('a window of 1 GiB in 80 columns', () => {
  test('has 16 lines of 64 cells of 1 MiB, each line with its offset', () => {
    const lines = drawWindow(GIB, [], PLAIN);
    expect(lines[0]).toBe(`0x00000000  ${'.'.repeat(64)}`);
    expect(lines[1]).toBe(`0x04000000  ${'.'.repeat(64)}`);
    expect(lines[15]).toBe(`0x3c000000  ${'.'.repeat(64)}`);
    expect(lines.slice(16)).toEqual(['', 'one cell is 1MiB', '. free']);
  });

  test('shows each cache type, whole and in part, parked blobs, mixtures and holes', () => {
    const lines = drawWindow(
      GIB,
      [
        range(0, 2 * MIB),
        range(2 * MIB, PAGE),
        range(3 * MIB, MIB, 'uncached'),
        range(4 * MIB, PAGE, 'uncached'),
        range(5 * MIB, MIB, 'wc'),
        range(6 * MIB, PAGE, 'wc'),
        range(7 * MIB, MIB, 'none'),
        range(8 * MIB, PAGE, 'none'),
        range(9 * MIB, MIB, 'wc', true),
        range(10 * MIB, PAGE, 'wc', true),
        range(12 * MIB, PAGE, 'cached'),
        range(12 * MIB + PAGE, PAGE, 'wc'),
        range(13 * MIB, MIB / 2, 'cached'),
        range(13 * MIB + MIB / 2, MIB / 2, 'cached', true),
      ],
      PLAIN,
    );
    expect(lines[0]).toBe(`0x00000000  CCcUuWwNnPp.+*${'.'.repeat(50)}`);
    expect(lines.at(-1)).toBe(
      'C cached  c cached, in part  U uncached  u uncached, in part  W write-combining  w write-combining, in part  ' +
        'N no cache type  n no cache type, in part  P parked  p parked, in part  * several kinds  + several kinds, in part  . free',
    );
  });

  test('does not hide the smallest hole or the smallest blob', () => {
    const cells = cellsOf(drawWindow(GIB, [range(0, MIB - PAGE), range(2 * MIB - PAGE, PAGE, 'wc')], PLAIN));
    expect(cells.slice(0, 3)).toBe('cw.');
  });

  test('joins neighbours of one kind', () => {
    const cells = cellsOf(drawWindow(GIB, [range(0, MIB / 2), range(MIB / 2, MIB / 2)], PLAIN));
    expect(cells.slice(0, 2)).toBe('C.');
  });
});

describe('the scale', () => {
  test.each([
    [PAGE, 80, 1, 1],
    [16 * PAGE, 80, 16, 1],
    [256 * PAGE, 80, 64, 4],
    [16 * GIB, 80, 64, 16],
    [GIB, 200, 128, 16],
    [GIB, 40, 16, 16],
    [GIB, 5, 8, 16],
  ])('a window of %d bytes in %d columns has %d cells in each of %d lines', (size, width, columns, rows) => {
    const lines = drawWindow(size, [], { width, isColoured: false }).filter((line) => line.startsWith('0x'));
    expect(lines).toHaveLength(rows);
    expect(cellsOf(lines)).toHaveLength(columns * rows);
  });

  test('a label has room for the largest offset', () => {
    const lines = drawWindow(64 * GIB, [], PLAIN);
    expect(lines[0]).toMatch(/^0x000000000 {2}\./);
    expect(lines[15]).toMatch(/^0xf00000000 {2}\./);
  });
});

describe('colours', () => {
  test('say how a cell is cached; blocks say whether it is full', () => {
    const lines = drawWindow(
      4 * PAGE,
      [range(0, PAGE), range(PAGE, PAGE, 'wc'), range(2 * PAGE, PAGE, 'wc', true)],
      {
        width: 80,
        isColoured: true,
      },
    );
    expect(lines[0]).toBe('0x00000000  \u001b[32m█\u001b[36m█\u001b[90m█\u001b[0m·');
  });

  test('end with the line', () => {
    const lines = drawWindow(2 * PAGE, [range(0, 2 * PAGE, 'uncached')], { width: 80, isColoured: true });
    expect(lines[0]).toBe('0x00000000  \u001b[31m██\u001b[0m');
  });

  test('are not there without colour', () => {
    expect(drawWindow(GIB, [range(0, MIB)], PLAIN).join('')).not.toContain('\u001b');
  });
});

test('a cell is a hole exactly when no range touches it, and a capital only when ranges fill it', () => {
  const size = 1024 * PAGE;
  const lengths = fc.array(
    fc.record({ gap: fc.nat(40), pages: fc.integer({ min: 1, max: 60 }), wc: fc.boolean() }),
    {
      maxLength: 30,
    },
  );
  fc.assert(
    fc.property(lengths, (steps) => {
      const ranges: PictureRange[] = [];
      const pages = new Array<number>(1024).fill(0);
      let at = 0;
      for (const { gap, pages: count, wc } of steps) {
        const start = at + gap;
        at = start + count;
        if (at > 1024) break;
        ranges.push(range(start * PAGE, count * PAGE, wc ? 'wc' : 'cached'));
        pages.fill(1, start, at);
      }
      const cells = cellsOf(drawWindow(size, ranges, PLAIN));
      const perCell = 1024 / cells.length;
      const used = Array.from(cells, (_, index) =>
        pages.slice(index * perCell, (index + 1) * perCell).reduce((sum, page) => sum + page, 0),
      );
      expect(Array.from(cells, (cell) => cell !== '.')).toEqual(used.map((count) => count > 0));
      expect(Array.from(cells, (cell) => 'CW*'.includes(cell))).toEqual(
        used.map((count) => count === perCell),
      );
    }),
  );
});
