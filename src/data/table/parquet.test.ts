import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { SchemaElement } from 'hyparquet';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { UserError } from '../../errors.js';
import { parquetTable } from './parquet.js';
import { type Cell, chunkRows, type Table } from './table.js';

const folder = mkdtempSync(join(tmpdir(), 'autoencoder-parquet-'));
after(() => rmSync(folder, { recursive: true }));

type WriteOptions = Omit<Parameters<typeof parquetWriteBuffer>[0], 'writer'>;

const compressors = {
  GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)),
  BROTLI: (bytes: Uint8Array) => new Uint8Array(brotliCompressSync(bytes)),
};

function parquet(options: WriteOptions): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ compressors, ...options }));
}

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function cellsOf(table: Table): Promise<Cell[][]> {
  const columns: Cell[][] = table.names.map(() => []);
  for await (const chunk of table.chunks()) {
    assert.ok(chunk.rows > 0 && chunk.rows <= chunkRows);
    chunk.columns.forEach((cells, i) => {
      assert.equal(cells.length, chunk.rows);
      for (let row = 0; row < chunk.rows; row++) columns[i]!.push(cells[row]!);
    });
  }
  return columns;
}

async function refuses(path: string, message: RegExp): Promise<void> {
  const reading = async () => cellsOf(await parquetTable(path));
  await assert.rejects(reading, (error) => {
    assert.ok(error instanceof UserError, String((error as Error).stack));
    assert.match(error.message, message);
    return true;
  });
}

const numbers: ColumnSource = { name: 'n', data: [1.5, null, -2], type: 'DOUBLE' };
const names: ColumnSource = { name: 'text', data: ['a', 'ü', null], type: 'STRING' };
const plain = parquet({ columnData: [numbers, names] });

test('reads every basic type, with missing values', async () => {
  const uuid = '123e4567-e89b-12d3-a456-426614174000';
  const path = file(
    'types.parquet',
    parquet({
      columnData: [
        numbers,
        names,
        { name: 'truth', data: [true, null, false], type: 'BOOLEAN' },
        { name: 'i32', data: [1, -(2 ** 31), null], type: 'INT32' },
        { name: 'i64', data: [1n, null, -(2n ** 63n)], type: 'INT64' },
        { name: 'small', data: [1n, 2n, -(2n ** 53n) + 1n], type: 'INT64', nullable: false },
        { name: 'f32', data: [0.5, null, Number.POSITIVE_INFINITY], type: 'FLOAT' },
        { name: 'f16', data: [0.5, null, -2], type: 'FLOAT16' },
        { name: 'when', data: [new Date(0), null, new Date('1066-10-14T09:00:00.001Z')], type: 'TIMESTAMP' },
        { name: 'json', data: [{ a: 1 }, null, [2]], type: 'JSON' },
        { name: 'uuid', data: [uuid, null, uuid], type: 'UUID' },
      ],
    }),
  );
  const table = await parquetTable(path);
  assert.equal(table.rowCount, 3);
  assert.equal(table.source, path);
  assert.deepEqual(await cellsOf(table), [
    [1.5, null, -2],
    ['a', 'ü', null],
    [true, null, false],
    [1, -(2 ** 31), null],
    [1, null, -(2n ** 63n)],
    [1, 2, -(2 ** 53) + 1],
    [0.5, null, Number.POSITIVE_INFINITY],
    [0.5, null, -2],
    [new Date(0), null, new Date('1066-10-14T09:00:00.001Z')],
    ['{"a":1}', null, '[2]'],
    [uuid, null, uuid],
  ]);
  // A table can be read again, and reading be left in the middle.
  for await (const _ of table.chunks()) break;
  assert.equal((await cellsOf(table))[0]!.length, 3);
});

test('decimals, dates, and unsigned and large integers are what they mean', async () => {
  const element = (name: string, rest: Partial<SchemaElement>): SchemaElement => ({
    name,
    repetition_type: 'REQUIRED',
    ...rest,
  });
  const schema: SchemaElement[] = [
    { name: 'root', num_children: 4 },
    element('price', { type: 'INT32', converted_type: 'DECIMAL', scale: 1, precision: 9 }),
    element('day', { type: 'INT32', converted_type: 'DATE' }),
    element('u64', { type: 'INT64', converted_type: 'UINT_64' }),
    element('kind', { type: 'BYTE_ARRAY', converted_type: 'ENUM' }),
  ];
  const columnData = [
    { name: 'price', data: [0.3, -12.7] },
    { name: 'day', data: [new Date('2024-02-29'), new Date('1969-12-31')] },
    { name: 'u64', data: [7n, 2n ** 64n - 1n] },
    { name: 'kind', data: ['a', 'b'].map((text) => new TextEncoder().encode(text)) },
  ];
  assert.deepEqual(
    await cellsOf(await parquetTable(file('schema.parquet', parquet({ schema, columnData })))),
    [
      [0.3, -12.7],
      [new Date('2024-02-29'), new Date('1969-12-31')],
      [7, 2n ** 64n - 1n],
      ['a', 'b'],
    ],
  );
});

const value = {
  BOOLEAN: fc.boolean(),
  INT32: fc.integer(),
  INT64: fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-9n, 9n)),
  DOUBLE: fc.double({ noNaN: true }),
  FLOAT: fc.float({ noNaN: true }),
  STRING: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('red', 'green')),
  TIMESTAMP: fc.date({ noInvalidDate: true, min: new Date(-1e14), max: new Date(1e14) }),
};

const column = fc.constantFrom(...(Object.keys(value) as (keyof typeof value)[])).chain((type) =>
  fc.record({
    type: fc.constant(type),
    nullable: fc.boolean(),
    values: fc.infiniteStream<unknown>(fc.oneof({ weight: 4, arbitrary: value[type] }, fc.constant(null))),
    spare: value[type] as fc.Arbitrary<unknown>,
  }),
);

test('what was written is read: any columns, row groups, pages and compression', async () => {
  const tables = fc.record({
    columns: fc.array(column, { minLength: 1, maxLength: 4 }),
    rows: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: chunkRows - 1, max: chunkRows + 300 })),
    rowGroupSize: fc.integer({ min: 7, max: 5000 }),
    pageSize: fc.integer({ min: 20, max: 4000 }),
    codec: fc.constantFrom('UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI'),
  } as const);
  await fc.assert(
    fc.asyncProperty(tables, async ({ columns, rows, ...options }) => {
      const columnData = columns.map(({ type, nullable, values, spare }, i) => ({
        name: `c${i}`,
        type,
        nullable,
        data: [...values.take(rows)].map((cell) => (nullable ? cell : (cell ?? spare))),
      }));
      const path = file('any.parquet', parquet({ columnData, ...options }));
      const expected = columnData.map(({ data }) =>
        data.map((cell) =>
          typeof cell === 'bigint' && Number.isSafeInteger(Number(cell)) ? Number(cell) : cell,
        ),
      );
      assert.deepEqual(await cellsOf(await parquetTable(path)), expected);
    }),
    { numRuns: 60 },
  );
});

test('a gzipped file is unpacked', async () => {
  assert.deepEqual(await cellsOf(await parquetTable(file('a.parquet.gz', gzipSync(plain)))), [
    [1.5, null, -2],
    ['a', 'ü', null],
  ]);
  await refuses(file('b.parquet.gz', gzipSync('name\n')), /no Parquet file: it begins with 6e 61 6d 65/);
  await refuses(file('c.parquet.gz', gzipSync(plain).subarray(0, 99)), /ends too early/);
});

test('says what is wrong with a file', async () => {
  await refuses(join(folder, 'none.parquet'), /there is no file .*none\.parquet/);
  await refuses(folder, /is a directory; expected a file/);
  await refuses(file('empty.parquet', ''), /is empty \(0 bytes\)/);
  await refuses(file('x.parquet', 'x'), /no Parquet file: it begins with 78; expected 50 41 52 31/);
  await refuses(file('csv.parquet', 'a,b\n1,2\n3,4\n5,6\n'), /no Parquet file.*Give the file/);
  await refuses(file('short.parquet', plain.subarray(0, -9)), /end is missing.*cut short.*again/);
  await refuses(file('locked.parquet', 'PARE and so on'), /is an encrypted Parquet file/);
  const none = parquet({ columnData: [{ name: 'n', data: [], type: 'DOUBLE' }] });
  await refuses(file('rows.parquet', none), /zero rows; expected at least one/);
  await refuses(
    file('none.parquet', parquet({ columnData: [], schema: [{ name: 'root', num_children: 0 }] })),
    /no columns; expected at least one/,
  );
});

test('says which column cannot be read', async () => {
  const lists = parquet({
    schema: [
      { name: 'root', num_children: 1 },
      { name: 'tags', num_children: 1, repetition_type: 'OPTIONAL', converted_type: 'LIST' },
      { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
      { name: 'element', type: 'INT32', repetition_type: 'OPTIONAL' },
    ],
    columnData: [{ name: 'tags', data: [[1, 2], [], [3]] }],
  });
  await refuses(file('lists.parquet', lists), /column "tags" holds lists, structs or maps.*leave it out/);
  const data = [Uint8Array.of(0xff, 0xfe)];
  const bytes = parquet({ columnData: [{ name: 'blob', data, type: 'BYTE_ARRAY' }] });
  await refuses(
    file('bytes.parquet', bytes),
    /column "blob": it holds bytes that are not text.*leave it out/,
  );
});

test('what a page claims is not believed', async () => {
  const zeros = { name: 'zero', data: new Array(50_000).fill(0), type: 'DOUBLE' } as const;
  const changed = parquet({ columnData: [zeros], codec: 'GZIP' });
  // After PAR1, the header of the first page: its type, then the size that it unpacks to.
  assert.deepEqual([changed[4], changed[6]], [0x15, 0x15]);
  changed[7]! ^= 0x04;
  await refuses(file('claim.parquet', changed), /column "zero": damaged/);
});

test('a page is not read beyond its end', async () => {
  const column = { name: 'n', data: Float64Array.of(1, 2, 3, 4), type: 'DOUBLE', nullable: false } as const;
  const columnData = [column, { ...column, name: 'm' }];
  const changed = parquet({ columnData, codec: 'UNCOMPRESSED' });
  // Both sizes of the first page, 32 bytes as a zigzag number, become 24: three values where its header counts four.
  assert.deepEqual([changed[7], changed[9]], [0x40, 0x40]);
  changed[7] = changed[9] = 0x30;
  await refuses(file('beyond.parquet', changed), /column "n": damaged.*ends before its values do/);
});

test('texts that repeat the one before do not take all memory', async () => {
  const text = 'x'.repeat(100_000);
  const write = (rows: number) =>
    parquet({
      columnData: [
        { name: 't', data: new Array(rows).fill(text), type: 'STRING', encoding: 'DELTA_BYTE_ARRAY' },
      ],
      pageSize: 2 ** 30,
      rowGroupSize: rows,
    });
  const [cells] = await cellsOf(await parquetTable(file('few.parquet', write(20))));
  assert.ok(cells!.length === 20 && cells!.every((cell) => cell === text));
  await refuses(file('many.parquet', write(3000)), /column "t": .*repeat 299,900,000 bytes; at most/);
});

async function survives(bytes: Uint8Array): Promise<void> {
  try {
    await cellsOf(await parquetTable(file('fuzz.parquet', bytes)));
  } catch (error) {
    assert.ok(error instanceof UserError, String((error as Error).stack));
  }
}

const samples = (['UNCOMPRESSED', 'SNAPPY', 'GZIP'] as const).flatMap((codec) => [
  parquet({
    codec,
    rowGroupSize: 40,
    columnData: [
      numbers,
      names,
      { name: 'kind', data: ['a', 'b', 'a'], type: 'STRING' },
      { name: 'id', data: [1n, 2n, 3n], type: 'INT64', encoding: 'DELTA_BINARY_PACKED' },
      { name: 'when', data: [new Date(0), null, new Date(1)], type: 'TIMESTAMP' },
      { name: 'truth', data: [true, null, false], type: 'BOOLEAN' },
    ].map((each) => ({ ...each, data: Array.from({ length: 100 }, (_, i) => each.data[i % 3]) })) as never,
  }),
]);

test('no bytes give anything but cells or a UserError', async () => {
  const damaged = fc
    .tuple(
      fc.constantFrom(...samples),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }),
    )
    .map(([sample, changes]) => {
      const bytes = sample.slice();
      for (const [at, to] of changes) bytes[at % bytes.length] = to;
      return bytes;
    });
  const noise = fc.uint8Array({ maxLength: 200 });
  const framed = noise.map((bytes) => Buffer.concat([Buffer.from('PAR1'), bytes, Buffer.from('PAR1')]));
  await fc.assert(fc.asyncProperty(fc.oneof({ weight: 8, arbitrary: damaged }, noise, framed), survives), {
    numRuns: Number(process.env.FUZZ ?? 500),
  });
});

test('every bit counts: one changed anywhere gives cells or a UserError', async () => {
  for (const sample of samples.slice(0, 2)) {
    for (let at = 0; at < sample.length; at += 7) {
      const bytes = sample.slice();
      bytes[at]! ^= 1 << (at % 8);
      await survives(bytes);
    }
  }
});

test('every truncation is noticed', async () => {
  for (let length = 0; length < plain.length; length += 5) {
    await refuses(file('cut.parquet', plain.subarray(0, length)), /is empty|no Parquet file|end is missing/);
  }
});
