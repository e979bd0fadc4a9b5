import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import type { Cell } from '../data/table/table.js';
import type { OutputColumn, TableEncoder } from './tableFile.js';

/** Readers take a row group at a time into memory, and so does this writer. */
const groupCells = 2 ** 20;

const maxGroupRows = 65_536;

/** Long texts fill a group sooner. */
const maxGroupCharacters = 32 * 2 ** 20;

/**
 * Encodes a table as Parquet, Snappy-compressed: text as UTF-8, numbers as DOUBLE, integers as INT64. All columns may
 * have missing values. A row group, of about a million cells, is held in memory until it is complete.
 * @throws {RangeError} from `encode` and `finish`, for integers beyond 64 bits.
 * @throws {TypeError} from `encode`, for a cell that is not of the type of its column.
 */
export function parquetEncoder(columns: readonly OutputColumn[]): TableEncoder {
  const bytes = new ByteWriter();
  const parquet = new ParquetWriter({ writer: bytes, schema: schemaOf(columns), createdBy: 'autoencoder' });
  const groupRows = Math.min(maxGroupRows, Math.max(1024, Math.floor(groupCells / columns.length)));
  let group: Value[][] = columns.map(() => []);
  let characters = 0;
  const taken = (): Uint8Array => {
    const part = bytes.getBytes().slice();
    // The offset, from which the positions in the footer are taken, goes on counting.
    bytes.index = 0;
    return part;
  };
  const writeGroup = (): void => {
    if (group[0]!.length === 0) return;
    parquet.write({
      columnData: columns.map(({ name }, i) => ({ name, data: group[i]! })),
      rowGroupSize: groupRows,
    });
    group = columns.map(() => []);
    characters = 0;
  };
  return {
    encode(cells, rows) {
      for (let row = 0; row < rows; row++) {
        columns.forEach((column, i) => {
          const value = parquetValue(cells[i]![row]!, column);
          group[i]!.push(value);
          if (typeof value === 'string') characters += value.length;
        });
        if (group[0]!.length === groupRows || characters > maxGroupCharacters) writeGroup();
      }
      return taken();
    },
    finish() {
      writeGroup();
      parquet.finish();
      return taken();
    },
  };
}

type Value = string | number | bigint | boolean | null;

function schemaOf(columns: readonly OutputColumn[]): SchemaElement[] {
  const physical = {
    text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
    number: { type: 'DOUBLE' },
    integer: { type: 'INT64' },
    boolean: { type: 'BOOLEAN' },
  } as const;
  return [
    { name: 'root', num_children: columns.length },
    ...columns.map(
      ({ name, type }): SchemaElement => ({ name, repetition_type: 'OPTIONAL', ...physical[type] }),
    ),
  ];
}

function parquetValue(cell: Cell, { name, type }: OutputColumn): Value {
  if (cell === null || Number.isNaN(cell)) return null;
  if (type === 'text') return cell instanceof Date ? dateText(cell) : String(cell);
  if (type === 'number' && (typeof cell === 'number' || typeof cell === 'bigint')) return Number(cell);
  if (type === 'integer' && (typeof cell === 'bigint' || Number.isInteger(cell))) {
    return BigInt(cell as bigint);
  }
  if (type === 'boolean' && typeof cell === 'boolean') return cell;
  throw new TypeError(`the column ${name} is of type ${type}, but one of its cells is ${String(cell)}`);
}

function dateText(date: Date): string | null {
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
