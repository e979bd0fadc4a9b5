import { type ColumnMetaData, type FileMetaData, parquetMetadataAsync, type SchemaElement } from 'hyparquet';
import { shown, UserError } from '../../errors.js';
import { countText, hexOf } from '../bytes.js';
import { rowsOfChunk } from './chunkSize.js';
import { type CellConverter, cellConverter, NotText } from './parquetCells.js';
import { columnPages } from './parquetPages.js';
import { type ByteSource, openSource } from './parquetSource.js';
import { type Cell, checkNames, type Table, type TableChunk } from './table.js';

interface Column {
  readonly name: string;
  readonly element: SchemaElement;
  readonly convert: CellConverter;
  /** What the file says of this column in each row group. */
  readonly parts: readonly { readonly meta: ColumnMetaData; readonly rows: number }[];
}

/**
 * A Parquet file as a table, in any of the usual compressions; a gzipped file is unpacked into memory. Columns are
 * decoded page by page, so that row groups of any size need no more memory than some pages. Integers of 64 bits come as
 * numbers, and as `bigint` beyond ±2^53; dates and timestamps as `Date`, decimals as numbers, enumerations, UUIDs and
 * JSON as text, times of day as numbers in the unit of their column.
 * @throws {UserError} when the file is missing, no Parquet, cut short, damaged or encrypted, has no rows or no columns,
 *   or a column of lists, structs or maps; while it is read, also for a column of bytes that are not text.
 */
export async function parquetTable(path: string): Promise<Table> {
  const source = await openSource(path);
  let columns: readonly Column[];
  let rowCount: number;
  try {
    const metadata = await readMetadata(source, path);
    rowCount = Number(metadata.num_rows);
    columns = columnsOf(metadata, path);
    checkNames(
      columns.map(({ name }) => name),
      path,
    );
    if (rowCount === 0) throw new UserError(`${path} has columns but zero rows; expected at least one row`);
  } catch (error) {
    throw damaged(error, path);
  } finally {
    await source.close();
  }
  return {
    source: path,
    names: columns.map(({ name }) => name),
    rowCount,
    chunks: () => chunksOf(columns, rowCount, path),
  };
}

async function* chunksOf(
  columns: readonly Column[],
  rowCount: number,
  path: string,
): AsyncGenerator<TableChunk> {
  const source = await openSource(path);
  try {
    const takers = columns.map((column) => taker(source, column, path));
    const size = rowsOfChunk(columns.length);
    for (let start = 0; start < rowCount; start += size) {
      const rows = Math.min(size, rowCount - start);
      const cells: ArrayLike<Cell>[] = [];
      // One after the other: at most one page is being read and unpacked.
      for (const take of takers) cells.push(await take(rows));
      yield { rows, columns: cells };
    }
  } finally {
    await source.close();
  }
}

/** Gives the next cells of a column, across the borders of pages and row groups. */
function taker(source: ByteSource, column: Column, path: string): (rows: number) => Promise<ArrayLike<Cell>> {
  const pages = pagesOf(source, column);
  let page: ArrayLike<Cell> = [];
  let used = 0;
  return async (rows) => {
    const pieces: ArrayLike<Cell>[] = [];
    for (let missing = rows; missing > 0; ) {
      if (used === page.length) {
        try {
          const next = await pages.next();
          if (next.done) throw new Error('it has fewer rows than the file says');
          page = next.value;
          used = 0;
        } catch (error) {
          throw damaged(error, path, column.name);
        }
      }
      const piece = part(page, used, Math.min(used + missing, page.length));
      pieces.push(piece);
      used += piece.length;
      missing -= piece.length;
    }
    return pieces.length === 1 ? pieces[0]! : joined(pieces, rows);
  };
}

async function* pagesOf(source: ByteSource, { element, convert, parts }: Column) {
  for (const { meta, rows } of parts) yield* columnPages(source, { meta, element, rows, convert });
}

function part(cells: ArrayLike<Cell>, start: number, end: number): ArrayLike<Cell> {
  return Array.isArray(cells) ? cells.slice(start, end) : (cells as Float64Array).subarray(start, end);
}

function joined(pieces: readonly ArrayLike<Cell>[], rows: number): ArrayLike<Cell> {
  const [first] = pieces as [Float64Array];
  const alike = pieces.every((piece) => !Array.isArray(piece) && piece.constructor === first.constructor);
  const all = alike ? new (first.constructor as Float64ArrayConstructor)(rows) : new Array<Cell>(rows);
  let at = 0;
  for (const piece of pieces) {
    for (let i = 0; i < piece.length; i++) all[at++] = piece[i] as number;
  }
  return all;
}

async function readMetadata(source: ByteSource, path: string): Promise<FileMetaData> {
  const first = await source.read(0, Math.min(4, source.size));
  const begin = Buffer.from(first).toString('latin1');
  if (begin === 'PARE') throw encrypted(path);
  if (begin !== 'PAR1') {
    throw new UserError(
      `${path} is no Parquet file: it begins with ${hexOf(first, 4)}; expected 50 41 52 31 (PAR1). Give the file that a program wrote as Parquet`,
    );
  }
  const tail = await source.read(Math.max(0, source.size - 4), Math.min(4, source.size));
  if (source.size < 12 || Buffer.from(tail).toString('latin1') !== 'PAR1') {
    throw new UserError(
      `${path} is a Parquet file whose end is missing (it has ${countText(source.size)} bytes): it was cut short, or is still being written. Copy or write it again`,
    );
  }
  const file = {
    byteLength: source.size,
    slice: async (start: number, end = source.size) => (await source.read(start, end - start)).buffer,
  };
  // What it would make of positions on Earth is no cell.
  return parquetMetadataAsync(file, { geoparquet: false });
}

/** The columns, all of them flat; every number that reading relies on is checked. */
function columnsOf({ schema, row_groups: groups, num_rows }: FileMetaData, path: string): Column[] {
  const [root, ...elements] = schema;
  if (root === undefined || elements.length === 0 || root.num_children === 0) {
    throw new UserError(`${path} has no columns; expected at least one`);
  }
  const nested = elements.find(
    ({ num_children, repetition_type, type }) =>
      num_children !== undefined || repetition_type === 'REPEATED' || type === undefined,
  );
  if (nested !== undefined) {
    throw new UserError(
      `${path}: column ${shown(nested.name)} holds lists, structs or maps; expected one value in each cell. Write its parts as columns of their own, or leave it out`,
    );
  }
  const counts = groups.map((group) => Number(group.num_rows));
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (counts.some((count) => !(count >= 0)) || total !== Number(num_rows) || !Number.isSafeInteger(total)) {
    throw new Error(`its row groups have ${total} rows together, where ${num_rows} are announced`);
  }
  return elements.map((element, index): Column => {
    const { name } = element;
    const convert = cellConverter(element);
    if (typeof convert === 'string') {
      throw new UserError(
        `${path}: column ${shown(name)} holds ${convert}; write it as numbers or text, or leave it out`,
      );
    }
    const parts = groups.map(({ columns }, group) => {
      const column = columns[index];
      if (column?.crypto_metadata || column?.encrypted_column_metadata) throw encrypted(path);
      const meta = column?.meta_data;
      if (meta === undefined || columns.length !== elements.length) throw new Error('columns are missing');
      if (column?.file_path) {
        throw new UserError(
          `${path} has its columns in other files (${column.file_path}); write it as one file`,
        );
      }
      if (meta.path_in_schema.join('.') !== name || meta.type !== element.type) {
        throw new Error(`column ${index + 1} of row group ${group + 1} is not ${shown(name)}`);
      }
      return { meta, rows: counts[group]! };
    });
    return { name, element, convert, parts };
  });
}

function encrypted(path: string): UserError {
  return new UserError(`${path} is an encrypted Parquet file; write it without encryption`);
}

function damaged(error: unknown, path: string, column?: string): unknown {
  if (error instanceof UserError) return error;
  const where = column === undefined ? path : `${path}, column ${shown(column)}`;
  if (error instanceof NotText) {
    return new UserError(
      `${where}: it holds bytes that are not text in UTF-8; write it as text or numbers, or leave it out`,
    );
  }
  return new UserError(
    `${where}: damaged, or written in a way that is not read (${(error as Error).message}); copy the file or write it again`,
    { cause: error },
  );
}
