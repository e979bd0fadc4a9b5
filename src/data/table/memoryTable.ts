import { shown, UserError } from '../../errors.js';
import { type NumericArray, numericKind } from '../numeric.js';
import { type Cell, checkNames, chunkRows, type Table, type TableChunk } from './table.js';

/** A table as a program has it: rows as objects, or columns as arrays of one length. */
export type TableInput =
  | readonly Readonly<Record<string, Cell | undefined>>[]
  | Readonly<Record<string, readonly (Cell | undefined)[] | NumericArray>>;

/**
 * A table of what a program has in memory: an array of rows, `[{ age: 31, city: 'Graz' }, …]`, or columns,
 * `{ age: [31, …], city: ['Graz', …] }`. A key that a row does not have, `undefined`, `null` and NaN are missing values.
 * @param source names it in messages
 * @throws {UserError} for no rows, no columns, names that are empty, columns of different lengths, and cells that are
 *   objects, arrays or functions, with their place.
 */
export function tableOf(input: TableInput, source = 'the data'): Table {
  if (isRows(input) && input.length === 0) throw new UserError(`${source}: the table has no rows`);
  const columns = isRows(input) ? columnsOfRows(input, source) : columnsOf(input, source);
  const names = [...columns.keys()];
  if (names.length === 0) throw new UserError(`${source}: a table needs at least one column; got none`);
  checkNames(names, source);
  const arrays = [...columns.values()];
  const rows = arrays[0]!.length;
  arrays.forEach((column, i) => {
    if (column.length !== rows) {
      throw new UserError(
        `${source}: column ${shown(names[i])} has ${column.length} values, but ${shown(names[0])} has ${rows}; give columns of one length`,
      );
    }
  });
  if (rows === 0) throw new UserError(`${source}: the table has no rows`);
  return {
    source,
    names,
    rowCount: rows,
    async *chunks(): AsyncIterable<TableChunk> {
      for (let start = 0; start < rows; start += chunkRows) {
        const end = Math.min(start + chunkRows, rows);
        yield { rows: end - start, columns: arrays.map((column) => part(column, start, end)) };
      }
    },
  };
}

type Column = readonly Cell[] | NumericArray;

function part(column: Column, start: number, end: number): ArrayLike<Cell> {
  return 'subarray' in column ? column.subarray(start, end) : column.slice(start, end);
}

function columnsOf(input: Exclude<TableInput, readonly unknown[]>, source: string): Map<string, Column> {
  const entries = Object.entries(input ?? {}).map(([name, values]): [string, Column] => {
    if (numericKind(values)) return [name, values as NumericArray];
    if (Array.isArray(values)) {
      // Array.from fills the holes of sparse arrays; map would leave them.
      return [name, Array.from(values, (cell, row) => checkCell(cell, row, name, source))];
    }
    throw new UserError(
      `${source}: column ${shown(name)} is no array; give { name: [value, …], … } or an array of rows`,
    );
  });
  return new Map(entries);
}

function columnsOfRows(
  rows: readonly Readonly<Record<string, Cell | undefined>>[],
  source: string,
): Map<string, Column> {
  const columns = new Map<string, Cell[]>();
  // Not forEach, which skips the holes of sparse arrays.
  for (const [i, row] of rows.entries()) {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw new UserError(`${source}: row ${i} is no object; give rows as { name: value, … }`);
    }
    for (const [name, cell] of Object.entries(row)) {
      let column = columns.get(name);
      if (column === undefined) columns.set(name, (column = new Array<Cell>(rows.length).fill(null)));
      column[i] = checkCell(cell, i, name, source);
    }
  }
  return columns;
}

function checkCell(cell: unknown, row: number, name: string, source: string): Cell {
  if (cell === undefined || cell === null || cell instanceof Date) return cell ?? null;
  if (['string', 'number', 'bigint', 'boolean'].includes(typeof cell)) return cell as Cell;
  throw new UserError(
    `${source}: row ${row}, column ${shown(name)}: expected text, a number, a truth, a date or null; got ${Array.isArray(cell) ? 'an array' : `a value of type ${typeof cell}`}`,
  );
}

function isRows(input: TableInput): input is Extract<TableInput, readonly unknown[]> {
  return Array.isArray(input);
}
