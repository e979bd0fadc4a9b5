import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compile } from '../testing/evaluate.js';
import { constantData, constantNumber, topological } from './expr.js';
import * as g from './index.js';
import { optimize } from './optimize.js';
import { sameShape, sizeOf } from './shape.js';

const x = g.input('x', [2, 3]);
const y = g.input('y', [2, 3]);

const optimized = (expr: g.Expr) => optimize([expr])[0]!;

/** How many nodes of each operation are left, inputs and constants aside. */
function operations(...outputs: g.Expr[]): string[] {
  return topological(optimize(outputs))
    .map((node) => node.row.name)
    .filter((name) => name !== 'input' && name !== 'constant')
    .sort();
}

describe('sharing of common subexpressions', () => {
  it('one node stands for expressions that are written alike', () => {
    const twice = () => g.exp(g.add(x, y));
    assert.deepEqual(operations(g.mul(twice(), g.neg(twice()))), ['add', 'exp', 'mul', 'neg']);
  });

  it('outputs that are equal are one node', () => {
    const [a, b] = optimize([g.tanh(x), g.tanh(x)]);
    assert.equal(a, b);
  });

  it('inputs are known by their name', () => {
    const [a, b] = optimize([g.tanh(x), g.tanh(g.input('x', [2, 3]))]);
    assert.equal(a, b);
  });

  it('operands of commutative operations may stand in either order', () => {
    for (const f of [g.add, g.mul, g.maximum, g.minimum, g.equal]) {
      const [a, b] = optimize([f(x, y), f(y, x)]);
      assert.equal(a, b, f.row.name);
    }
  });

  it('operands of other operations may not', () => {
    for (const f of [g.sub, g.div, g.pow, g.greater, g.less]) {
      const [a, b] = optimize([f(x, y), f(y, x)]);
      assert.notEqual(a, b, f.row.name);
    }
  });

  it('attributes tell operations apart', () => {
    const pairs: [g.Expr, g.Expr][] = [
      [g.sum(x, 0), g.sum(x, 1)],
      [g.sum(x, 0), g.sum(x, 0, true)],
      [g.clip(x, 0, 1), g.clip(x, 0, 2)],
      [g.leakyRelu(x, 0.1), g.leakyRelu(x, 0.2)],
      [g.clip(x, 0, Infinity), g.clip(x, 0, Number.MAX_VALUE)],
    ];
    for (const [a, b] of pairs) {
      const [first, second] = optimize([a, b]);
      assert.notEqual(first, second, a.row.name);
    }
  });

  it('constants are one when their numbers are, also NaN, the infinities and minus zero', () => {
    const numbers = [0, -0, 1, NaN, Infinity, -Infinity];
    const make = () => numbers.flatMap((value) => [g.constant(value), g.constant([value, 1], [2])]);
    const all = optimize([...make(), ...make()]);
    assert.equal(new Set(all).size, 2 * numbers.length);
    numbers.forEach((value, i) => {
      assert.ok(Object.is(constantNumber(all[2 * i]!), value), `${value} became another number`);
    });
  });

  it('constants of different dtype or shape are different', () => {
    const all = [g.constant(1), g.constant(1, [], 'int32'), g.constant(1, [1]), g.constant(1, [2])];
    assert.equal(new Set(optimize(all)).size, all.length);
  });

  it('two inputs of one name that differ in shape or dtype are an error', () => {
    const message = /input 'x' is used as float32 \[2, 3\] and as float32 \[3\]/;
    assert.throws(() => optimize([x, g.input('x', [3])]), message);
    assert.throws(() => optimize([x, g.input('x', [2, 3], 'int32')]), g.ShapeError);
  });
});

describe('constant folding', () => {
  it('element-wise operations on constants become constants', () => {
    const folded = optimized(g.sub(g.mul(g.constant([1, 2, 3], [3]), 2), g.sqrt(g.constant(4))));
    assert.deepEqual(Array.from(constantData(folded) as Float32Array), [0, 2, 4]);
  });

  it('a number keeps the shape to which it is moved', () => {
    const folded = optimized(g.transpose(g.reshape(g.expand(g.constant(3), [2, 3]), [3, 2])));
    assert.deepEqual([constantNumber(folded), folded.shape], [3, [2, 3]]);
  });

  it('where and comparisons fold', () => {
    assert.equal(constantNumber(optimized(g.where(g.greater(g.constant(2), 1), g.constant(5), 6))), 5);
  });

  it('whole numbers are divided and wrap around as ONNX Runtime does it', async () => {
    const int = (values: number[]) => g.constant(values, [values.length], 'int32');
    const [a, b] = [
      [-7, 7, 2147483647, -2147483648],
      [2, -2, 1, 3],
    ] as const;
    const [inputA, inputB] = [g.input('a', [4], 'int32'), g.input('b', [4], 'int32')];
    const run = await compile(
      [g.div, g.add, g.sub].flatMap((f) => [f(int([...a]), int([...b])), f(inputA, inputB)]),
    );
    const results = await run({ a: Int32Array.from(a), b: Int32Array.from(b) });
    for (let i = 0; i < results.length; i += 2) assert.deepEqual(results[i], results[i + 1]);
    assert.equal(constantNumber(optimized(g.add(g.constant(2147483647, [], 'int32'), 1))), -2147483648);
  });

  it('nothing folds that depends on an input', () => {
    assert.deepEqual(operations(g.mul(g.constant([1, 2, 3], [3]), x)), ['mul']);
  });
});

describe('what is not needed', () => {
  it('parts that no output uses are dropped', () => {
    const kept = g.tanh(x);
    g.exp(kept);
    assert.deepEqual(operations(kept), ['tanh']);
  });

  it('stopGradient, which matters to gradients alone, is gone', () => {
    assert.deepEqual(operations(g.exp(g.stopGradient(x))), ['exp']);
  });

  it('expansion before an operation that broadcasts is dropped', () => {
    const row = g.input('row', [3]);
    assert.deepEqual(operations(g.add(x, g.expand(row, [2, 3]))), ['add']);
    assert.deepEqual(operations(g.mul(x, g.constant(2, [2, 3]))), ['mul']);
  });

  it('expansion that gives the result its shape stays', () => {
    const row = g.input('row', [3]);
    const both = g.add(g.expand(row, [2, 3]), row);
    assert.deepEqual(optimized(both).shape, [2, 3]);
  });
});

describe('algebra', () => {
  const two = g.constant(2);
  const cases: [string, g.Expr, string[]][] = [
    ['x + 0', g.add(x, 0), []],
    ['0 + x', g.add(0, x), []],
    ['x - 0', g.sub(x, 0), []],
    ['0 - x', g.sub(0, x), ['neg']],
    ['x · 1', g.mul(x, 1), []],
    ['x · -1', g.mul(x, -1), ['neg']],
    ['x / 1', g.div(x, 1), []],
    ['x / 4', g.div(x, 4), ['mul']],
    ['x + x', g.add(x, x), ['mul']],
    ['x + -y', g.add(x, g.neg(y)), ['sub']],
    ['x - -y', g.sub(x, g.neg(y)), ['add']],
    ['--x', g.neg(g.neg(x)), []],
    ['-(x - y)', g.neg(g.sub(x, y)), ['sub']],
    ['-x · 2', g.mul(g.neg(x), 2), ['mul']],
    ['(2 · x) · 3', g.mul(g.mul(two, x), 3), ['mul']],
    ['(2 · x) · (3 · y)', g.mul(g.mul(two, x), g.mul(y, 3)), ['mul', 'mul']],
    ['x¹', g.pow(x, 1), []],
    ['x²', g.pow(x, 2), ['mul']],
    ['x^0.5', g.pow(x, 0.5), ['sqrt']],
    ['x⁻¹', g.pow(x, -1), ['div']],
    ['reshape twice', g.reshape(g.reshape(x, [6]), [3, 2]), ['reshape']],
    ['reshape to itself', g.reshape(g.reshape(x, [6]), [2, 3]), []],
    ['transposed twice', g.transpose(g.transpose(x)), []],
    ['sum over axes of length 1', g.sum(g.reshape(x, [2, 1, 3]), 1), []],
    ['mean over no axes', g.mean(x, []), []],
    ['mean of whole numbers over no axes', g.mean(g.input('n', [2, 3], 'int32'), []), []],
    ['max over no axes', g.max(x, []), []],
    ['the whole slice', g.slice(x, 1, 0, 3), []],
    ['cast to its own dtype', g.cast(x, 'float32'), []],
    ['matMul of a transpose', g.matMul(g.transpose(x), y), ['gemm']],
    ['gemm of transposes', g.gemm(g.transpose(x), g.transpose(g.transpose(y))), ['gemm']],
  ];
  for (const [name, expr, left] of cases) {
    it(`${name} leaves ${left.join(' and ') || 'nothing'}`, () => assert.deepEqual(operations(expr), left));
  }

  it('whole numbers are not treated as fractions', async () => {
    const n = g.input('n', [2, 3], 'int32');
    const m = g.constant([2, -3, 5], [3], 'int32');
    const all = [
      g.mean(n, 1),
      g.mean(n),
      g.div(n, 2),
      g.div(n, -1),
      g.mul(g.mul(n, 3), g.neg(m)),
      g.sum(g.mul(n, -1), 0),
      g.sub(0, g.add(n, n)),
      g.mean(g.reshape(n, [2, 1, 3]), 1),
      g.max(g.neg(g.neg(n)), 1),
      g.where(g.greater(n, m), g.mul(n, 2), 0),
    ];
    const values = { n: Int32Array.of(7, -2, 4, -7, 3, 1) };
    const plain = await (await compile(all, { optimized: false }))(values);
    assert.deepEqual(await (await compile(all))(values), plain);
  });

  it('transposes in a row become the one that they are together', async () => {
    const cube = g.input('cube', [2, 2, 2]);
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ];
    const all = orders.flatMap((a) => orders.map((b) => g.transpose(g.transpose(cube, a), b)));
    const values = { cube: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
    const plain = await (await compile(all, { optimized: false }))(values);
    assert.deepEqual(await (await compile(all))(values), plain);
    assert.equal(operations(...all).length, orders.length - 1);
  });

  it('numbers of several factors are not joined where their product leaves the range of float32', async () => {
    const [large, small] = [g.mul(g.mul(x, 1e30), 1e30), g.mul(g.mul(x, 1e-30), 1e-30)];
    const run = await compile([large, small, g.div(x, 1e-40)]);
    const value = async (of: number, i: number) => (await run({ x: new Float32Array(6).fill(of) }))[i]![0]!;
    assert.ok(Math.abs((await value(1e-35, 0)) / 1e25 - 1) < 1e-5);
    assert.ok(Math.abs((await value(1e30, 1)) / 1e-30 - 1) < 1e-5);
    assert.ok(Math.abs((await value(1e-20, 2)) / 1e20 - 1) < 1e-4);
  });

  it('x · 1 and x + 0 stay where they broadcast x to a larger shape', () => {
    const row = g.input('row', [3]);
    const kept = [
      g.mul(row, g.constant(1, [2, 1])),
      g.mul(g.constant([1], [1, 1]), row),
      g.add(g.constant(0, [2, 3]), row),
      g.sub(row, g.constant(0, [2, 1])),
      g.div(row, g.constant(1, [2, 3])),
      g.pow(row, g.constant(1, [2, 3])),
      g.mul(g.mul(row, g.constant(2, [2, 1])), g.constant(3, [1, 1])),
    ];
    optimize(kept).forEach((node, i) => {
      assert.deepEqual(node.shape, kept[i]!.shape, `case ${i}`);
    });
  });
});

// Random graphs: what optimize gives must compute the same numbers.

const leaves: readonly g.Expr[] = [
  x,
  y,
  g.input('row', [3]),
  g.input('column', [2, 1]),
  g.input('scalar', []),
  ...[0, 1, -1, 2, 0.5].map((value) => g.constant(value)),
  g.constant(1, [2, 3]),
  g.constant(0, [1, 3]),
  g.constant(2, [1, 1]),
  g.constant([0.5, -1, 2], [3]),
];

/** Operations that are continuous, so that a rounding error stays a rounding error. */
const steps: readonly ((a: g.Expr, b: g.Expr, n: number) => g.Expr)[] = [
  (a, b) => g.add(a, b),
  (a, b) => g.sub(a, b),
  (a, b) => g.mul(a, b),
  (a, b) => g.maximum(a, b),
  (a, b) => g.minimum(a, b),
  (a, b) => g.div(a, g.add(g.mul(b, b), 1)),
  (a, _b, n) => g.div(a, [1, 2, -3, 0.25][n % 4]!),
  (a, _b, n) => g.mul(a, [1, -1, 3, 0.5][n % 4]!),
  (a, _b, n) => g.pow(a, [1, 2, 3][n % 3]!),
  (a, b) => g.where(g.greater(leaves[0]!, leaves[1]!), a, b),
  (a) => g.neg(a),
  (a) => g.abs(a),
  (a) => g.tanh(a),
  (a) => g.sigmoid(a),
  (a) => g.relu(a),
  (a) => g.sqrt(g.add(g.abs(a), 1)),
  (a) => g.stopGradient(a),
  (a, _b, n) => g.sum(a, n % Math.max(a.rank, 1), n % 2 === 0),
  (a, _b, n) => g.mean(a, n % Math.max(a.rank, 1), n % 2 === 0),
  (a, _b, n) => g.max(a, n % Math.max(a.rank, 1), n % 2 === 0),
  (a) => g.transpose(a),
  (a, _b, n) => g.reshape(a, n % 2 === 0 ? [-1] : [1, -1]),
  (a) => g.reshape(a, [2, 3]),
  (a) => g.expand(a, [2, 3]),
  (a, _b, n) => g.slice(a, 0, 0, 1 + (n % 2)),
  (a) => g.pad(a, [0, 1], [0, 0]),
  (a, b) => g.concat([a, b], 0),
  (a, b) => g.matMul(a, b),
  (a, b) => g.gemm(g.transpose(a), b),
];

/** The nodes that a program makes: each instruction takes a step and two nodes made before; what does not fit is left. */
function build(program: readonly (readonly [step: number, a: number, b: number])[]): g.Expr[] {
  const made: g.Expr[] = [];
  for (const [step, a, b] of program) {
    const pool = [...leaves, ...made];
    try {
      // Recent nodes first, so that programs become deep.
      made.push(steps[step]!(pool[pool.length - 1 - (a % pool.length)]!, pool[b % pool.length]!, a + b));
    } catch (error) {
      if (!(error instanceof g.ShapeError)) throw error;
    }
  }
  return made;
}

const program = fc.array(fc.tuple(fc.nat(steps.length - 1), fc.nat(40), fc.nat(40)), {
  minLength: 4,
  maxLength: 24,
});
const numbers = (size: number) =>
  fc.array(
    fc.integer({ min: -64, max: 64 }).map((n) => n / 32),
    { minLength: size, maxLength: size },
  );
const given = fc.record({
  x: numbers(6),
  y: numbers(6),
  row: numbers(3),
  column: numbers(2),
  scalar: numbers(1),
});

describe('random graphs', () => {
  it('keep shape and dtype of every node', () => {
    fc.assert(
      fc.property(program, (instructions) => {
        const before = build(instructions);
        optimize(before).forEach((node, i) => {
          assert.ok(sameShape(node.shape, before[i]!.shape), `${before[i]!.row.name} changed its shape`);
          assert.equal(node.dtype, before[i]!.dtype);
        });
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('are not simplified further when optimized again', () => {
    fc.assert(
      fc.property(program, (instructions) => {
        const once = optimize(build(instructions));
        assert.equal(topological(optimize(once)).length, topological(once).length);
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it('compute the same numbers, gradients too', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(program, given, async (instructions, arrays) => {
        const nodes = build(instructions);
        if (nodes.length === 0) return;
        const loss = nodes.map((node) => g.mean(node)).reduce((a, b) => g.add(a, b));
        const all = [...nodes, ...g.gradient(loss, leaves.slice(0, 5))];
        const values = Object.fromEntries(
          Object.entries(arrays).map(([name, list]) => [name, Float32Array.from(list)]),
        );
        const plain = await (await compile(all, { optimized: false }))(values);
        const size = Math.max(...plain.flat().map(Math.abs));
        // Chains of products that explode say nothing about rules.
        if (!(size < 1e4)) return;
        compared++;
        const better = await (await compile(all))(values);
        better.forEach((list, i) => {
          assert.equal(list.length, sizeOf(all[i]!.shape));
          list.forEach((value, k) => {
            const expected = plain[i]![k]!;
            assert.ok(Math.abs(value - expected) <= 1e-5 * (1 + size), `${value}, expected ${expected}`);
          });
        });
      }),
      { seed: 3, numRuns: 100 },
    );
    assert.ok(compared > 60, `only ${compared} graphs were compared`);
  });
});
