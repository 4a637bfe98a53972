// Tables whose columns line up, for people. Scripts take --json.

export type Column<Row> = {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Numbers stand right, so that their digits line up. Default: left. */
  readonly align?: 'left' | 'right';
};

const GAP = '  ';

/**
 * A table that is printed as its rows come: the titles stand before the first ones. Columns line up within what is laid out at once, and are
 * never narrower than before; an empty value shows as "-".
 */
export class Table<Row> {
  readonly #columns: readonly Column<Row>[];
  readonly #widths: number[];
  #isBegun = false;

  constructor(columns: readonly Column<Row>[]) {
    this.#columns = columns;
    this.#widths = columns.map(() => 0);
  }

  /** The lines of further rows, each without trailing spaces. */
  lines(rows: readonly Row[]): string[] {
    const cells = rows.map((row) => this.#columns.map((column) => oneLine(column.value(row))));
    if (!this.#isBegun) cells.unshift(this.#columns.map((column) => column.title));
    this.#isBegun = true;
    for (const line of cells) {
      line.forEach((cell, index) => {
        this.#widths[index] = Math.max(this.#widths[index]!, cell.length);
      });
    }
    return cells.map((line) =>
      line
        .map((cell, index) => this.#padded(cell, index))
        .join(GAP)
        .trimEnd(),
    );
  }

  #padded(cell: string, index: number): string {
    const width = this.#widths[index]!;
    return this.#columns[index]!.align === 'right' ? cell.padStart(width) : cell.padEnd(width);
  }
}

/** A table as a whole. */
export function tableLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  return new Table(columns).lines(rows);
}

/** Names and values, one a line, with the values under each other. */
export function fieldLines(fields: readonly (readonly [name: string, value: string])[]): string[] {
  const width = fields.reduce((widest, [name]) => Math.max(widest, name.length), 0);
  return fields.map(([name, value]) => `${name.padEnd(width)}${GAP}${oneLine(value)}`);
}

/** Lines as text. */
export function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** What comes from elsewhere must not move the cursor or break a line. */
function oneLine(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what has to go.
  const text = value.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
  return text === '' ? '-' : text;
}
