import { gzipSync } from 'node:zlib';
import { stringify } from 'csv-stringify/sync';
import type { Cell } from '../data/table/table.js';
import { UserError } from '../errors.js';
import { parquetEncoder } from './parquetFile.js';
import { endingsText, type TableEnding, tableEnding } from './tableEndings.js';
import { openWhole } from './write.js';

/** A column of a table that is written. */
export interface OutputColumn {
  readonly name: string;
  readonly type: 'text' | 'number' | 'integer' | 'boolean';
}

/** A table that is written a few rows at a time. */
export interface TableWriter {
  /**
   * Appends rows.
   * @param columns One for each column of the table, each of at least `rows` cells.
   * @throws {UserError} when the disk is full, or an integer is too large for the format. Nothing is left behind then.
   */
  write(columns: readonly ArrayLike<Cell>[], rows: number): Promise<void>;
  /**
   * Completes the file and puts it in its place.
   * @throws {UserError} as `write` does.
   */
  close(): Promise<void>;
  /** Gives up: removes what was written and leaves an older file as it was. */
  abort(): Promise<void>;
}

/** Turns rows into the bytes of a format. */
export interface TableEncoder {
  /** What can be written so far; formats with groups of rows hold some back. */
  encode(columns: readonly ArrayLike<Cell>[], rows: number): Uint8Array;
  finish(): Uint8Array;
}

const encoders: Readonly<Record<TableEnding, (columns: readonly OutputColumn[]) => TableEncoder>> = {
  '.csv': (columns) => delimitedEncoder(columns, ','),
  '.tsv': (columns) => delimitedEncoder(columns, '\t'),
  '.csv.gz': (columns) => gzipped(delimitedEncoder(columns, ',')),
  '.jsonl': jsonLinesEncoder,
  '.parquet': parquetEncoder,
};

function formatOf(path: string): (columns: readonly OutputColumn[]) => TableEncoder {
  const ending = tableEnding(path);
  if (ending !== undefined) return encoders[ending];
  throw new UserError(
    `cannot write a table to ${path}: its ending names no format; expected ${endingsText()}`,
  );
}

/**
 * Makes sure, before there is anything to write, that a name's ending says how.
 * @throws {UserError} for another ending
 */
export function checkTableFile(path: string): void {
  formatOf(path);
}

/**
 * Begins a table in a file, as CSV (gzipped too), TSV, JSON Lines or Parquet by the ending of its name. It is whole or
 * not at all: the file is there after `close`, an older one until then. `null` and NaN are missing values: an empty
 * cell in CSV, `null` in the others. Only some thousand rows are held in memory.
 * @throws {UserError} for another ending, and when the file cannot be written there.
 */
export async function tableWriter(path: string, columns: readonly OutputColumn[]): Promise<TableWriter> {
  const encoder = formatOf(path)(columns);
  const file = await openWhole(path);
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      await file.abort();
      throw error instanceof RangeError
        ? new UserError(`cannot write ${path}: ${error.message}; choose .csv or .jsonl`)
        : error;
    }
  };
  return {
    write: (cells, rows) => attempt(() => file.write(encoder.encode(cells, rows))),
    close: () =>
      attempt(async () => {
        await file.write(encoder.finish());
        await file.close();
      }),
    abort: () => file.abort(),
  };
}

/**
 * Writes a table by what `fill` appends to it: whole, or not at all where that fails.
 * @returns what `fill` returns
 * @throws {UserError} as `tableWriter` does, and what `fill` throws
 */
export async function writeTable<T>(
  path: string,
  columns: readonly OutputColumn[],
  fill: (append: TableWriter['write']) => Promise<T>,
): Promise<T> {
  const writer = await tableWriter(path, columns);
  try {
    const result = await fill(writer.write);
    await writer.close();
    return result;
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** A gzipped file is a sequence of parts that unpack one after the other, so every piece can be a part of its own. */
function gzipped(encoder: TableEncoder): TableEncoder {
  const pack = (bytes: Uint8Array): Uint8Array => (bytes.length > 0 ? gzipSync(bytes) : bytes);
  return {
    encode: (cells, rows) => pack(encoder.encode(cells, rows)),
    finish: () => pack(encoder.finish()),
  };
}

const utf8 = new TextEncoder();

function delimitedEncoder(columns: readonly OutputColumn[], delimiter: string): TableEncoder {
  const options = {
    delimiter,
    // Readers trim unquoted cells, and skip the blank line that a missing value is in a table of one column.
    quoted_match: /^\s|\s$/,
    quoted_empty: columns.length === 1,
  };
  const special = new RegExp(
    columns.length === 1 ? `[${delimiter}"\r\n]|^\\s|\\s$|^$` : `[${delimiter}"\r\n]|^\\s|\\s$`,
  );
  let text = stringify([columns.map(({ name }) => name)], options);
  const taken = (): Uint8Array => {
    const bytes = utf8.encode(text);
    text = '';
    return bytes;
  };
  return {
    encode(cells, rows) {
      let quoted: string[][] = [];
      const flush = (): void => {
        if (quoted.length > 0) text += stringify(quoted, options);
        quoted = [];
      };
      for (let row = 0; row < rows; row++) {
        const record = columns.map((_, i) => plainText(cells[i]![row]!));
        // Most rows need no quotes, and joining is several times as fast.
        if (record.some((cell) => special.test(cell))) {
          quoted.push(record);
        } else {
          flush();
          text += `${record.join(delimiter)}\n`;
        }
      }
      flush();
      return taken();
    },
    finish: taken,
  };
}

function plainText(cell: Cell): string {
  if (cell === null || Number.isNaN(cell)) return '';
  return cell instanceof Date ? dateText(cell) : String(cell);
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

function jsonLinesEncoder(columns: readonly OutputColumn[]): TableEncoder {
  const keys = columns.map(({ name }) => `${JSON.stringify(name)}:`);
  return {
    encode(cells, rows) {
      let text = '';
      for (let row = 0; row < rows; row++) {
        text += `{${keys.map((key, i) => key + jsonText(cells[i]![row]!)).join(',')}}\n`;
      }
      return utf8.encode(text);
    },
    finish: () => new Uint8Array(0),
  };
}

function jsonText(cell: Cell): string {
  // JSON.stringify refuses bigints; JSON itself has integers of any length.
  return typeof cell === 'bigint' ? String(cell) : JSON.stringify(cell);
}
