import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { csvTable } from '../data/table/csv.js';
import { jsonLinesTable } from '../data/table/jsonLines.js';
import type { Cell, Table } from '../data/table/table.js';
import { UserError } from '../errors.js';
import { type OutputColumn, tableWriter } from './tableFile.js';

const root = mkdtempSync(join(tmpdir(), 'autoencoder-table-file-'));
after(() => rmSync(root, { recursive: true }));

let folders = 0;

function folder(): string {
  const path = join(root, String(folders++));
  mkdirSync(path);
  return path;
}

const columns: OutputColumn[] = [
  { name: 'who, "really"', type: 'text' },
  { name: 'x', type: 'number' },
  { name: 'id', type: 'integer' },
  { name: 'ok', type: 'boolean' },
];

const cells: Cell[][] = [
  ['Ann', null, ' "b",\n'],
  [0.1, Number.NaN, -1e300],
  [1, null, 2n ** 60n],
  [true, null, false],
];

async function write(path: string, parts = [cells], types = columns): Promise<void> {
  const writer = await tableWriter(path, types);
  for (const part of parts) await writer.write(part, part[0]!.length);
  await writer.close();
}

async function refuses(work: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

async function rowsOf(table: Table): Promise<Cell[][]> {
  const rows: Cell[][] = [];
  for await (const chunk of table.chunks()) {
    for (let row = 0; row < chunk.rows; row++) rows.push(chunk.columns.map((column) => column[row]!));
  }
  return rows;
}

function readParquet(path: string): Promise<Record<string, unknown>[]> {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  return parquetReadObjects({ file: buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer });
}

test('writes CSV and TSV', async () => {
  const path = join(folder(), 'a.csv');
  await write(path, [cells, cells]);
  const rows = 'Ann,0.1,1,true\n,,,\n" ""b"",\n",-1e+300,1152921504606846976,false\n';
  assert.equal(readFileSync(path, 'utf8'), `"who, ""really""",x,id,ok\n${rows}${rows}`);
  const tsv = join(folder(), 'a.TSV');
  await write(tsv, [[['a\tb'], [1.5], [2], [true]]]);
  assert.equal(readFileSync(tsv, 'utf8'), '"who, ""really"""\tx\tid\tok\n"a\tb"\t1.5\t2\ttrue\n');
});

test('writes gzipped CSV that any program unpacks', async () => {
  const [plain, packed] = ['a.csv', 'a.csv.gz'].map((name) => join(folder(), name)) as [string, string];
  for (const path of [plain, packed]) await write(path, [cells, cells]);
  assert.equal(gunzipSync(readFileSync(packed)).toString(), readFileSync(plain, 'utf8'));
});

test('writes JSON Lines', async () => {
  const path = join(folder(), 'a.jsonl');
  await write(path);
  const table = await jsonLinesTable(path);
  assert.deepEqual(
    table.names,
    columns.map(({ name }) => name),
  );
  assert.deepEqual(await rowsOf(table), [
    ['Ann', 0.1, 1, true],
    [null, null, null, null],
    [' "b",\n', -1e300, 2n ** 60n, false],
  ]);
});

test('writes Parquet, in row groups', async () => {
  const path = join(folder(), 'a.parquet');
  await write(path);
  const names = columns.map(({ name }) => name);
  assert.deepEqual(
    (await readParquet(path)).map((row) => names.map((name) => row[name] ?? null)),
    [
      ['Ann', 0.1, 1n, true],
      [null, null, null, null],
      [' "b",\n', -1e300, 2n ** 60n, false],
    ],
  );
  const many = join(folder(), 'many.parquet');
  const numbers = Float64Array.from({ length: 10_000 }, (_, i) => i / 8);
  const texts = Array.from(numbers, (n) => `text ${n}`);
  await write(many, Array(15).fill([numbers, texts]), [
    { name: 'n', type: 'number' },
    { name: 't', type: 'text' },
  ]);
  const rows = await readParquet(many);
  assert.equal(rows.length, 150_000);
  assert.deepEqual(rows[149_999], { n: 9_999 / 8, t: `text ${9_999 / 8}` });
  assert.deepEqual(rows[65_536], { n: 5_536 / 8, t: `text ${5_536 / 8}` });
});

for (const ending of ['.csv', '.jsonl', '.parquet']) {
  test(`is whole or not at all: ${ending}`, async () => {
    const place = folder();
    const path = join(place, `a${ending}`);
    writeFileSync(path, 'old');
    const writer = await tableWriter(path, columns);
    await writer.write(cells, 3);
    assert.equal(readFileSync(path, 'utf8'), 'old');
    await writer.abort();
    await writer.abort();
    assert.equal(readFileSync(path, 'utf8'), 'old');
    assert.deepEqual(readdirSync(place), [`a${ending}`]);
    await assert.rejects(writer.write(cells, 3), /closed already/);
    await write(path);
    assert.notEqual(readFileSync(path, 'utf8'), 'old');
    assert.deepEqual(readdirSync(place), [`a${ending}`]);
  });

  test(`a table without rows is one: ${ending}`, async () => {
    const path = join(folder(), `a${ending}`);
    await write(path, []);
    if (ending === '.csv') assert.equal(readFileSync(path, 'utf8'), '"who, ""really""",x,id,ok\n');
    if (ending === '.parquet') assert.deepEqual(await readParquet(path), []);
  });
}

test('refuses other endings and places, and leaves nothing behind', async () => {
  const place = folder();
  await refuses(
    tableWriter(join(place, 'a.xlsx'), columns),
    /expected \.csv, \.csv\.gz, \.tsv, \.jsonl or \.parquet/,
  );
  await refuses(tableWriter(join(place, 'none', 'a.csv'), columns), /does not exist; create it first/);
  const path = join(place, 'a.parquet');
  const writer = await tableWriter(path, [{ name: 'i', type: 'integer' }]);
  await writer.write([[2n ** 70n]], 1);
  await refuses(writer.close(), /out of range.*choose \.csv or \.jsonl/);
  assert.ok(!existsSync(path));
  assert.deepEqual(readdirSync(place), []);
});

test('what is written as CSV reads back the same', async () => {
  const text = fc.string({
    unit: fc.constantFrom(',', '\t', '"', '\n', '\r', ' ', 'a', '1', 'é', '\ufeff'),
    maxLength: 6,
  });
  const rows = fc.integer({ min: 1, max: 3 }).chain((width) =>
    fc.array(fc.array(fc.option(text), { minLength: width, maxLength: width }), {
      minLength: 1,
      maxLength: 6,
    }),
  );
  await fc.assert(
    fc.asyncProperty(rows, fc.constantFrom('.csv', '.csv.gz', '.tsv'), async (given, ending) => {
      const path = join(root, `any${ending}`);
      const names = given[0]!.map((_, i) => `n${i}`);
      const byColumn = names.map((_, i) => given.map((row) => row[i]!));
      await write(
        path,
        [byColumn],
        names.map((name) => ({ name, type: 'text' })),
      );
      assert.deepEqual(
        await rowsOf(await csvTable(path)),
        given.map((row) => row.map((cell) => (cell === '' ? null : cell))),
      );
    }),
  );
});

test('what is written as Parquet or JSON Lines reads back the same', async () => {
  const row = fc.tuple(
    fc.option(fc.string({ unit: 'grapheme' })),
    fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0)),
    fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    fc.option(fc.boolean()),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 40 }), async (rows) => {
      const names = columns.map(({ name }) => name);
      const byColumn = names.map((_, i) => rows.map((cells) => cells[i]!));
      const parquet = join(root, 'any.parquet');
      await write(parquet, [byColumn]);
      const found = (await readParquet(parquet)).map((object) => names.map((name) => object[name] ?? null));
      assert.deepEqual(found, rows);
      const jsonl = join(root, 'any.jsonl');
      await write(jsonl, [byColumn]);
      // JSON has one kind of number; the integers here may be small.
      const same = (cell: Cell) => (typeof cell === 'bigint' ? Number(cell) : cell);
      assert.deepEqual(
        (await rowsOf(await jsonLinesTable(jsonl))).map((cells) => cells.map(same)),
        rows.map((cells) => cells.map(same)),
      );
    }),
    { numRuns: 50 },
  );
});
