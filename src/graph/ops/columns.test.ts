import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as ort from 'onnxruntime-node';
import { type Expr, input } from '../expr.js';
import { toOnnx } from '../onnx.js';
import {
  interpolate,
  labelDecode,
  labelEncode,
  missingInteger,
  phase,
  roundWhole,
  standardize,
  uninterpolate,
  unstandardize,
} from './columns.js';

type Values = Float64Array | Float32Array | BigInt64Array | string[];

/** Computes one column. */
async function run(build: (x: Expr) => Expr, dtype: Expr['dtype'], values: Values): Promise<unknown[]> {
  const x = input('x', ['rows', 1], dtype);
  const session = await ort.InferenceSession.create(toOnnx({ name: 'column', outputs: { y: build(x) } }));
  const feed = new ort.Tensor(dtype as 'string', values as string[], [values.length, 1]);
  const { y } = await session.run({ x: feed });
  return Array.from(y!.data as unknown as ArrayLike<unknown>);
}

describe('raw columns', () => {
  it('keep the low digits of large numbers when they are standardised', async () => {
    const large = 2 ** 40;
    const found = await run(
      (x) => standardize(x, large, 2),
      'float64',
      Float64Array.of(large + 1, large - 3, large),
    );
    assert.deepEqual(found, [0.5, -1.5, 0]);
  });

  it('keep the low digits of integers beyond 2^53, and know the missing one', async () => {
    const center = 9_007_199_254_740_993n;
    const found = await run(
      (x) => standardize(x, center, 1),
      'int64',
      BigInt64Array.of(center, center + 1n, center - 2n, missingInteger),
    );
    assert.deepEqual(found, [0, 1, -2, Number.NaN]);
    const back = await run(
      (x) => unstandardize(x, center, 1, 'int64'),
      'float32',
      Float32Array.of(0, 1.2, -2),
    );
    assert.deepEqual(back, [center, center + 1n, center - 2n]);
  });

  it('keep NaN, and turn infinities into numbers', async () => {
    const values = Float64Array.of(Number.NaN, Infinity, -Infinity, 1e300);
    const limit = Math.fround(1e30);
    const found = await run((x) => standardize(x, 0, 1), 'float64', values);
    assert.deepEqual(found, [Number.NaN, limit, -limit, limit]);
  });

  it('are turned back by the inverse', async () => {
    const found = await run(
      (x) => unstandardize(standardize(x, 10, 4), 10, 4, 'float64'),
      'float64',
      Float64Array.of(12, -6),
    );
    assert.deepEqual(found, [12, -6]);
  });

  it('are interpolated between knots, and beyond them in a straight line', async () => {
    const knots = [0, 1, 3];
    const values = [-1, 0, 5];
    const x = Float64Array.of(-2, 0, 0.5, 1, 2, 3, 5, Number.NaN);
    const found = await run((column) => interpolate(column, knots, values), 'float64', x);
    assert.deepEqual(found, [-3, -1, -0.5, 0, 2.5, 5, 10, Number.NaN]);
    const back = await run(
      (column) => uninterpolate(column, values, knots),
      'float32',
      Float32Array.of(-3, -1, 2.5, 10),
    );
    assert.deepEqual(back, [-2, 0, 2, 5]);
  });

  it('are rounded to whole numbers as JavaScript does it', async () => {
    const halves = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999999999999994, -0.2, 3, 2 ** 52 + 1, 2 ** 53 + 2];
    const found = await run(roundWhole, 'float64', Float64Array.from(halves));
    // There is a 0 of either sign.
    found.forEach((value, i) => {
      assert.ok(value === Math.round(halves[i]!), `${halves[i]}: ${value}`);
    });
    const integers = await run(
      (x) => unstandardize(x, 0n, 1, 'int64'),
      'float32',
      Float32Array.of(0.5, 1.5, 2.5, -0.5, -1.5),
    );
    assert.deepEqual(integers, [1n, 2n, 3n, 0n, -1n]);
  });

  it('have a phase from 0 to below 1, before 0 as well', async () => {
    const found = await run((x) => phase(x, 86_400), 'float64', Float64Array.of(0, 21_600, 86_400, -21_600));
    assert.deepEqual(found, [0, 0.25, 0, 0.75]);
  });

  it('of text become numbers and text again', async () => {
    const keys = ['rot', 'grün', ''];
    const found = await run((x) => labelEncode(x, keys, [0, 1, Number.NaN], 2), 'string', [
      'grün',
      '',
      'blau',
      'rot',
    ]);
    assert.deepEqual(found, [1, Number.NaN, 2, 0]);
    const back = await run((x) => labelDecode(x, ['rot', 'grün']), 'float32', Float32Array.of(1, 0, 7));
    assert.deepEqual(back, ['grün', 'rot', '']);
  });
});
