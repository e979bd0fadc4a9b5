import { namesText, type Table } from '../data/table/table.js';
import { UserError } from '../errors.js';
import type { TableSchema } from '../table/columns.js';
import { count, counted } from './text.js';

/** What was found out about a table, in lines: how many columns of which type, which were left out, and why. */
export function describeTable(
  source: string,
  rows: number,
  { columns, dropped }: TableSchema,
  notes: readonly string[],
): string[] {
  const left = dropped.map(({ name, reason }) => `  left out: ${name} (${reason})`);
  const shownLeft =
    left.length > 8 ? [...left.slice(0, 8), `  … and ${left.length - 8} more left out`] : left;
  return [
    `${source}: ${counted(rows, 'row')}, ${count(columns.length)} of ${counted(columns.length + dropped.length, 'column')} used`,
    ...columnLines(columns),
    ...shownLeft,
    ...notes.map((note) => `  note: ${note}`),
  ];
}

/** The names of columns, a line for each type. */
export function columnLines(columns: TableSchema['columns']): string[] {
  const types = ['number', 'category', 'boolean', 'date'] as const;
  const plural = { number: 'numbers', category: 'categories', boolean: 'booleans', date: 'dates' };
  return types.flatMap((type) => {
    const names = columns.filter((column) => column.type === type).map(({ name }) => name);
    if (names.length === 0) return [];
    const shown = names.slice(0, 8).join(', ') + (names.length > 8 ? ', …' : '');
    return [`  ${counted(names.length, type, plural[type])}: ${shown}`];
  });
}

/** @throws {UserError} when an option names a column that a table does not have */
export function checkColumn(table: Table, option: string, name: string): void {
  if (table.names.includes(name)) return;
  throw new UserError(
    `${option} ${name}: ${table.source} has no such column; its columns are ${namesText(table.names)}`,
  );
}
