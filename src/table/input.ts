import { type DatasetInput, dataset, featureSize, sampleCount } from '../data/dataset.js';
import { type TableInput, tableOf } from '../data/table/memoryTable.js';
import type { Table } from '../data/table/table.js';

/** All that can be read as a table: a table, rows or columns in memory, or a matrix of numbers. */
export type AnyTable = Table | TableInput | DatasetInput;

/**
 * Reads rows as a table. A matrix, [rows, …features], has columns named x0, x1, ….
 * @throws {UserError} what `tableOf` and `dataset` throw
 */
export function asTable(input: AnyTable): Table {
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
  return typeof input === 'object' && 'chunks' in input && typeof input.chunks === 'function';
}

function isMatrix(input: Exclude<AnyTable, Table>): input is DatasetInput {
  if (ArrayBuffer.isView(input)) return true;
  if (Array.isArray(input)) return Array.isArray(input[0]) || ArrayBuffer.isView(input[0]);
  return 'data' in input && 'shape' in input;
}
