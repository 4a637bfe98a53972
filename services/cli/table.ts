// Tables whose columns line up, for people. Scripts take --json.

export type Column<Row> = {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Numbers stand right, so that their digits line up. Default: left. */
  readonly align?: 'left' | 'right';
};

const GAP = '  ';

/** The lines of a table, each without trailing spaces: the titles, then one line a row. An empty value shows as "-". */
export function tableLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = [
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map((column) => oneLine(column.value(row)))),
  ];
  const widths = columns.map((_, index) =>
    cells.reduce((widest, line) => Math.max(widest, line[index]!.length), 0),
  );
  return cells.map((line) =>
    line
      .map((cell, index) =>
        columns[index]!.align === 'right' ? cell.padStart(widths[index]!) : cell.padEnd(widths[index]!),
      )
      .join(GAP)
      .trimEnd(),
  );
}

/** Names and values, one a line, with the values under each other. */
export function fieldLines(fields: readonly (readonly [name: string, value: string])[]): string[] {
  const width = fields.reduce((widest, [name]) => Math.max(widest, name.length), 0);
  return fields.map(([name, value]) => `${name.padEnd(width)}${GAP}${oneLine(value)}`);
}

/** What comes from elsewhere must not move the cursor or break a line. */
function oneLine(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what has to go.
  const text = value.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
  return text === '' ? '-' : text;
}
