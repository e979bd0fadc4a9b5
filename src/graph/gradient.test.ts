import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile, evaluate, pseudoRandom } from '../testing/evaluate.js';
import { assertClose } from '../testing/fixtures.js';
import { topological } from './expr.js';
import * as g from './index.js';

const numbers = [-1.5, -0.5, 0.25, 2];
const x = g.input('x', [4]);
const values = { x: Float32Array.from(numbers) };

/** The gradient of the sum, as often as asked: for element-wise functions the n-th derivative. */
function derivative(y: g.Expr, times = 1): g.Expr {
  return times === 0 ? y : derivative(g.gradient(g.sum(y), [x])[0]!, times - 1);
}

async function computed(expr: g.Expr, given: Record<string, Float32Array> = values): Promise<number[]> {
  return (await evaluate({ y: expr }, given)).y;
}

describe('accumulation', () => {
  it('every use of an expression adds to its gradient', async () => {
    const y = g.add(g.mul(x, x), g.mul(x, 3));
    assertClose(
      await computed(derivative(y)),
      numbers.map((v) => 2 * v + 3),
      1e-6,
      'x² + 3x',
    );
  });

  it('one expression as both operands counts twice', async () => {
    assertClose(
      await computed(derivative(g.mul(x, x))),
      numbers.map((v) => 2 * v),
      1e-6,
      'x · x',
    );
    assertClose(await computed(derivative(g.sub(x, x))), [0, 0, 0, 0], 0, 'x - x');
  });

  it('paths that part and meet again are all counted, each node once', async () => {
    let y: g.Expr = x;
    for (let i = 0; i < 40; i++) y = g.mul(g.add(y, y), 0.5);
    const dy = derivative(y);
    assert.deepEqual(await computed(dy), [1, 1, 1, 1]);
    assert.ok(topological([dy]).length < 1000, 'the graph doubles with every step');
  });

  it('several targets are answered in their order, also an inner expression and the loss itself', async () => {
    const inner = g.tanh(x);
    const loss = g.sum(g.mul(inner, inner));
    const [dLoss, dInner, dx] = g.gradient(loss, [loss, inner, x]);
    const found = await evaluate({ dLoss: dLoss!, dInner: dInner!, dx: dx! }, values);
    const t = numbers.map(Math.tanh);
    assert.deepEqual(found.dLoss, [1]);
    assertClose(
      found.dInner,
      t.map((v) => 2 * v),
      1e-6,
      'inner',
    );
    assertClose(
      found.dx,
      t.map((v) => 2 * v * (1 - v * v)),
      1e-6,
      'x',
    );
  });

  it('a very deep graph does not exhaust the stack', () => {
    let y: g.Expr = x;
    for (let i = 0; i < 12_000; i++) y = g.tanh(y);
    assert.equal(g.gradient(g.sum(y), [x])[0]!.shape.length, 1);
  });
});

describe('broadcasting', () => {
  it('sums the gradient over the axes along which an operand was repeated', async () => {
    const [row, column, scalar] = [g.input('row', [3]), g.input('column', [2, 1]), g.input('scalar', [])];
    const loss = g.sum(g.mul(g.mul(row, column), scalar));
    const gradients = g.gradient(loss, [row, column, scalar]);
    assert.deepEqual(
      gradients.map((d) => d.shape),
      [[3], [2, 1], []],
    );
    const [dRow, dColumn, dScalar] = await (await compile(gradients))({
      row: Float32Array.of(1, 2, 3),
      column: Float32Array.of(4, 5),
      scalar: Float32Array.of(10),
    });
    assert.deepEqual([dRow, dColumn, dScalar], [[90, 90, 90], [60, 60], [54]]);
  });

  it('keeps the shape of every target', () => {
    const shapes = [[2, 3], [3], [1, 3], [2, 1], [1, 1, 1], []];
    for (const a of shapes) {
      for (const b of shapes) {
        const [left, right] = [g.input('a', a), g.input('b', b)];
        for (const f of [g.add, g.sub, g.mul, g.div, g.pow, g.maximum, g.minimum]) {
          const [da, db] = g.gradient(g.sum(f(left, right)), [left, right]);
          assert.deepEqual([da!.shape, db!.shape], [a, b], `${f.row.name} of [${a}] and [${b}]`);
        }
      }
    }
  });
});

describe('where nothing flows', () => {
  it('a target that the loss does not use has a gradient of zeros', async () => {
    const unused = g.input('unused', [2, 3]);
    const [du] = g.gradient(g.sum(x), [unused]);
    assert.deepEqual(du!.shape, [2, 3]);
    assert.deepEqual(await computed(du!), [0, 0, 0, 0, 0, 0]);
  });

  it('stopGradient lets the value through and no gradient', async () => {
    const y = g.mul(x, g.stopGradient(g.mul(x, x)));
    assertClose(
      await computed(y),
      numbers.map((v) => v ** 3),
      1e-6,
      'value',
    );
    assertClose(
      await computed(derivative(y)),
      numbers.map((v) => v * v),
      1e-6,
      'gradient',
    );
    assert.deepEqual(await computed(derivative(g.stopGradient(g.exp(x)))), [0, 0, 0, 0]);
  });

  it('comparisons, rounding and casts to whole numbers have gradient zero', async () => {
    const flat = [
      g.cast(g.greater(x, 0), 'float32'),
      g.floor(x),
      g.sign(x),
      g.cast(g.cast(x, 'int32'), 'float32'),
    ];
    for (const y of flat) assert.deepEqual(await computed(derivative(y)), [0, 0, 0, 0]);
  });

  it('a cast from float32 to float32 changes nothing, so its gradient flows', async () => {
    assert.deepEqual(await computed(derivative(g.mul(g.cast(x, 'float32'), 2))), [2, 2, 2, 2]);
  });

  it('a condition chooses whose gradient counts', async () => {
    const y = g.where(g.greater(x, 0), g.mul(x, 5), g.mul(x, -3));
    assert.deepEqual(await computed(derivative(y)), [-3, -3, 5, 5]);
  });
});

describe('derivatives of derivatives', () => {
  it('x⁴ has the derivatives 4x³, 12x², 24x, 24 and 0', async () => {
    const y = g.pow(x, 4);
    const expected = [
      (v: number) => 4 * v ** 3,
      (v: number) => 12 * v ** 2,
      (v: number) => 24 * v,
      () => 24,
      () => 0,
    ];
    for (const [i, f] of expected.entries())
      assertClose(await computed(derivative(y, i + 1)), numbers.map(f), 1e-6, `derivative ${i + 1}`);
  });

  it('tanh has the third derivative (1 - t²)(6t² - 2)', async () => {
    const expected = numbers.map(Math.tanh).map((t) => (1 - t * t) * (6 * t * t - 2));
    assertClose(await computed(derivative(g.tanh(x), 3)), expected, 1e-5, 'third derivative');
  });

  it('exp keeps its value at every order', async () => {
    assertClose(await computed(derivative(g.exp(x), 4)), numbers.map(Math.exp), 1e-6, 'fourth derivative');
  });

  it('the Hessian of a quadratic form is its matrix', async () => {
    const size = 3;
    const v = g.input('v', [size]);
    const a = pseudoRandom(size * size, 1);
    const matrix = g.constant(a, [size, size]);
    const form = g.sum(g.mul(g.matMul(g.reshape(v, [1, size]), matrix), v));
    const [first] = g.gradient(form, [v]);
    const rows = Array.from(
      { length: size },
      (_, i) => g.gradient(g.sum(g.slice(first!, 0, i, i + 1)), [v])[0]!,
    );
    const found = await (await compile(rows))({ v: Float32Array.of(1, -2, 0.5) });
    const symmetric = Array.from(a, (value, i) => value + a[(i % size) * size + Math.floor(i / size)]!);
    assertClose(found.flat(), symmetric, 1e-6, 'Hessian');
  });
});

describe('a contractive penalty', () => {
  const [batch, features, hidden, units] = [2, 3, 4, 2];
  const shapes = { w1: [features, hidden], b1: [hidden], w2: [hidden, units] } as const;
  const data = g.input('data', [batch, features]);
  const weights = Object.entries(shapes).map(([name, shape]) => g.input(name, shape));
  const given: Record<string, Float32Array> = {
    data: pseudoRandom(batch * features, 1),
    w1: pseudoRandom(features * hidden, 2),
    b1: pseudoRandom(hidden, 3, -0.3, 0.3),
    w2: pseudoRandom(hidden * units, 4),
  };

  /** Σ over samples of ‖∂code/∂x‖², exactly, from one gradient for each unit of the code. */
  const [w1, b1, w2] = weights as [g.Expr, g.Expr, g.Expr];
  const code = g.sigmoid(g.matMul(g.tanh(g.gemm(data, w1, b1)), w2));
  const penalty = Array.from({ length: units }, (_, unit) => {
    const [row] = g.gradient(g.sum(g.slice(code, 1, unit, unit + 1)), [data]);
    return g.sum(g.mul(row!, row!));
  }).reduce((a, b) => g.add(a, b));

  it('is the squared norm of the Jacobian', async () => {
    const run = await compile([code, penalty]);
    const step = 1e-2;
    let expected = 0;
    for (let i = 0; i < batch * features; i++) {
      const at = async (delta: number) => {
        const moved = Float32Array.from(given.data!);
        moved[i]! += delta;
        return (await run({ ...given, data: moved }))[0]!;
      };
      const [above, below] = [await at(step), await at(-step)];
      // A sample's input moves its own code alone, so that this adds up one column of its Jacobian.
      above.forEach((value, k) => {
        expected += ((value - below[k]!) / (2 * step)) ** 2;
      });
    }
    const found = (await run(given))[1]![0]!;
    assert.ok(found > 0.01, 'the penalty of this net is not trivial');
    assertClose([found], [expected], 1e-3, 'penalty');
  });

  it('has the gradient of finite differences in every weight', async () => {
    const run = await compile([penalty, ...g.gradient(penalty, weights)]);
    const [, ...gradients] = await run(given);
    const step = 1e-2;
    for (const [k, name] of Object.keys(shapes).entries()) {
      for (let i = 0; i < given[name]!.length; i++) {
        const at = async (delta: number) => {
          const moved = Float32Array.from(given[name]!);
          moved[i]! += delta;
          return (await run({ ...given, [name]: moved }))[0]![0]!;
        };
        const expected = ((await at(step)) - (await at(-step))) / (2 * step);
        assertClose([gradients[k]![i]!], [expected], 5e-4, `${name}[${i}]`);
      }
    }
    assert.ok(
      gradients.flat().some((value) => Math.abs(value) > 0.02),
      'the gradient is not trivial',
    );
  });
});
