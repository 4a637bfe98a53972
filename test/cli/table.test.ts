// Tables and lists of fields: what lines up, and what cannot break a line.
import { describe, expect, test } from 'vitest';
import { JsonPrinter } from '../../services/cli/list-printer.ts';
import { type Column, fieldLines, Table, tableLines } from '../../services/cli/table.ts';

type Row = { readonly name: string; readonly size: number };
const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', value: (row) => row.name },
  { title: 'SIZE', value: (row) => String(row.size), align: 'right' },
  { title: 'LAST', value: (row) => row.name.slice(0, 1) },
];

describe('a table', () => {
  test('lines its columns up, numbers on the right, nothing trailing', () => {
    const rows = [
      { name: 'a', size: 5 },
      { name: 'longer', size: 12_345 },
    ];
    expect(tableLines(COLUMNS, rows)).toEqual([
      'NAME     SIZE  LAST',
      'a           5  a',
      'longer  12345  l',
    ]);
  });

  test('that comes in parts has its titles once, and is never narrower than before', () => {
    const table = new Table(COLUMNS);
    expect(table.lines([{ name: 'long', size: 12_345 }])).toEqual(['NAME   SIZE  LAST', 'long  12345  l']);
    expect(table.lines([{ name: 'a', size: 5 }])).toEqual(['a         5  a']);
    expect(table.lines([{ name: 'longer', size: 6 }])).toEqual(['longer      6  l']);
    expect(table.lines([])).toEqual([]);
  });

  test('without rows is its titles', () => {
    expect(tableLines(COLUMNS, [])).toEqual(['NAME  SIZE  LAST']);
  });

  test('shows what is empty', () => {
    expect(tableLines(COLUMNS, [{ name: '', size: 0 }])[1]).toBe('-        0  -');
  });

  test('lets no value break a line or move the cursor', () => {
    expect(tableLines(COLUMNS, [{ name: 'a\n\u001b[2Jb', size: 0 }])[1]).toBe('a??[2Jb     0  a');
  });

  test('takes more rows than a call takes arguments', () => {
    const rows = Array.from({ length: 200_000 }, (_, size) => ({ name: 'x', size }));
    expect(tableLines(COLUMNS, rows)).toHaveLength(200_001);
  });
});

test('fields stand under each other', () => {
  expect(
    fieldLines([
      ['name', 'web-1'],
      ['default heap', 'ram'],
      ['note', ''],
    ]),
  ).toEqual(['name          web-1', 'default heap  ram', 'note          -']);
});

test.each([
  [[[]]],
  [[[1], []]],
  [[[{ a: [1, { b: 'two\nlines' }] }], [{}, 'three']]],
])('a list in parts is the JSON that it is as a whole: %j', (parts: readonly (readonly unknown[])[]) => {
  const printer = new JsonPrinter();
  const text = parts.map((part) => printer.more(part)).join('') + printer.end();
  expect(text).toBe(`${JSON.stringify(parts.flat(), null, 2)}\n`);
});
