import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../errors.js';
import { normal } from '../../random/normal.js';
import { Random } from '../../random/random.js';
import { fitPca, transformPca } from './pca.js';

const near = (found: ArrayLike<number>, expected: ArrayLike<number>, room: number) => {
  assert.equal(found.length, expected.length);
  for (let i = 0; i < found.length; i++) {
    assert.ok(Math.abs(found[i]! - expected[i]!) < room, `${i}: ${found[i]} instead of ${expected[i]}`);
  }
};

// The rows of quality.test.ts, 60 of 6.
let state = 7;
const data = Float32Array.from({ length: 360 }, () => {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return ((state >> 8) % 4096) / 4096;
});

test("components and variances are scikit-learn's, the largest entry of each component positive", () => {
  const pca = fitPca(data, 60, 6, 2);
  near(pca.variances, [0.12731495, 0.09971637], 1e-8);
  near(pca.explained, [0.24848431, 0.19461934], 1e-8);
  near(
    pca.components,
    [
      ...[0.39613071, -0.49748562, 0.21099416, 0.17767642, -0.33611456, 0.63759554],
      ...[-0.20413118, 0.31712587, -0.36768485, 0.81509422, -0.07494324, 0.22929114],
    ],
    1e-8,
  );
});

test('coordinates have the variances, are not correlated, and give the rows back', () => {
  const pca = fitPca(data, 60, 6, 6);
  const found = transformPca(pca, data, 60);
  for (let a = 0; a < 6; a++) {
    for (let b = 0; b < 6; b++) {
      let sum = 0;
      for (let i = 0; i < 60; i++) sum += found[6 * i + a]! * found[6 * i + b]!;
      near([sum / 59], [a === b ? pca.variances[a]! : 0], 1e-6);
    }
  }
  const back = data.map((_, at) => {
    let value = pca.mean[at % 6]!;
    for (let c = 0; c < 6; c++)
      value += found[6 * Math.floor(at / 6) + c]! * pca.components[6 * c + (at % 6)]!;
    return value;
  });
  near(back, data, 1e-6);
});

test('bytes, with many zeros or few, are analysed as the same numbers in float32 far from zero', () => {
  const random = new Random(2);
  for (const zeros of [0.9, 0.1]) {
    const bytes = Uint8Array.from({ length: 203 * 20 }, () =>
      random.uniform() < zeros ? 0 : random.below(256),
    );
    const plain = fitPca(bytes, 203, 20, 3);
    // 2²⁰ + 255 is exact in float32, but its square times 203 would leave float64 few digits for the variance.
    const far = fitPca(
      Float32Array.from(bytes, (value) => value + 2 ** 20),
      203,
      20,
      3,
    );
    near(far.variances, plain.variances, 1e-6);
    near(far.components, plain.components, 1e-9);
  }
});

test('finds the direction in which rows vary, and does not mind columns or rows that do not', () => {
  const random = new Random(3);
  const rows = new Float32Array(3 * 50);
  for (let i = 0; i < 50; i++) {
    const along = normal(random);
    rows.set([-4 * along, 7, 3 * along], 3 * i);
  }
  const pca = fitPca(rows, 50, 3, 1);
  near(pca.components, [0.8, 0, -0.6], 1e-6);
  near(pca.explained, [1], 1e-9);
  const same = fitPca(new Float32Array(12).fill(2), 4, 3, 2);
  assert.deepEqual([...same.variances, ...same.explained], [0, 0, 0, 0]);
  assert.deepEqual([...transformPca(same, new Float32Array(3).fill(2), 1)].map(Math.abs), [0, 0]);
});

test('says what is wrong with the rows', () => {
  const fails = (call: () => unknown, message: RegExp) =>
    assert.throws(call, (error) => error instanceof UserError && message.test(error.message));
  fails(() => fitPca(data, 59, 6, 2), /360 values do not make 59 rows of 6/);
  fails(() => fitPca(data, 60, 6, 7), /7 components of 6 columns/);
  fails(() => fitPca(data.subarray(0, 6), 1, 6, 1), /at least two rows/);
  fails(() => fitPca(new Uint8Array(10_000), 2, 5000, 1), /5000 columns/);
  fails(() => fitPca(Float32Array.of(1, 2, 3, Number.POSITIVE_INFINITY), 2, 2, 1), /row 1 .*Infinity/);
  fails(() => transformPca(fitPca(data, 60, 6, 2), data, 7), /7 rows of 6/);
});
