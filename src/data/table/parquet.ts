import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetScan } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { UserError } from '../../errors.js';
import { countText } from '../bytes.js';
import { explainReadError, readBytes } from '../file.js';
import { type Cell, checkNames, chunkRows, type Table, type TableChunk } from './table.js';

/** The most bytes that one column of one row group may unpack to; more than any writer makes, and less than memory. */
const maxColumnBytes = 2 ** 31;

/**
 * A Parquet file as a table, of any of the usual compressions. It is read one row group at a time. Integers of 64 bits
 * come as `bigint`, dates and timestamps as `Date`, decimals as numbers.
 * @throws {UserError} when the file is missing, no Parquet, cut short or damaged, has no rows, or a column of lists,
 *   structs or bytes
 */
export async function parquetTable(path: string): Promise<Table> {
  const file = await openBuffer(path);
  const metadata = await readMetadata(file, path);
  const names = columnNames(metadata, path);
  const rowCount = Number(metadata.num_rows);
  if (rowCount === 0) throw new UserError(`${path} has zero rows; expected at least one`);
  checkNames(names, path);
  checkSizes(metadata, path);
  return {
    source: path,
    names,
    rowCount,
    async *chunks(): AsyncIterable<TableChunk> {
      const scan = await explained(path, () => parquetScan({ file, metadata, compressors }));
      for (const { rowStart, rowEnd } of scan.ranges) {
        const columns: ArrayLike<unknown>[] = [];
        for (const column of names) {
          columns.push(await explained(path, () => scan.readColumn({ column, rowStart, rowEnd }), column));
        }
        checkCells(columns, names, path);
        for (let start = 0; start < rowEnd - rowStart; start += chunkRows) {
          const rows = Math.min(chunkRows, rowEnd - rowStart - start);
          yield { rows, columns: columns.map((cells) => part(cells, start, rows)) };
        }
      }
    },
  };
}

function part(cells: ArrayLike<unknown>, start: number, rows: number): ArrayLike<Cell> {
  const slice = (cells as unknown[]).slice(start, start + rows);
  // Missing values of optional columns may come as undefined.
  return (Array.isArray(slice) ? slice.map((cell) => cell ?? null) : slice) as ArrayLike<Cell>;
}

async function openBuffer(path: string): Promise<AsyncBuffer> {
  if (/\.gz$/i.test(path)) {
    const bytes = await readBytes(path);
    return {
      byteLength: bytes.length,
      slice: (start, end) => bytes.slice(start, end).buffer as ArrayBuffer,
    };
  }
  let size: number;
  try {
    const stats = statSync(path);
    if (!stats.isFile()) throw new UserError(`${path} is no file; name a Parquet file`);
    size = stats.size;
  } catch (error) {
    throw explainReadError(error, path);
  }
  if (size === 0) throw new UserError(`${path} is empty (0 bytes)`);
  return {
    byteLength: size,
    slice(start, end = size) {
      const from = start < 0 ? Math.max(size + start, 0) : start;
      const bytes = new Uint8Array(Math.max(end - from, 0));
      let file: number;
      try {
        file = openSync(path, 'r');
      } catch (error) {
        throw explainReadError(error, path);
      }
      try {
        let filled = 0;
        while (filled < bytes.length) {
          const read = readSync(file, bytes, filled, bytes.length - filled, from + filled);
          if (read === 0) throw new UserError(`${path} became shorter while it was read; run again`);
          filled += read;
        }
      } finally {
        closeSync(file);
      }
      return bytes.buffer;
    },
  };
}

async function readMetadata(file: AsyncBuffer, path: string): Promise<FileMetaData> {
  const ends = async (start: number) => Buffer.from(await file.slice(start, start + 4)).toString('latin1');
  if (file.byteLength < 12 || (await ends(0)) !== 'PAR1') {
    if (file.byteLength >= 4 && (await ends(0)) === 'PARE') {
      throw new UserError(`${path} is an encrypted Parquet file; save it without encryption`);
    }
    throw new UserError(`${path} is no Parquet file: it does not begin with PAR1`);
  }
  if ((await ends(file.byteLength - 4)) !== 'PAR1') {
    throw new UserError(
      `${path} is a Parquet file that was cut short: its end is missing (${countText(file.byteLength)} bytes); copy or write it again`,
    );
  }
  return explained(path, () => parquetMetadataAsync(file));
}

async function explained<T>(path: string, work: () => T | Promise<T>, column?: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const where = column === undefined ? '' : `, column ${JSON.stringify(column)}`;
    throw new UserError(
      `${path}${where}: damaged, or of a form that is not read (${(error as Error).message}); copy or write it again`,
      { cause: error },
    );
  }
}

/** The columns, all of them flat. */
function columnNames({ schema }: FileMetaData, path: string): string[] {
  const [root, ...elements] = schema;
  const nested = elements.find(
    ({ num_children, repetition_type }) => (num_children ?? 0) > 0 || repetition_type === 'REPEATED',
  );
  if (nested !== undefined) {
    throw new UserError(
      `${path}: column ${JSON.stringify(nested.name)} holds lists or structs; write its parts as columns of their own`,
    );
  }
  if (elements.length === 0 || root === undefined) throw new UserError(`${path} has no columns`);
  return elements.map(({ name }) => name);
}

/** A few bytes can be made to unpack to terabytes: what is stated is checked before anything is allocated. */
function checkSizes({ row_groups, num_rows }: FileMetaData, path: string): void {
  for (const { columns, num_rows: rows } of row_groups) {
    for (const { meta_data } of columns) {
      const size = Number(meta_data?.total_uncompressed_size ?? 0);
      if (size <= maxColumnBytes && rows <= num_rows) continue;
      throw new UserError(
        `${path}: column ${JSON.stringify(meta_data?.path_in_schema.join('.'))} unpacks to ${countText(size)} bytes in one row group, more than the limit of ${countText(maxColumnBytes)}; write smaller row groups`,
      );
    }
  }
}

function checkCells(columns: readonly ArrayLike<unknown>[], names: readonly string[], path: string): void {
  columns.forEach((cells, i) => {
    const first = Array.prototype.find.call(cells, (cell) => cell !== null && cell !== undefined) as unknown;
    if (typeof first !== 'object' || first instanceof Date || first === null) return;
    throw new UserError(
      `${path}: column ${JSON.stringify(names[i])} holds ${ArrayBuffer.isView(first) ? 'bytes' : 'objects'}; write it as text or numbers, or leave it out`,
    );
  });
}
