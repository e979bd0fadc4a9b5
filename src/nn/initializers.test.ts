import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../random/random.js';
import { type InitializerName, initializers } from './initializers.js';

const draw = (name: InitializerName, shape: readonly number[], ...key: (number | string)[]) =>
  initializers[name](shape, new Random(0, name, ...key));

const mean = (list: Float32Array) => list.reduce((a, b) => a + b, 0) / list.length;
const variance = (list: Float32Array) => list.reduce((a, b) => a + b * b, 0) / list.length - mean(list) ** 2;

/** What the variance must be for so many inputs and outputs of a unit. */
const variances = {
  glorot: (fanIn: number, fanOut: number) => 2 / (fanIn + fanOut),
  he: (fanIn: number) => 2 / fanIn,
  lecun: (fanIn: number) => 1 / fanIn,
};

// A dense kernel is [in, out], a convolution's [out, in, …space].
const kernels = [
  { shape: [300, 200], fanIn: 300, fanOut: 200 },
  { shape: [50, 400], fanIn: 50, fanOut: 400 },
  { shape: [64, 32, 3, 3], fanIn: 288, fanOut: 576 },
  { shape: [64, 48, 5], fanIn: 240, fanOut: 320 },
] as const;

describe('initializers', () => {
  for (const [family, expected] of Object.entries(variances)) {
    for (const { shape, fanIn, fanOut } of kernels) {
      const wanted = expected(fanIn, fanOut);

      it(`${family}Uniform [${shape}] fills the interval of its variance evenly`, () => {
        const weights = draw(`${family}Uniform` as InitializerName, shape);
        const limit = Math.sqrt(3 * wanted);
        const largest = weights.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
        assert.ok(largest <= limit && largest > 0.999 * limit, `${largest} of ${limit}`);
        assert.ok(Math.abs(variance(weights) / wanted - 1) < 0.03);
        assert.ok(Math.abs(mean(weights)) < 0.02 * Math.sqrt(wanted));
      });

      it(`${family}Normal [${shape}] has its variance, and tails`, () => {
        const weights = draw(`${family}Normal` as InitializerName, shape);
        assert.ok(Math.abs(variance(weights) / wanted - 1) < 0.04);
        assert.ok(Math.abs(mean(weights)) < 0.03 * Math.sqrt(wanted));
        const beyond = weights.filter((w) => Math.abs(w) > 2 * Math.sqrt(wanted)).length / weights.length;
        assert.ok(Math.abs(beyond - 0.0455) < 0.006, `${beyond} beyond two deviations`);
      });
    }
  }

  it('zeros and ones are what they say', () => {
    assert.deepEqual(draw('zeros', [2, 2]), new Float32Array(4));
    assert.deepEqual(draw('ones', [3]), Float32Array.of(1, 1, 1));
  });

  it('fill a scalar and a vector too', () => {
    for (const name of Object.keys(initializers) as InitializerName[]) {
      assert.equal(draw(name, []).length, 1, name);
      assert.equal(draw(name, [7]).length, 7, name);
    }
  });

  it('depend on the key alone', () => {
    for (const name of Object.keys(initializers) as InitializerName[]) {
      assert.deepEqual(draw(name, [8, 8], 'kernel'), draw(name, [8, 8], 'kernel'));
      if (name === 'zeros' || name === 'ones') continue;
      assert.notDeepEqual(draw(name, [8, 8], 'kernel'), draw(name, [8, 8], 'other'));
    }
  });
});

describe('orthogonal', () => {
  for (const shape of [
    [40, 40],
    [60, 20],
    [20, 60],
    [8, 4, 3, 3],
    [96, 4, 2, 2],
  ]) {
    it(`[${shape}] has orthonormal rows or columns, whichever are fewer`, () => {
      // A convolution is the matrix [out, in · taps]; its rows are the filters.
      const rows = shape[0]!;
      const columns = shape.slice(1).reduce((a, b) => a * b, 1);
      const weights = draw('orthogonal', shape);
      const at = (i: number, k: number) =>
        rows < columns ? weights[i * columns + k]! : weights[k * columns + i]!;
      const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
      for (let i = 0; i < count; i++) {
        for (let j = 0; j <= i; j++) {
          let product = 0;
          for (let k = 0; k < length; k++) product += at(i, k) * at(j, k);
          assert.ok(Math.abs(product - (i === j ? 1 : 0)) < 1e-6, `${i} · ${j} = ${product}`);
        }
      }
    });
  }

  it('takes vectors longer than a call can have arguments', () => {
    const weights = draw('orthogonal', [200_000, 1]);
    assert.ok(Math.abs(weights.reduce((total, w) => total + w * w, 0) - 1) < 1e-4);
  });
});
