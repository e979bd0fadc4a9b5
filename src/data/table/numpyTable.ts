import { UserError } from '../../errors.js';
import { readBytes } from '../file.js';
import { parseNpy } from '../npy.js';
import { openNpz } from '../npz.js';
import type { NumericTensor } from '../numeric.js';
import { type Cell, chunkRows, type Table } from './table.js';

/**
 * A .npz archive as a table: the array `X`, [rows] or [rows, columns], gives columns x0, x1, …; the array `y`, [rows], a
 * column of that name. Where there is no `X`, the only other array of one or two axes takes its place.
 * @throws {UserError} what `openNpz` throws, when it is not clear which array is meant, and when lengths differ
 */
export async function npzTable(path: string): Promise<Table> {
  const archive = await openNpz(path);
  const x = archive.names.includes('X') ? 'X' : await onlyMatrix(path, archive.names);
  const matrix = await archive.read(x);
  const y = archive.names.includes('y') ? await archive.read('y') : undefined;
  return matrixTable(matrix, `${path} (${x})`, path, y);
}

/**
 * A .npy file of one or two axes as a table with columns x0, x1, ….
 * @throws {UserError} what `parseNpy` throws, and for more axes
 */
export async function npyTable(path: string): Promise<Table> {
  return matrixTable(parseNpy(await readBytes(path), path), path, path);
}

async function onlyMatrix(path: string, names: readonly string[]): Promise<string> {
  const others = names.filter((name) => name !== 'y');
  if (others.length === 1) return others[0]!;
  throw new UserError(
    `${path} has the arrays ${names.join(', ')}, and it is not clear which one holds the rows; save them as X (and labels as y): numpy.savez('${path}', X=…, y=…)`,
  );
}

function matrixTable(matrix: NumericTensor, what: string, source: string, y?: NumericTensor): Table {
  const [rows, width = 1] = matrix.shape;
  if (rows === undefined || matrix.shape.length > 2) {
    throw new UserError(
      `${what} has shape (${matrix.shape.join(', ')}), which is no table; expected [rows, columns]. Arrays of more axes are images: 'autoencoder train' takes them as they are`,
    );
  }
  if (rows === 0 || width === 0) throw new UserError(`${what} has no ${rows === 0 ? 'rows' : 'columns'}`);
  if (y !== undefined && (y.data.length !== rows || y.shape.length > 2)) {
    throw new UserError(
      `${source}: y has ${y.data.length} values for ${rows} rows of X; save one label a row, or none`,
    );
  }
  const values = matrix.data as ArrayLike<number | bigint>;
  const names = Array.from({ length: width }, (_, column) => `x${column}`);
  return {
    source,
    names: y === undefined ? names : [...names, 'y'],
    rowCount: rows,
    async *chunks() {
      for (let start = 0; start < rows; start += chunkRows) {
        const count = Math.min(chunkRows, rows - start);
        const columns: ArrayLike<Cell>[] = names.map((_, column) =>
          Array.from({ length: count }, (_unused, row) => values[(start + row) * width + column]!),
        );
        if (y !== undefined) columns.push(y.data.subarray(start, start + count));
        yield { rows: count, columns };
      }
    },
  };
}
