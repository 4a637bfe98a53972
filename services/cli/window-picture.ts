// A window as a picture in the terminal. One cell stands for an equal range of the window:
//
//   0x00000000  CCCCCCcUUUU...WWWW*pp...
//   0x02000000  ........................
//
// A capital letter (a full block in colour) is a range that one kind of mapping fills; a small letter (a shaded block) one that it fills in
// part, so that no hole hides; "*" and "+" the same where several kinds meet; "." a hole.
import { formatBytes } from '../lib/runtime/units.ts';
import { SMALLEST_PAGE } from '../lib/wire/alignment.ts';

export type PictureCache = 'cached' | 'uncached' | 'wc' | 'none';
export type PictureRange = {
  /** Bytes. */
  readonly offset: number;
  readonly size: number;
  readonly cache: PictureCache;
  /** Unmapped, its bytes still lie here. */
  readonly parked: boolean;
};

export type PictureOptions = {
  /** Columns of the terminal. */
  readonly width: number;
  readonly isColoured: boolean;
};

type Kind = PictureCache | 'parked';
type Filling = PictureCache | 'parked' | 'mixed';
type Cell = { readonly kind: Filling | 'hole'; readonly isFull: boolean };
type Glyphs = {
  readonly full: string;
  readonly part: string;
  readonly colour: number;
  readonly name: string;
};

const ROWS = 16;
/** Lines longer than this are harder to read than more lines. */
const MOST_COLUMNS = 128;
const LEAST_COLUMNS = 8;
const GAP = '  ';

const KINDS: Readonly<Record<Filling, Glyphs>> = {
  cached: { full: 'C', part: 'c', colour: 32, name: 'cached' },
  uncached: { full: 'U', part: 'u', colour: 31, name: 'uncached' },
  wc: { full: 'W', part: 'w', colour: 36, name: 'write-combining' },
  none: { full: 'N', part: 'n', colour: 33, name: 'no cache type' },
  parked: { full: 'P', part: 'p', colour: 90, name: 'parked' },
  mixed: { full: '*', part: '+', colour: 35, name: 'several kinds' },
};
const ORDER = Object.keys(KINDS) as readonly Filling[];
const HOLE = '.';
const HOLE_COLOURED = '·';
const FULL_BLOCK = '█';
const PART_BLOCK = '▒';

/**
 * The lines of the picture and its legend. `size` is the window's, a power of two of at least a page; `ranges` lie inside of it and do not
 * overlap, in any order.
 */
export function drawWindow(
  size: number,
  ranges: readonly PictureRange[],
  { width, isColoured }: PictureOptions,
): string[] {
  const labelWidth = offsetLabel(size - 1, 0).length;
  const { rows, columns } = grid(size, width - labelWidth - GAP.length);
  const cellSize = size / (rows * columns);
  const cells = fillCells(rows * columns, cellSize, ranges);
  const picture = Array.from({ length: rows }, (_, row) => {
    const line = cells.slice(row * columns, (row + 1) * columns);
    return `${offsetLabel(row * columns * cellSize, labelWidth)}${GAP}${paint(line, isColoured)}`;
  });
  return [...picture, '', ...legend(cells, cellSize, isColoured)];
}

/** Powers of two both, so that every cell is one and every line starts at a round offset. */
function grid(size: number, room: number): { rows: number; columns: number } {
  // The least that a cell stands for.
  const pages = size / SMALLEST_PAGE;
  const fitting = 2 ** Math.floor(Math.log2(Math.max(LEAST_COLUMNS, Math.min(MOST_COLUMNS, room))));
  const columns = Math.min(fitting, pages);
  return { columns, rows: Math.min(ROWS, pages / columns) };
}

function fillCells(count: number, cellSize: number, ranges: readonly PictureRange[]): Cell[] {
  const bytes = Array.from({ length: count }, () => new Map<Kind, number>());
  for (const { offset, size, cache, parked } of ranges) {
    const kind = parked ? 'parked' : cache;
    const end = Math.min(offset + size, count * cellSize);
    for (let start = offset; start < end; ) {
      const index = Math.floor(start / cellSize);
      const stop = Math.min(end, (index + 1) * cellSize);
      const cell = bytes[index]!;
      cell.set(kind, (cell.get(kind) ?? 0) + stop - start);
      start = stop;
    }
  }
  return bytes.map((kinds) => classify(kinds, cellSize));
}

function classify(kinds: ReadonlyMap<Kind, number>, cellSize: number): Cell {
  const [first] = kinds.keys();
  if (first === undefined) return { kind: 'hole', isFull: true };
  const filled = [...kinds.values()].reduce((sum, bytes) => sum + bytes, 0);
  return { kind: kinds.size > 1 ? 'mixed' : first, isFull: filled === cellSize };
}

function paint(cells: readonly Cell[], isColoured: boolean): string {
  let text = '';
  let colour: number | null = null;
  for (const cell of cells) {
    const glyph = glyphOf(cell, isColoured);
    const next = isColoured ? colourOf(cell) : null;
    if (next !== colour) text += next === null ? '\u001b[0m' : `\u001b[${next}m`;
    colour = next;
    text += glyph;
  }
  return colour === null ? text : `${text}\u001b[0m`;
}

function glyphOf({ kind, isFull }: Cell, isColoured: boolean): string {
  if (kind === 'hole') return isColoured ? HOLE_COLOURED : HOLE;
  if (isColoured) return isFull ? FULL_BLOCK : PART_BLOCK;
  return isFull ? KINDS[kind].full : KINDS[kind].part;
}

function colourOf({ kind }: Cell): number | null {
  return kind === 'hole' ? null : KINDS[kind].colour;
}

/** Only what the picture shows: a reader should not search for what is not there. */
function legend(cells: readonly Cell[], cellSize: number, isColoured: boolean): string[] {
  const entries = ORDER.flatMap((kind) =>
    [true, false]
      .filter((isFull) => cells.some((cell) => cell.kind === kind && cell.isFull === isFull))
      .map((isFull) => {
        const name = isFull ? KINDS[kind].name : `${KINDS[kind].name}, in part`;
        return `${paint([{ kind, isFull }], isColoured)} ${name}`;
      }),
  );
  if (cells.some(({ kind }) => kind === 'hole')) {
    entries.push(`${paint([{ kind: 'hole', isFull: true }], isColoured)} free`);
  }
  return [`one cell is ${formatBytes(cellSize)}`, entries.join(GAP)];
}

function offsetLabel(offset: number, width: number): string {
  return `0x${offset.toString(16).padStart(Math.max(8, width - 2), '0')}`;
}
