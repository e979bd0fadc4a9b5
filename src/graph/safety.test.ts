import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { evaluate } from '../testing/evaluate.js';
import { assertClose } from '../testing/fixtures.js';
import * as g from './index.js';

const points = [-1e4, -300, -100, -88, -20, -5, -1, -1e-3, 0, 1e-3, 1, 5, 20, 88, 100, 300, 1e4];
const stableSigmoid = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const gauss = (x: number) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);

/** An operation, its derivative in double precision, and its value where JavaScript has one. */
interface Curve {
  readonly build: (x: g.Expr) => g.Expr;
  readonly value?: (x: number) => number;
  readonly derivative: (x: number) => number;
}

const curves: Readonly<Record<string, Curve>> = {
  softplus: {
    build: g.softplus,
    value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    derivative: stableSigmoid,
  },
  sigmoid: {
    build: g.sigmoid,
    value: stableSigmoid,
    derivative: (x) => stableSigmoid(x) * stableSigmoid(-x),
  },
  tanh: { build: g.tanh, value: Math.tanh, derivative: (x) => 1 - Math.tanh(x) ** 2 },
  erf: { build: g.erf, derivative: gauss },
  elu: {
    build: (x) => g.elu(x, 1.5),
    value: (x) => (x > 0 ? x : 1.5 * Math.expm1(x)),
    derivative: (x) => (x > 0 ? 1 : 1.5 * Math.exp(x)),
  },
  'log σ by softplus': {
    build: (x) => g.neg(g.softplus(g.neg(x))),
    value: (x) => -(Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
    derivative: (x) => stableSigmoid(-x),
  },
};

describe('from -1e4 to 1e4 value, gradient and gradient of the gradient are finite and right', () => {
  for (const [name, { build, value, derivative }] of Object.entries(curves)) {
    it(name, async () => {
      const x = g.input('x', [points.length]);
      const y = build(x);
      const [dy] = g.gradient(g.sum(y), [x]);
      const [ddy] = g.gradient(g.sum(dy!), [x]);
      const found = await evaluate({ y, dy: dy!, ddy: ddy! }, { x: Float32Array.from(points) });
      const inFloat32 = points.map(Math.fround);
      if (value) assertClose(found.y, inFloat32.map(value), 5e-7, 'value');
      assertClose(found.dy, inFloat32.map(derivative), 5e-7, 'derivative');
      // Away from 0, where elu has a corner, by differences of the exact derivative.
      inFloat32.forEach((at, i) => {
        const expected = (derivative(at + 1e-5) - derivative(at - 1e-5)) / 2e-5;
        if (at !== 0) assertClose([found.ddy[i]!], [expected], 1e-5, `second derivative at ${at}`);
      });
      assert.ok([...found.y, ...found.ddy].every(Number.isFinite));
    });
  }

  it('erf reaches -1 and 1', async () => {
    const { y } = await evaluate({ y: g.erf(g.constant([-1e4, -6, 0, 6, 1e4], [5])) });
    assert.deepEqual(y, [-1, -1, 0, 1, 1]);
  });
});

describe('log1p', () => {
  const small = [
    1e-30, 1e-12, 1e-8, -1e-8, 3e-8, 1e-7, -1e-7, 1e-6, 1e-4, -1e-4, 0.01, -0.01, 0.3, -0.5, -0.999,
  ];

  it('keeps the relative precision of float32, also where 1 + x rounds to 1', async () => {
    const x = g.input('x', [small.length]);
    const { y } = await evaluate({ y: g.log1p(x) }, { x: Float32Array.from(small) });
    small.map(Math.fround).forEach((at, i) => {
      const expected = Math.log1p(at);
      assert.ok(
        Math.abs(y[i]! - expected) <= 3e-7 * Math.abs(expected),
        `log1p(${at}) = ${y[i]}, not ${expected}`,
      );
    });
  });

  it('is right for large numbers, and so is its gradient', async () => {
    const x = g.input('x', [4]);
    const values = [0, 1, 1e4, 1e30];
    const [dy] = g.gradient(g.sum(g.log1p(x)), [x]);
    const found = await evaluate({ y: g.log1p(x), dy: dy! }, { x: Float32Array.from(values) });
    assertClose(found.y, values.map(Math.log1p), 3e-7, 'value');
    assertClose(
      found.dy,
      values.map((at) => 1 / (1 + at)),
      3e-7,
      'derivative',
    );
  });
});

// Along an axis

const rows = [
  [1e4, -1e4, 0, 5],
  [-1e4, -1e4, -1e4, -1e4],
  [1e4, 1e4, 1e4, -1e4],
  [80, 80, -80, 79],
  [0, 1, 2, 3],
];

function logSumExpOf(row: readonly number[]): number {
  const largest = Math.max(...row);
  return largest + Math.log(row.reduce((total, x) => total + Math.exp(x - largest), 0));
}

const softmaxOf = (row: readonly number[]) => row.map((x) => Math.exp(x - logSumExpOf(row)));

describe('along an axis, from -1e4 to 1e4', () => {
  const x = g.input('x', [rows.length, 4]);
  const values = { x: Float32Array.from(rows.flat()) };
  const weights = [0.5, -1, 2, 0.25];
  const weighted = (y: g.Expr) => g.sum(g.mul(y, g.constant(weights, [4])));

  it('logSumExp is right, and its gradient is the softmax', async () => {
    const y = g.logSumExp(x, -1);
    const [dy] = g.gradient(g.sum(y), [x]);
    const found = await evaluate({ y, dy: dy! }, values);
    assert.deepEqual(y.shape, [rows.length]);
    assertClose(found.y, rows.map(logSumExpOf), 3e-7, 'value');
    assertClose(found.dy, rows.flatMap(softmaxOf), 3e-7, 'gradient');
  });

  it('logSumExp over all axes keeps them where asked', async () => {
    const y = g.logSumExp(x, null, true);
    const found = await evaluate({ y, kept: g.logSumExp(x, 0, true), flat: g.logSumExp(x, 0) }, values);
    assert.deepEqual(y.shape, [1, 1]);
    assertClose(found.y, [logSumExpOf(rows.flat())], 3e-7, 'value');
    assert.deepEqual(found.kept, found.flat);
  });

  it('softmax is right, and so is its gradient', async () => {
    const y = g.softmax(x);
    const [dy] = g.gradient(weighted(y), [x]);
    const found = await evaluate({ y, dy: dy! }, values);
    assertClose(found.y, rows.flatMap(softmaxOf), 3e-7, 'value');
    const expected = rows.flatMap((row) => {
      const p = softmaxOf(row);
      const mean = p.reduce((total, value, i) => total + value * weights[i]!, 0);
      return p.map((value, i) => value * (weights[i]! - mean));
    });
    assertClose(found.dy, expected, 5e-7, 'gradient');
  });

  it('logSoftmax is right, and so is its gradient', async () => {
    const y = g.logSoftmax(x);
    const [dy] = g.gradient(weighted(y), [x]);
    const found = await evaluate({ y, dy: dy! }, values);
    assertClose(
      found.y,
      rows.flatMap((row) => row.map((value) => value - logSumExpOf(row))),
      3e-7,
      'value',
    );
    const total = weights.reduce((a, b) => a + b);
    const expected = rows.flatMap((row) => softmaxOf(row).map((p, i) => weights[i]! - p * total));
    assertClose(found.dy, expected, 5e-7, 'gradient');
  });

  it('second derivatives are finite', async () => {
    const losses = [weighted(g.softmax(x)), weighted(g.logSoftmax(x)), g.sum(g.logSumExp(x, -1))];
    const second = losses.map((loss) => g.gradient(weighted(g.gradient(loss, [x])[0]!), [x])[0]!);
    const found = await evaluate(Object.fromEntries(second.map((node, i) => [`d${i}`, node])), values);
    assert.ok(Object.values(found).flat().every(Number.isFinite));
  });

  it('variance of large numbers with a small spread is right', async () => {
    const list = [1e4, 1e4 + 1, 1e4 + 2, 1e4 + 3];
    const y = g.variance(g.constant(list, [4]));
    assertClose((await evaluate({ y })).y, [1.25], 1e-6, 'variance');
  });
});

describe('powers', () => {
  const x = g.input('x', [3]);
  const derivative = (f: (x: g.Expr) => g.Expr, times: number) => {
    let y = f(x);
    for (let i = 0; i < times; i++) y = g.gradient(g.sum(y), [x])[0]!;
    return y;
  };

  it('have finite derivatives of every order at 0', async () => {
    const all = [1, 2, 3, 4].map((times) => derivative((v) => g.pow(v, 2), times));
    const cubes = [1, 2, 3, 4, 5].map((times) => derivative((v) => g.pow(v, 3), times));
    const named = Object.fromEntries([...all, ...cubes].map((node, i) => [`d${i}`, node]));
    const found = await evaluate(named, { x: Float32Array.of(-2, 0, 2) });
    assert.deepEqual(
      Object.values(found).map((list) => list.map((value) => value + 0)),
      [
        [-4, 0, 4],
        [2, 2, 2],
        [0, 0, 0],
        [0, 0, 0],
        [12, 0, 12],
        [-12, 0, 12],
        [6, 6, 6],
        [0, 0, 0],
        [0, 0, 0],
      ],
    );
  });

  it('of a computed exponent have a finite gradient where base and exponent are 0', async () => {
    const exponent = g.input('exponent', [3]);
    const [dx, dExponent] = g.gradient(g.sum(g.pow(x, exponent)), [x, exponent]);
    const found = await evaluate(
      { dx: dx!, dExponent: dExponent! },
      { x: Float32Array.of(0, 0, 2), exponent: Float32Array.of(0, 1, 0) },
    );
    assert.deepEqual(found.dx, [0, 1, 0]);
    assertClose(found.dExponent, [0, 0, Math.LN2], 1e-6, 'gradient of the exponent');
  });
});
