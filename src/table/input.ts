import { type DatasetInput, dataset, featureSize, sampleCount } from '../data/dataset.js';
import { type TableInput, tableOf } from '../data/table/memoryTable.js';
import type { Table } from '../data/table/table.js';
import { UserError } from '../errors.js';

/** All that can be read as a table: a table, rows or columns in memory, or a matrix of numbers. */
export type AnyTable = Table | TableInput | DatasetInput;

/**
 * Reads rows as a table. A matrix, [rows, …features], has columns named x0, x1, ….
 * @throws {UserError} for what is none of these, and what `tableOf` and `dataset` throw
 */
export function asTable(input: AnyTable): Table {
  if (typeof input !== 'object' || input === null) {
    throw new UserError(
      `a table is expected: what readTable gives, an array of rows, columns as { name: [value, …], … }, or a matrix; got ${typeof input === 'string' ? JSON.stringify(input) : String(input)}`,
    );
  }
  if (isTable(input)) return input;
  if (isMatrix(input)) {
    const matrix = dataset(input);
    const width = featureSize(matrix);
    const columns = Array.from({ length: width }, (_, column): [string, Float64Array] => [
      `x${column}`,
      Float64Array.from(
        { length: sampleCount(matrix) },
        (_unused, row) => matrix.data[row * width + column]!,
      ),
    ]);
    return tableOf(Object.fromEntries(columns), matrix.source);
  }
  return tableOf(input);
}

function isTable(input: AnyTable): input is Table {
  return 'chunks' in input && typeof input.chunks === 'function';
}

function isMatrix(input: Exclude<AnyTable, Table>): input is DatasetInput {
  if (ArrayBuffer.isView(input)) return true;
  if (Array.isArray(input)) return Array.isArray(input[0]) || ArrayBuffer.isView(input[0]);
  return 'data' in input && 'shape' in input;
}
