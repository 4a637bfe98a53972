// A list as text while it comes: each part is printed, and forgotten, before the next one is fetched.
import { type Column, Table, textOf } from './table.ts';

export type ListPrinter<Row> = {
  /** What further rows add. */
  more(rows: readonly Row[]): string;
  /** What stands behind the last one. To be asked once, after more() was. */
  end(): string;
};

/** The same text as JSON.stringify(list, null, 2) gives: one array. Without its end it is no JSON, so that a list that broke off is not taken for whole. */
export class JsonPrinter<Row> implements ListPrinter<Row> {
  #isBegun = false;

  more(rows: readonly Row[]): string {
    return rows.map((row) => this.#item(row)).join('');
  }

  #item(row: Row): string {
    const text = JSON.stringify(row, null, 2).replaceAll('\n', '\n  ');
    const before = this.#isBegun ? ',' : '[';
    this.#isBegun = true;
    return `${before}\n  ${text}`;
  }

  end(): string {
    return this.#isBegun ? '\n]\n' : '[]\n';
  }
}

export class TablePrinter<Row> implements ListPrinter<Row> {
  readonly #table: Table<Row>;

  constructor(columns: readonly Column<Row>[]) {
    this.#table = new Table(columns);
  }

  more(rows: readonly Row[]): string {
    return textOf(this.#table.lines(rows));
  }

  end(): string {
    return '';
  }
}
