import { UserError } from '../../errors.js';
import { countText } from '../bytes.js';
import { readBytes } from '../file.js';
import { parseNpy } from '../npy.js';
import { openNpz } from '../npz.js';
import type { NumericArray, NumericTensor } from '../numeric.js';
import { rowsOfChunk } from './chunkSize.js';
import type { Cell, Table, TableChunk } from './table.js';

/** Beyond this the names of the columns alone take all memory; it is a matrix lying on its side, or no table. */
const maxColumns = 2 ** 20;

/**
 * A .npz archive as a table: the array `X`, [rows, columns] or [rows], gives columns x0, x1, …, or x; the array `y`,
 * [rows] or [rows, 1], a column of that name. Where there is no `X`, the only array of two axes that holds numbers takes
 * its place, or the only array of numbers beside `y`. Integers of 64 bits come as numbers, and as `bigint` beyond ±2^53.
 * @throws {UserError} what `openNpz` throws, when it is not clear which array is meant, the array is empty, has more
 *   than two axes or more than 2^20 columns, and when `y` has another length
 */
export async function npzTable(path: string): Promise<Table> {
  const archive = await openNpz(path);
  const x = archive.names.includes('X') ? 'X' : await onlyMatrix(path, archive);
  const matrix = await archive.read(x);
  const y = x !== 'y' && archive.names.includes('y') ? await archive.read('y') : undefined;
  return matrixTable(matrix, `${path} (${x})`, path, y);
}

/**
 * A .npy file of one or two axes as a table with columns x0, x1, …, or x. Integers of 64 bits come as numbers, and as
 * `bigint` beyond ±2^53.
 * @throws {UserError} what `readBytes` and `parseNpy` throw, and for more axes, no values, or more than 2^20 columns
 */
export async function npyTable(path: string): Promise<Table> {
  return matrixTable(parseNpy(await readBytes(path), path), path, path);
}

async function onlyMatrix(path: string, { names, shape }: Awaited<ReturnType<typeof openNpz>>) {
  const shapes = await Promise.all(names.map(shape));
  const others = names.filter((name, i) => name !== 'y' && shapes[i] !== undefined);
  const matrices = others.filter((name) => shapes[names.indexOf(name)]!.length === 2);
  // An array that is alone is meant, whatever its shape: what is wrong with it is said when it is read.
  const [only] = [matrices, others, names].find(({ length }) => length === 1) ?? [];
  if (only !== undefined) return only;
  const list = names.map((name, i) => `${name} ${shapes[i] ? `(${shapes[i].join(', ')})` : '(no numbers)'}`);
  throw new UserError(
    `${path} has the arrays ${list.join(', ')}, and it is not clear which one holds the rows; save them as X, and labels as y: numpy.savez('${path}', X=…, y=…)`,
  );
}

function matrixTable(matrix: NumericTensor, what: string, source: string, y?: NumericTensor): Table {
  const { data, shape } = matrix;
  const [rows, width = 1] = shape;
  if (rows === undefined || shape.length > 2) {
    const advice =
      rows === undefined ? '' : ". Arrays of more axes are images: 'train' takes them as they are";
    throw new UserError(
      `${what} has shape (${shape.join(', ')}), which is no table; expected (rows, columns) or (rows,)${advice}`,
    );
  }
  if (rows === 0 || width === 0) {
    throw new UserError(
      `${what} has shape (${shape.join(', ')}): there are no values; expected at least one`,
    );
  }
  if (width > maxColumns) {
    throw new UserError(
      `${what} has shape (${shape.join(', ')}): ${countText(width)} columns, where at most ${countText(maxColumns)} are read; expected (rows, columns), so transpose it if it lies on its side`,
    );
  }
  if (y !== undefined && (y.data.length !== rows || y.shape[0] !== rows)) {
    throw new UserError(
      `${source}: y has shape (${y.shape.join(', ')}) where X has ${countText(rows)} rows; save one label for each row, or none`,
    );
  }
  const names = shape.length === 1 ? ['x'] : Array.from({ length: width }, (_, column) => `x${column}`);
  return {
    source,
    names: y === undefined ? names : [...names, 'y'],
    rowCount: rows,
    async *chunks(): AsyncGenerator<TableChunk> {
      const size = rowsOfChunk(width);
      for (let start = 0; start < rows; start += size) {
        const count = Math.min(size, rows - start);
        const columns = names.map((_, column) => cells(data, start * width + column, width, count));
        if (y !== undefined) columns.push(cells(y.data, start, 1, count));
        yield { rows: count, columns };
      }
    },
  };
}

/** Every `step`-th of the values, `count` of them. */
function cells(data: NumericArray, first: number, step: number, count: number): ArrayLike<Cell> {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return integers(data, first, step, count);
  }
  if (step === 1) return data.subarray(first, first + count);
  const out = new (data.constructor as Float64ArrayConstructor)(count);
  for (let i = 0, at = first; i < count; i++, at += step) out[i] = data[at]!;
  return out;
}

function integers(
  data: BigInt64Array | BigUint64Array,
  first: number,
  step: number,
  count: number,
): Float64Array | Cell[] {
  const out = new Float64Array(count);
  let exact = true;
  for (let i = 0, at = first; i < count; i++, at += step) {
    out[i] = Number(data[at]!);
    exact &&= Number.isSafeInteger(out[i]);
  }
  if (exact) return out;
  return Array.from(out, (number, i) => (Number.isSafeInteger(number) ? number : data[first + i * step]!));
}
