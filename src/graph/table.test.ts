import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile, pseudoRandom } from '../testing/evaluate.js';
import { constant, type Expr, input } from './expr.js';
import { gradient } from './gradient.js';
import { sliceAxes } from './ops/shaping.js';
import { type OperationName, table } from './ops/table.js';
import { sizeOf } from './shape.js';

const { add, sub, mul, sum, cast, greater } = table;

/** A use of an operation: shapes of its float inputs, the interval they are drawn from, and the call. */
interface Sample {
  readonly shapes: readonly (readonly number[])[];
  readonly range?: readonly [low: number, high: number];
  readonly build: (...inputs: Expr[]) => Expr;
}

const one = (op: (x: Expr) => Expr, range?: readonly [number, number]): Sample => ({
  shapes: [[2, 3]],
  ...(range && { range }),
  build: op,
});
const two = (op: (a: Expr, b: Expr) => Expr, range?: readonly [number, number]): Sample[] => [
  {
    shapes: [
      [2, 3],
      [2, 3],
    ],
    ...(range && { range }),
    build: op,
  },
  { shapes: [[2, 3], [3]], ...(range && { range }), build: op },
  {
    shapes: [
      [2, 1],
      [1, 3],
    ],
    ...(range && { range }),
    build: op,
  },
];
const indices = constant([2, 0, 2], [3], 'int32');

// A row that is missing here does not compile.
const samples: Record<OperationName, readonly Sample[]> = {
  add: two(table.add),
  sub: two(table.sub),
  mul: two(table.mul),
  div: two(table.div, [0.5, 2]),
  neg: [one(table.neg)],
  pow: [...two(table.pow, [0.5, 2]), one((x) => table.pow(x, 3)), one((x) => table.pow(x, 2))],
  maximum: two(table.maximum),
  minimum: two(table.minimum),
  greater: two((a, b) => mul(a, cast(table.greater(a, b), 'float32'))),
  greaterOrEqual: two((a, b) => mul(a, cast(table.greaterOrEqual(a, b), 'float32'))),
  less: two((a, b) => mul(a, cast(table.less(a, b), 'float32'))),
  lessOrEqual: two((a, b) => mul(a, cast(table.lessOrEqual(a, b), 'float32'))),
  equal: two((a, b) => mul(a, cast(table.equal(a, b), 'float32'))),
  and: [one((x) => table.where(table.and(greater(x, -0.5), greater(0.5, x)), x, mul(x, 2)))],
  or: [one((x) => table.where(table.or(greater(x, 0.5), greater(-0.5, x)), x, mul(x, 2)))],
  not: [one((x) => table.where(table.not(greater(x, 0)), x, mul(x, 2)))],
  isNan: [one((x) => table.where(table.isNan(x), 0, mul(x, 2)))],
  where: two((a, b) => table.where(greater(a, 0), mul(a, b), b)),
  cast: [one((x) => mul(x, table.cast(greater(x, 0), 'float32')))],
  exp: [one(table.exp)],
  log: [one(table.log, [0.5, 2])],
  sin: [one(table.sin)],
  sqrt: [one(table.sqrt, [0.5, 2])],
  log1p: [one(table.log1p, [-0.5, 2])],
  abs: [one(table.abs)],
  sign: [one((x) => mul(x, table.sign(x)))],
  floor: [one((x) => mul(x, table.floor(mul(x, 3))))],
  clip: [one((x) => table.clip(x, -0.5, 0.5))],
  stopGradient: [],
  // Raw columns have no gradient; columns.test.ts holds them against plain arithmetic.
  ...{ standardize: [], unstandardize: [], roundWhole: [], phase: [], interpolate: [], uninterpolate: [] },
  ...{ labelEncode: [], labelDecode: [] },
  tanh: [one(table.tanh)],
  sigmoid: [one(table.sigmoid, [-3, 3])],
  erf: [one(table.erf)],
  softplus: [one(table.softplus, [-3, 3])],
  relu: [one(table.relu)],
  leakyRelu: [one((x) => table.leakyRelu(x, 0.2))],
  elu: [one((x) => table.elu(x, 0.7))],
  sum: [one((x) => table.sum(x)), one((x) => table.sum(x, 0)), one((x) => table.sum(x, -1, true))],
  sumOfSquares: [
    one((x) => table.sumOfSquares(x)),
    one((x) => table.sumOfSquares(x, 0)),
    one((x) => table.sumOfSquares(x, -1, true)),
  ],
  mean: [one((x) => table.mean(x)), one((x) => table.mean(x, 0)), one((x) => table.mean(x, -1, true))],
  max: [one((x) => table.max(x)), one((x) => table.max(x, 0)), one((x) => table.max(x, -1, true))],
  softmax: [one((x) => table.softmax(x)), one((x) => table.softmax(x, 0))],
  logSoftmax: [one((x) => table.logSoftmax(x)), one((x) => table.logSoftmax(x, 0))],
  argMax: [one((x) => mul(x, sub(cast(table.argMax(x, 0), 'float32'), 0.5)))],
  expand: [{ shapes: [[3, 1]], build: (x) => table.expand(x, [2, 3, 4]) }],
  reshape: [one((x) => table.reshape(x, [3, -1]))],
  transpose: [
    one((x) => table.transpose(x)),
    { shapes: [[2, 3, 4]], build: (x) => table.transpose(x, [2, 0, 1]) },
  ],
  concat: [
    {
      shapes: [
        [2, 3],
        [2, 1],
      ],
      build: (a, b) => table.concat([a, b, a], 1),
    },
  ],
  slice: [
    { shapes: [[5, 2]], build: (x) => table.slice(x, 0, 1, 4) },
    { shapes: [[2, 8]], build: (x) => table.slice(x, 1, 1, 7, 3) },
    { shapes: [[2, 8]], build: (x) => table.slice(x, -1, -3, 8) },
    {
      shapes: [[3, 2, 8]],
      build: (x) =>
        sliceAxes(x, [
          { axis: 2, start: 1, end: 8, step: 3 },
          { axis: 0, start: 1, end: 3, step: 1 },
        ]),
    },
  ],
  flip: [one((x) => table.flip(x, -1)), { shapes: [[3, 2, 4]], build: (x) => table.flip(x, [0, 2]) }],
  pad: [one((x) => table.pad(x, [1, 0], [0, 2], 0.5))],
  gather: [{ shapes: [[3, 2]], build: (x) => table.gather(x, indices) }],
  scatterAdd: [{ shapes: [[3, 2]], build: (x) => table.scatterAdd(x, indices, 4) }],
  matMul: [
    {
      shapes: [
        [2, 3],
        [3, 4],
      ],
      build: table.matMul,
    },
    {
      shapes: [
        [2, 2, 3],
        [3, 4],
      ],
      build: table.matMul,
    },
    {
      shapes: [
        [1, 2, 3],
        [2, 3, 2],
      ],
      build: table.matMul,
    },
  ],
  gemm: [false, true].flatMap((transA) =>
    [false, true].map((transB) => ({
      shapes: [transA ? [3, 2] : [2, 3], transB ? [4, 3] : [3, 4], [4]],
      build: (a: Expr, b: Expr, c: Expr) => table.gemm(a, b, c, { transA, transB, alpha: 0.7 }),
    })),
  ),
  conv: [
    // The first two have as many channels as make the gradient of the kernel a product for each tap.
    {
      shapes: [
        [2, 12, 5],
        [2, 12, 3],
      ],
      build: (x, w) => table.conv(x, w, { strides: [2], pads: [2, 0], dilations: [2] }),
    },
    {
      shapes: [
        [1, 12, 6, 3],
        [2, 12, 3, 2],
      ],
      build: (x, w) => table.conv(x, w, { strides: [2, 3], pads: [1, 0, 0, 1] }),
    },
    {
      shapes: [
        [2, 2, 5],
        [3, 2, 2],
      ],
      build: (x, w) => table.conv(x, w, { strides: [2] }),
    },
    {
      shapes: [
        [2, 2, 6],
        [2, 1, 3],
      ],
      build: (x, w) => table.conv(x, w, { groups: 2, pads: [1, 2], dilations: [2] }),
    },
    {
      shapes: [
        [1, 2, 5, 4],
        [2, 2, 3, 2],
      ],
      build: (x, w) => table.conv(x, w, { strides: [2, 1], pads: [1, 0, 1, 1] }),
    },
    {
      shapes: [
        [2, 2, 4, 5],
        [4, 1, 2, 2],
      ],
      build: (x, w) => table.conv(x, w, { strides: [2, 2], groups: 2 }),
    },
  ],
  convTranspose: [
    // As many channels as make the gradient of the kernel a product for each tap.
    {
      shapes: [
        [1, 2, 2, 3],
        [2, 12, 3, 2],
      ],
      build: (x, w) =>
        table.convTranspose(x, w, { strides: [2, 1], pads: [1, 0, 0, 1], outputPadding: [1, 0] }),
    },
    {
      shapes: [
        [2, 2, 3],
        [2, 2, 3],
      ],
      build: (x, w) => table.convTranspose(x, w, { strides: [2], outputPadding: [1] }),
    },
    {
      shapes: [
        [1, 2, 3, 3],
        [2, 1, 2, 3],
      ],
      build: (x, w) =>
        table.convTranspose(x, w, { strides: [2, 2], groups: 2, pads: [0, 1, 1, 0], dilations: [1, 2] }),
    },
    {
      shapes: [
        [1, 2, 2, 2],
        [2, 2, 2, 2],
      ],
      build: (x, w) => table.convTranspose(x, w, { strides: [1, 2], outputPadding: [0, 1] }),
    },
  ],
  maxPool: [
    { shapes: [[1, 2, 4, 4]], range: [-8, 8], build: (x) => table.maxPool(x, { kernel: [2, 2] }) },
    {
      shapes: [[1, 1, 5, 5]],
      range: [-8, 8],
      build: (x) => table.maxPool(x, { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
    },
    { shapes: [[2, 2, 7]], build: (x) => table.maxPool(x, { kernel: [3], strides: [2] }) },
    {
      shapes: [[1, 2, 5, 7]],
      range: [-8, 8],
      build: (x) => table.maxPool(x, { kernel: [2, 3], pads: [1, 0, 0, 1] }),
    },
  ],
  averagePool: [
    { shapes: [[1, 2, 4, 4]], build: (x) => table.averagePool(x, { kernel: [2, 2] }) },
    {
      shapes: [[1, 1, 5, 6]],
      build: (x) => table.averagePool(x, { kernel: [3, 2], strides: [2, 2], pads: [1, 0, 1, 0] }),
    },
    { shapes: [[1, 2, 4]], build: (x) => table.averagePool(x, { kernel: [3], pads: [1, 2] }) },
    {
      shapes: [[1, 1, 5]],
      build: (x) => table.averagePool(x, { kernel: [3], strides: [2], pads: [1, 1], countPads: true }),
    },
  ],
  upsample: [
    { shapes: [[1, 2, 3, 2]], build: (x) => table.upsample(x, [2, 3]) },
    { shapes: [[1, 2, 3, 2]], build: (x) => table.upsample(x, [2, 3], 'bilinear') },
    { shapes: [[1, 2, 3]], build: (x) => table.upsample(x, [2]) },
    { shapes: [[1, 2, 2, 1, 2]], build: (x) => table.upsample(x, [2, 1, 3]) },
    { shapes: [[2, 3]], build: (x) => table.upsample(x, []) },
    { shapes: [[1, 2, 3]], build: (x) => table.upsample(x, [2], 'bilinear') },
  ],
};

/** A scalar made of an expression, in which every element counts differently. */
function weighted(x: Expr, seed: number): Expr {
  const shape = x.shape as readonly number[];
  return sum(mul(x, constant(pseudoRandom(sizeOf(shape), seed), shape)));
}

async function checkGradient(
  loss: Expr,
  inputs: readonly Expr[],
  values: Record<string, Float32Array>,
): Promise<void> {
  const run = await compile([loss, ...gradient(loss, inputs)]);
  const [, ...gradients] = await run(values);
  const step = 1 / 128;
  for (const [i, node] of inputs.entries()) {
    const name = `x${i}`;
    for (let element = 0; element < sizeOf(node.shape); element++) {
      const at = async (delta: number) => {
        const moved = Float32Array.from(values[name]!);
        moved[element]! += delta;
        return (await run({ ...values, [name]: moved }))[0]![0]!;
      };
      const expected = ((await at(step)) - (await at(-step))) / (2 * step);
      const got = gradients[i]![element]!;
      assert.ok(
        Math.abs(got - expected) < 4e-3 * (1 + Math.abs(expected)),
        `input ${i}[${element}]: ${got}, by differences ${expected}`,
      );
    }
  }
}

describe('every operation of the table', () => {
  for (const [name, uses] of Object.entries(samples)) {
    uses.forEach(({ shapes, range = [-1, 1], build }, i) => {
      const inputs = shapes.map((shape, k) => input(`x${k}`, shape));
      const values = Object.fromEntries(
        shapes.map((shape, k) => [`x${k}`, pseudoRandom(sizeOf(shape), 7 + k, ...range)]),
      );
      const loss = weighted(build(...inputs), 1);

      it(`${name} ${i}: the gradient is that of finite differences`, () =>
        checkGradient(loss, inputs, values));

      it(`${name} ${i}: the gradient of the gradient is that of finite differences`, async () => {
        // A square first, so that linear operations have a second derivative too.
        const curved = weighted(mul(build(...inputs), add(build(...inputs), 1)), 1);
        const first = gradient(curved, inputs).map((g, k) => weighted(g, 3 + k));
        await checkGradient(
          first.reduce((a, b) => add(a, b)),
          inputs,
          values,
        );
      });
    });
  }

  const onBooleans = new Set(['and', 'or', 'not', 'where']);
  for (const [name, operation] of Object.entries(table)) {
    const { scalar } = operation.row;
    if (scalar === undefined || onBooleans.has(name)) continue;
    it(`${name}: constants are folded to what ONNX Runtime computes`, async () => {
      const numbers = [pseudoRandom(6, 1, 0.2, 2), pseudoRandom(6, 2, 0.2, 2)].slice(0, scalar.length);
      const build = operation as (...args: Expr[]) => Expr;
      const computed = build(...numbers.map((_, k) => input(`x${k}`, [6])));
      const folded = build(...numbers.map((values) => constant(values, [6])));
      const run = await compile([cast(computed, 'float32'), cast(folded, 'float32')]);
      const [expected, got] = await run(Object.fromEntries(numbers.map((values, k) => [`x${k}`, values])));
      got!.forEach((y, i) => {
        assert.ok(Math.abs(y - expected![i]!) < 1e-5 * (1 + Math.abs(y)), `${y}, expected ${expected![i]}`);
      });
    });
  }
});
