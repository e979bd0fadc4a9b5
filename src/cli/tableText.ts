import { delimiterHint, namesText, nameText, type Table } from '../data/table/table.js';
import { UserError } from '../errors.js';
import type { TableSchema } from '../table/columns.js';
import { asAsked } from '../table/fit.js';
import { count, counted, shellWord, visible } from './text.js';

const plural = { number: 'numbers', category: 'categories', boolean: 'booleans', date: 'dates' } as const;

/** Columns by their type: `2 numbers`, and their names. */
export function columnTypes({
  columns,
}: Pick<TableSchema, 'columns'>): { readonly text: string; readonly names: string[] }[] {
  return (['number', 'category', 'boolean', 'date'] as const).flatMap((type) => {
    const names = columns.filter((column) => column.type === type).map(({ name }) => name);
    return names.length === 0 ? [] : [{ text: counted(names.length, type, plural[type]), names }];
  });
}

/** The first of some names of columns. */
export function shortList(names: readonly string[]): string {
  return names.slice(0, 8).map(nameText).join(', ') + (names.length > 8 ? ', …' : '');
}

/** What was found out about a table, in lines: how many columns of which type, which were left out, and why. */
export function describeTable(
  source: string,
  rows: number,
  { columns, dropped }: TableSchema,
  notes: readonly string[],
): string[] {
  const asked = dropped.filter(({ reason }) => reason === asAsked).map(({ name }) => name);
  const others = dropped.filter(({ reason }) => reason !== asAsked);
  const left = [
    ...(asked.length === 0 ? [] : [`  left out: ${shortList(asked)} (${asAsked})`]),
    ...others.map(({ name, reason }) => `  left out: ${nameText(name)} (${reason})`),
  ];
  const shownLeft =
    left.length > 8 ? [...left.slice(0, 8), `  … and ${left.length - 8} more left out`] : left;
  return [
    `${source}: ${counted(rows, 'row')}, ${count(columns.length)} of ${counted(columns.length + dropped.length, 'column')} used`,
    ...columnLines(columns),
    ...shownLeft,
    ...notes.map((note) => `  note: ${note}`),
  ].map(visible);
}

/** The names of columns, a line for each type. */
export function columnLines(columns: TableSchema['columns']): string[] {
  return columnTypes({ columns }).map(({ text, names }) => visible(`  ${text}: ${shortList(names)}`));
}

/** With fewer rows a network learns little, and figures are chance. */
const enoughRows = 30;

/** A note where rows are so few that figures mean little. */
export function fewRows(rows: number): string[] {
  if (rows >= enoughRows) return [];
  return [
    `there ${rows === 1 ? 'is one row' : `are only ${rows} rows`} to learn from: figures of so few are unreliable; some hundred are better`,
  ];
}

/**
 * Makes sure that the columns that an option names are there.
 * @throws {UserError} when one is not
 */
export function checkColumns(table: Table, option: string, names: readonly string[] = []): void {
  const unknown = names.find((name) => !table.names.includes(name));
  if (unknown === undefined) return;
  const withComma = table.names.find((name) => name.includes(','));
  const hint =
    withComma === undefined || names.length < 2 || table.names.length === 1
      ? delimiterHint(table.names)
      : `; a name with a comma is given in quotes: ${option} ${shellWord(nameText(withComma))}`;
  throw new UserError(
    `${option} ${nameText(unknown)}: ${table.source} has no such column; its columns are ${namesText(table.names)}${hint}`,
  );
}

/** The options that name columns, as far as they were given. */
interface ColumnOptions {
  readonly columns?: readonly string[] | undefined;
  readonly drop?: readonly string[] | undefined;
  readonly categorical?: readonly string[] | undefined;
  readonly label?: string | undefined;
  readonly id?: string | undefined;
}

/**
 * Makes sure that all columns that options name are there.
 * @throws {UserError} that names the option as it was typed
 */
export function checkColumnOptions(table: Table, options: ColumnOptions): void {
  for (const option of ['columns', 'drop', 'categorical'] as const) {
    checkColumns(table, `--${option}`, options[option]);
  }
  for (const option of ['label', 'id'] as const) {
    const name = options[option];
    if (name !== undefined) checkColumns(table, `--${option}`, [name]);
  }
}
