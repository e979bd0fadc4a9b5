import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Expr, gradient, input, logSoftmax, sum } from '../graph/index.js';
import { evaluate } from '../testing/evaluate.js';
import { assertClose, readFixture, type StoredTensor, weightedBy } from '../testing/fixtures.js';
import { type ActivationName, activationRange, activations } from './activations.js';

interface Fixture {
  readonly input: StoredTensor;
  readonly weights: StoredTensor;
  readonly cases: readonly {
    readonly name: ActivationName | 'logSoftmax';
    readonly output: StoredTensor;
    readonly gradient: StoredTensor;
    readonly atZero?: { readonly output: number; readonly derivative: number };
  }[];
}

const { input: given, weights, cases } = readFixture<{ activations: Fixture }>('layers').activations;
const all: Readonly<Record<string, (x: Expr) => Expr>> = { ...activations, logSoftmax: (x) => logSoftmax(x) };

async function valueAndDerivative(name: string, numbers: readonly number[]) {
  const x = input('x', [numbers.length]);
  const y = all[name]!(x);
  const [dy] = gradient(sum(y), [x]);
  const [ddy] = gradient(sum(dy!), [x]);
  return evaluate({ y, dy: dy!, ddy: ddy! }, { x: Float32Array.from(numbers) });
}

describe("activations against PyTorch's numbers", () => {
  for (const { name, output, gradient: expected, atZero } of cases) {
    it(`${name}: value and gradient`, async () => {
      const x = input('x', given.shape);
      const y = all[name]!(x);
      const [dx] = gradient(weightedBy(y, weights), [x]);
      const found = await evaluate({ y, dx: dx! }, { x: Float32Array.from(given.data) });
      assert.deepEqual(y.shape, output.shape);
      assertClose(found.y, output.data, 1e-6, 'output');
      assertClose(found.dx, expected.data, 1e-6, 'gradient');
    });
    if (atZero === undefined) continue;
    it(`${name}: value and derivative at 0`, async () => {
      const { y, dy } = await valueAndDerivative(name, [0]);
      assertClose(y, [atZero.output], 1e-6, 'output');
      assertClose(dy, [atZero.derivative], 1e-6, 'derivative');
    });
  }

  it('every activation has its case', () => {
    const tested = new Set<string>(cases.map(({ name }) => name));
    assert.deepEqual(
      Object.keys(activations).filter((name) => !tested.has(name)),
      [],
    );
  });
});

describe('activations far out', () => {
  const scale = 1.0507009873554805;
  const low = -scale * 1.6732632423543772;
  /** Values and derivatives at -1e4, -100, 100 and 1e4. */
  const limits: Readonly<Record<Exclude<ActivationName, 'softmax'>, readonly [number[], number[]]>> = {
    linear: [
      [-1e4, -100, 100, 1e4],
      [1, 1, 1, 1],
    ],
    relu: [
      [0, 0, 100, 1e4],
      [0, 0, 1, 1],
    ],
    leakyRelu: [
      [-100, -1, 100, 1e4],
      [0.01, 0.01, 1, 1],
    ],
    elu: [
      [-1, -1, 100, 1e4],
      [0, 0, 1, 1],
    ],
    selu: [
      [low, low, 100 * scale, 1e4 * scale],
      [0, 0, scale, scale],
    ],
    gelu: [
      [0, 0, 100, 1e4],
      [0, 0, 1, 1],
    ],
    silu: [
      [0, 0, 100, 1e4],
      [0, 0, 1, 1],
    ],
    softplus: [
      [0, 0, 100, 1e4],
      [0, 0, 1, 1],
    ],
    tanh: [
      [-1, -1, 1, 1],
      [0, 0, 0, 0],
    ],
    sigmoid: [
      [0, 0, 1, 1],
      [0, 0, 0, 0],
    ],
  };
  for (const [name, [values, derivatives]] of Object.entries(limits)) {
    it(`${name}: value and derivatives are finite and right at ±100 and ±1e4`, async () => {
      const { y, dy, ddy } = await valueAndDerivative(name, [-1e4, -100, 100, 1e4]);
      assertClose(y, values, 1e-6, 'value');
      assertClose(dy, derivatives, 1e-6, 'derivative');
      assertClose(ddy, [0, 0, 0, 0], 1e-6, 'second derivative');
    });
  }
});

describe('activationRange', () => {
  it('holds for what the activations give', async () => {
    const numbers = [-1e4, -30, -2, -0.1, 0, 0.1, 2, 30, 1e4];
    for (const [name, range] of Object.entries(activationRange)) {
      const { y } = await valueAndDerivative(name, numbers);
      assert.ok(
        y.every((value) => value >= range[0] && value <= range[1]),
        `${name}: ${y}`,
      );
    }
  });
});
