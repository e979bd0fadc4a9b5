import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { UserError } from '../../errors.js';
import { readable } from '../fixtures/npyFixtures.js';
import { zipBytes } from '../fixtures/zip.js';
import { npyBytes, parseNpy } from '../npy.js';
import type { NumericTensor } from '../numeric.js';
import { npyTable, npzTable } from './numpyTable.js';
import { type Cell, chunkRows, type Table } from './table.js';

const folder = mkdtempSync(join(tmpdir(), 'autoencoder-numpy-'));
after(() => rmSync(folder, { recursive: true }));

function npy(name: string, tensor: NumericTensor): string {
  const path = join(folder, `${name}.npy`);
  writeFileSync(path, npyBytes(tensor));
  return path;
}

function npz(name: string, arrays: Record<string, NumericTensor>): string {
  const path = join(folder, `${name}.npz`);
  const members = Object.entries(arrays).map(([key, tensor]) => ({
    name: `${key}.npy`,
    bytes: npyBytes(tensor),
  }));
  writeFileSync(path, zipBytes(members));
  return path;
}

async function cellsOf(table: Table): Promise<Cell[][]> {
  const columns: Cell[][] = table.names.map(() => []);
  for await (const { rows, columns: cells } of table.chunks()) {
    cells.forEach((column, i) => {
      assert.equal(column.length, rows);
      columns[i]!.push(...Array.from(column));
    });
  }
  return columns;
}

async function refuses(work: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof UserError, String((error as Error).stack));
    assert.match(error.message, message);
    return true;
  });
}

const matrix: NumericTensor = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] };
const labels: NumericTensor = { data: BigInt64Array.of(0n, 1n, 2n ** 60n), shape: [3] };

test('X gives columns x0, x1, …, and y a column of its own', async () => {
  const table = await npzTable(npz('xy', { y: labels, X: matrix, other: matrix }));
  assert.deepEqual([table.names, table.rowCount], [['x0', 'x1', 'y'], 3]);
  const expected = [
    [1, 3, 5],
    [2, 4, 6],
    [0, 1, 2n ** 60n],
  ];
  assert.deepEqual(await cellsOf(table), expected);
  assert.deepEqual(await cellsOf(table), expected);
  const line = await npzTable(npz('line', { X: { data: Uint8Array.of(7, 8), shape: [2] } }));
  assert.deepEqual([line.names, await cellsOf(line)], [['x'], [[7, 8]]]);
});

test('without an X, the only array of two axes is meant', async () => {
  const table = await npzTable(npz('one', { y: labels, ids: labels, points: matrix }));
  assert.deepEqual(table.names, ['x0', 'x1', 'y']);
  assert.deepEqual((await npzTable(npz('alone', { arr_0: labels }))).names, ['x']);
  assert.deepEqual((await npzTable(npz('line_y', { a: labels, y: labels }))).names, ['x', 'y']);
  assert.deepEqual((await npzTable(npz('only_y', { y: labels }))).names, ['x']);
  const images = { data: new Uint8Array(12), shape: [3, 2, 2] };
  await refuses(npzTable(npz('images', { images, y: labels })), /images: 'train'/);
  await refuses(npzTable(npz('mixed', { images, a: labels })), /it is not clear which one/);
  await refuses(
    npzTable(npz('two', { a: matrix, b: matrix, y: labels })),
    /has the arrays a \(3, 2\), b \(3, 2\), y \(3\), and it is not clear.*numpy\.savez\('.*two\.npz', X=…, y=…\)/,
  );
});

test('every type of numbers, byte order and memory order gives the same cells', async () => {
  for (const { name, base64 } of readable) {
    const bytes = Buffer.from(base64, 'base64');
    const { data, shape } = parseNpy(new Uint8Array(bytes), name);
    if (shape.length === 0 || shape.length > 2 || data.length === 0) continue;
    const path = join(folder, 'any.npy');
    writeFileSync(path, bytes);
    const columns = await cellsOf(await npyTable(path));
    const width = shape[1] ?? 1;
    assert.equal(columns.length, width, name);
    columns.forEach((cells, column) => {
      cells.forEach((cell, row) => {
        const value = data[row * width + column]!;
        const safe = typeof value === 'bigint' && Number.isSafeInteger(Number(value));
        assert.equal(cell, safe ? Number(value) : value, name);
      });
    });
  }
});

test('large arrays come in chunks, and gzipped files are read', async () => {
  const rows = 2 * chunkRows + 5;
  const path = npy('large', { data: Float64Array.from({ length: rows * 3 }, (_, i) => i), shape: [rows, 3] });
  const sizes: number[] = [];
  for await (const chunk of (await npyTable(path)).chunks()) sizes.push(chunk.rows);
  assert.deepEqual(sizes, [chunkRows, chunkRows, 5]);
  const columns = await cellsOf(await npyTable(path));
  assert.deepEqual(
    columns[1],
    Array.from({ length: rows }, (_, row) => row * 3 + 1),
  );
  const packed = join(folder, 'm.npy.gz');
  writeFileSync(packed, gzipSync(npyBytes(matrix)));
  assert.deepEqual((await npyTable(packed)).rowCount, 3);
});

test('says what is no table', async () => {
  const images = npy('images', { data: new Uint8Array(8), shape: [2, 2, 2] });
  await refuses(
    npyTable(images),
    /shape \(2, 2, 2\), which is no table; expected \(rows, columns\).*images: 'train'/,
  );
  await refuses(npyTable(npy('scalar', { data: Uint8Array.of(1), shape: [] })), /which is no table/);
  await refuses(npyTable(npy('empty', { data: new Uint8Array(0), shape: [0, 3] })), /there are no values/);
  const wide = npy('wide', { data: new Uint8Array(2 ** 20 + 1), shape: [1, 2 ** 20 + 1] });
  await refuses(npyTable(wide), /1,048,577 columns, where at most 1,048,576 are read; .*transpose it/);
  const short = { data: Uint8Array.of(1), shape: [1] };
  await refuses(npzTable(npz('short', { X: matrix, y: short })), /y has shape \(1\) where X has 3 rows/);
});
