import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { input } from '../graph/expr.js';
import { toOnnx } from '../graph/onnx.js';
import { missingInteger } from '../graph/ops/columns.js';
import { type Cell, tableOf } from '../index.js';
import { TableDecoder } from './decode.js';
import { TableEncoder } from './encode.js';
import { encodeTable } from './encodeRows.js';
import { fitTable } from './fit.js';
import { columnInputNames, decodedColumns, encodedRow, rawColumns } from './graph.js';
import type { Scaling } from './scaling.js';
import { cellSeconds, cellText, isMissing } from './values.js';

const rows = 60;
const training = {
  amount: Array.from({ length: rows }, (_, i) => (i % 9 === 0 ? null : 10 * Math.sin(i) + i)),
  heavy: Array.from({ length: rows }, (_, i) => Math.exp(i / 4)),
  big: Array.from({ length: rows }, (_, i) => 9_007_199_254_740_993n + BigInt(i * 3)),
  city: Array.from({ length: rows }, (_, i) => (i % 11 === 0 ? null : ['Graz', 'Linz', 'Wien'][i % 3]!)),
  member: Array.from({ length: rows }, (_, i) => (i % 2 === 0 ? 'yes' : 'no')),
  count: Array.from({ length: rows }, (_, i) => (i * i) % 23),
  tiny: Array.from({ length: rows }, (_, i) => 1e-320 * (1 + (i % 7))),
  huge: Array.from({ length: rows }, (_, i) => 1e200 * Math.sin(i)),
  flag: Array.from({ length: rows }, (_, i) => i % 2),
  day: Array.from({ length: rows }, (_, i) => new Date(Date.UTC(2020, 0, 1 + 40 * i, i % 24))),
};
type Names = keyof typeof training;

/** A cell as the tensors of exported graphs hold it. */
function rawCell(cell: Cell, dtype: string): number | bigint | string {
  // Texts as they are: blanks, missing ones and truths are known inside the graph.
  if (dtype === 'string') return cell === null ? '' : cellText(cell);
  if (dtype === 'int64') return isMissing(cell) ? missingInteger : BigInt(cell as bigint);
  if (isMissing(cell)) return Number.NaN;
  return cell instanceof Date ? cellSeconds(cell)! : Number(cell);
}

function tensor(dtype: string, cells: readonly Cell[]): ort.Tensor {
  const raw = cells.map((cell) => rawCell(cell, dtype));
  const dims = [cells.length, 1];
  if (dtype === 'string') return new ort.Tensor('string', raw as string[], dims);
  if (dtype === 'int64') return new ort.Tensor('int64', BigInt64Array.from(raw as bigint[]), dims);
  return new ort.Tensor('float64', Float64Array.from(raw as number[]), dims);
}

async function setUp(scaling: Scaling) {
  const { schema } = await fitTable(tableOf(training), { scaling });
  const { columns } = schema;
  const encoder = new TableEncoder(schema);
  const encode = await ort.InferenceSession.create(
    toOnnx({
      name: 'encode',
      outputs: { row: encodedRow(columns, 'batch') },
      inputNames: columnInputNames(columns),
    }),
  );
  const decoded = decodedColumns(columns, input('row', ['batch', encoder.width]));
  const outputs = Object.fromEntries(Object.entries(decoded).map(([name, value]) => [`${name}.out`, value]));
  const decode = await ort.InferenceSession.create(toOnnx({ name: 'decode', outputs }));
  return { schema, encoder, encode, decode, decoder: new TableDecoder(schema) };
}

const cellsFor: Readonly<Record<Names, fc.Arbitrary<Cell>>> = {
  amount: fc.oneof(fc.double(), fc.constant(null), fc.double({ min: -100, max: 100 })),
  heavy: fc.double({ min: -1e6, max: 1e12, noNaN: true }),
  big: fc.oneof(fc.bigInt({ min: missingInteger + 1n, max: 2n ** 63n - 1n }), fc.constant(null)),
  city: fc.oneof(
    fc.constantFrom('Graz', 'Wien', 'Linz', 'Rom', '', ' ', ' Graz', 'Graz ', ' NA ', 'nA', 'nUlL', 'graz'),
    fc.constant(null),
  ),
  member: fc.constantFrom('yes', 'no', 'Yes', 'NA', 'tRuE', 'fALse', 'oN', 'nOnE', '#n/A', null),
  tiny: fc.oneof(fc.double({ min: 0, max: 1e-319, noNaN: true }), fc.constant(1), fc.constant(Infinity)),
  huge: fc.oneof(fc.double({ min: -1e201, max: 1e201, noNaN: true }), fc.constantFrom(1e308, -Infinity)),
  count: fc.oneof(fc.integer({ min: -50, max: 5000 }), fc.constant(null)),
  flag: fc.constantFrom(0, 1, null),
  day: fc.oneof(
    fc.date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
    fc.constant(null),
  ),
};

for (const scaling of ['standard', 'robust', 'min-max', 'quantile'] as const) {
  describe(`columns inside the graph, ${scaling} scaling`, async () => {
    const { schema, encoder, encode, decode, decoder } = await setUp(scaling);
    const dtypes = rawColumns(schema.columns);

    it('encode every cell as the library does', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.record(cellsFor), { minLength: 1, maxLength: 20 }), async (records) => {
          const chunk = {
            rows: records.length,
            columns: Object.keys(training).map((name) => records.map((record) => record[name as Names])),
          };
          const expected = encoder.encode(chunk, encoder.locate(tableOf(training)), 'test');
          const feeds = Object.fromEntries(
            dtypes.map(({ name, dtype }) => [
              name,
              tensor(
                dtype,
                records.map((record) => record[name as Names]),
              ),
            ]),
          );
          const { row } = await encode.run(feeds);
          const found = row!.data as Float32Array;
          assert.equal(found.length, expected.length);
          found.forEach((value, i) => {
            const other = expected[i]!;
            const near =
              Object.is(value, other) || Math.abs(value - other) <= 1e-5 * Math.max(1, Math.abs(other));
            assert.ok(near, `${i % encoder.width}: ${value} and ${other}`);
          });
        }),
        { numRuns: 60 },
      );
    });

    it('decode every row as the library does', async () => {
      const { data } = await encodeAll(encoder);
      const found = await decode.run({ row: new ort.Tensor('float32', data, [rows, encoder.width]) });
      const expected = decoder.columns(
        data.map((value) => (Number.isNaN(value) ? 0 : value)),
        encoder.width,
      );
      const back = await decode.run({
        row: new ort.Tensor(
          'float32',
          data.map((value) => (Number.isNaN(value) ? 0 : value)),
          [rows, encoder.width],
        ),
      });
      assert.equal(Object.keys(found).length, schema.columns.length);
      schema.columns.forEach((column, k) => {
        const values = Array.from(
          back[`${column.name}.out`]!.data as unknown as ArrayLike<number | bigint | string>,
        );
        values.forEach((value, i) => {
          const cell = expected[k]![i]!;
          if (typeof value === 'string') assert.equal(value, cell, column.name);
          else if (typeof value === 'bigint') assert.equal(value, cell, column.name);
          else {
            const number = column.type === 'date' ? cellSeconds(cell)! : Number(cell);
            const tolerance = column.type === 'date' ? 0.51 : 1e-4 * Math.max(1, Math.abs(number));
            assert.ok(Math.abs(value - number) <= tolerance, `${column.name}: ${value} and ${number}`);
          }
        });
      });
    });

    it('rounds columns of whole numbers', async () => {
      const latent = Float32Array.from({ length: rows * encoder.width }, (_, i) => 2 * Math.sin(7 * i));
      const found = await decode.run({ row: new ort.Tensor('float32', latent, [rows, encoder.width]) });
      const expected = decoder.columns(latent, encoder.width);
      const place = schema.columns.findIndex(({ name }) => name === 'count');
      assert.deepEqual(Array.from(found['count.out']!.data as Float64Array), expected[place]);
      assert.ok((found['count.out']!.data as Float64Array).every(Number.isInteger));
      assert.ok(!(found['amount.out']!.data as Float64Array).every(Number.isInteger));
    });

    it('gives back what was encoded, in the units of the table', async () => {
      const { data } = await encodeAll(encoder);
      const cells = decoder.columns(data, encoder.width);
      schema.columns.forEach((column, k) => {
        const given: readonly unknown[] = training[column.name as Names];
        given.forEach((cell, i) => {
          const back = cells[k]![i]!;
          if (cell === null) assert.equal(back, null);
          else if (typeof cell === 'number') {
            // float32 has seven digits of a column's range, and fewer far out in its tail.
            const tolerance = 1e-5 * Math.max(...given.map((other) => Math.abs(Number(other))));
            assert.ok(Math.abs(Number(back) - cell) <= tolerance, `${column.name}: ${back} and ${cell}`);
          } else if (cell instanceof Date) {
            // Of six years float32 tells some seconds apart.
            assert.ok(
              Math.abs(cellSeconds(back)! - cell.getTime() / 1000) < 60,
              `${back} and ${cell.toISOString()}`,
            );
          } else assert.equal(back, cell, column.name);
        });
      });
    });
  });
}

describe('numbers at the ends of what their type holds', () => {
  const [least, most] = [-(2n ** 63n) + 1n, 2n ** 63n - 1n];
  const x = Array.from({ length: rows }, (_, i) => BigInt(i));
  const integers: Readonly<Record<string, bigint[]>> = {
    high: x.map((i) => most - i * i),
    low: x.map((i) => least + 10n ** 12n * i),
    both: x.map((i) => (i % 2n === 0n ? most - i : least + i)),
    mid: x.map((i) => 2n ** 54n + i),
  };
  const doubles = {
    wild: x.map((i) => 1e306 * Math.sin(Number(i))),
    whole: x.map((i) => 1e300 * Number(i)),
  };

  it('are encoded by the graph as by the library, with no difference that wraps around', async () => {
    const { schema } = await fitTable(tableOf(integers));
    const { columns } = schema;
    assert.ok(columns.every((column) => column.type === 'number' && column.raw === 'int64'));
    const given = [least, most, 0n, -(2n ** 62n), 2n ** 62n, most - 7n, least + 7n];
    const cells = Object.fromEntries(columns.map(({ name }) => [name, given]));
    const expected = await encodeTable(tableOf(cells), new TableEncoder(schema));
    const model = { name: 'encode', outputs: { row: encodedRow(columns, 'batch') } };
    const encode = await ort.InferenceSession.create(
      toOnnx({ ...model, inputNames: columnInputNames(columns) }),
    );
    const { row } = await encode.run(
      Object.fromEntries(columns.map(({ name }) => [name, tensor('int64', given)])),
    );
    (row!.data as Float32Array).forEach((value, i) => {
      const other = expected.data[i]!;
      assert.ok(Math.abs(value - other) <= 1e-5 * Math.max(1, Math.abs(other)), `${i}: ${value}, ${other}`);
    });
  });

  it('are decoded by the graph as by the library, up to the ends and no farther', async () => {
    const { schema } = await fitTable(tableOf({ ...integers, ...doubles }));
    const { columns } = schema;
    const values = [-3e38, -200, -70, -40, -20, -5, -1.5, -0.3, 0, 0.3, 1.5, 5, 20, 40, 70, 200, 3e38];
    const width = columns.length;
    const row = Float32Array.from(
      { length: values.length * width },
      (_, i) => values[Math.floor(i / width)]!,
    );
    const expected = new TableDecoder(schema).columns(row, width);
    const decoded = decodedColumns(columns, input('row', ['batch', width]));
    const decode = await ort.InferenceSession.create(toOnnx({ name: 'decode', outputs: decoded }));
    const found = await decode.run({ row: new ort.Tensor('float32', row, [values.length, width]) });
    columns.forEach(({ name }, k) => {
      const cells = Array.from(found[name]!.data as unknown as ArrayLike<number | bigint>);
      cells.forEach((cell, i) => {
        const other = expected[k]![i] as number | bigint;
        assert.equal(typeof cell, typeof other);
        if (typeof other === 'bigint') assert.ok(other >= least && other <= most, `${name}: ${other}`);
        else assert.ok(Number.isFinite(other), `${name}: ${other}`);
        const [a, b] = [Number(cell), Number(other)];
        // As parts of the other: the difference of the largest numbers is infinite.
        assert.ok(a === b || Math.abs(a / b - 1) <= 1e-5, `${name}, ${values[i]}: ${a} and ${b}`);
      });
    });
    assert.deepEqual([expected[2]![0], expected[2]!.at(-1)], [least, most]);
    assert.equal(expected[columns.length - 1]!.at(-1), Number.MAX_VALUE);
  });
});

describe('a category with more values than are counted', () => {
  it('inside the graph takes a value that it does not know for a rare one, as the library does', async () => {
    const name = Array.from({ length: 22_000 }, (_, i) => (i % 2 ? 'common' : `own ${i}`));
    const { schema } = await fitTable(tableOf({ name }), { categorical: ['name'] });
    const { columns } = schema;
    const model = { name: 'encode', outputs: { row: encodedRow(columns, 'batch') } };
    const encode = await ort.InferenceSession.create(
      toOnnx({ ...model, inputNames: columnInputNames(columns) }),
    );
    const { row } = await encode.run({ name: tensor('string', ['common', 'own 2', 'new', '']) });
    assert.deepEqual([...(row!.data as Float32Array)], [0, 1, 1, Number.NaN]);
  });
});

async function encodeAll(encoder: TableEncoder): Promise<{ data: Float32Array }> {
  for await (const chunk of tableOf(training).chunks()) {
    return { data: encoder.encode(chunk, encoder.locate(tableOf(training)), 'test') };
  }
  throw new Error('no rows');
}
