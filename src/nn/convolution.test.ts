import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../errors.js';
import { type Expr, gradient, input, ShapeError } from '../graph/index.js';
import { Random } from '../random/random.js';
import { evaluate } from '../testing/evaluate.js';
import { assertClose, readFixture, type StoredTensor, weightedBy } from '../testing/fixtures.js';
import { type ConvTransposeLayerOptions, conv, convTranspose, residual } from './convolution.js';
import { activation, dense, flatten, type Layer, reshapeTo, sequential } from './layers.js';
import { groupNorm } from './normalization.js';
import { averagePool, globalAveragePool, maxPool, upsample } from './pooling.js';
import { Scope } from './scope.js';

interface Case {
  readonly name: string;
  readonly options: ConvTransposeLayerOptions & { readonly groups: number; readonly filters: number };
  readonly input: StoredTensor;
  readonly weights: StoredTensor;
  readonly output: StoredTensor;
  readonly gradients: Readonly<Record<string, StoredTensor>>;
}

const fixture =
  readFixture<Record<'conv' | 'convTranspose' | 'groupNorm' | 'residual', Case[]>>('convolution');

/** Runs a layer on a stored case and holds output and every gradient against the stored ones. */
async function check(layer: Layer, given: Case): Promise<void> {
  const scope = Scope.root({ training: true });
  const x = input('input', given.input.shape);
  const y = layer(x, scope);
  assert.deepEqual(y.shape, given.output.shape);
  const targets = { input: x, ...mapped(scope.variables, ({ expr }) => expr) };
  assert.deepEqual(Object.keys(targets).sort(), Object.keys(given.gradients).sort());
  const slopes = gradient(weightedBy(y, given.weights), Object.values(targets));
  const named = Object.fromEntries(Object.keys(targets).map((name, i) => [`d ${name}`, slopes[i]!]));
  const stored = given as unknown as Record<string, StoredTensor>;
  const values = mapped(Object.entries(targets), (_, name) => Float32Array.from(stored[name]!.data));
  const found: Record<string, number[]> = await evaluate({ y, ...named }, values);
  assertClose(found.y!, given.output.data, 1e-5, 'output');
  for (const [name, expected] of Object.entries(given.gradients))
    assertClose(found[`d ${name}`]!, expected.data, 1e-5, `gradient of ${name}`);
}

function mapped<T, U>(entries: Iterable<readonly [string, T]>, f: (value: T, name: string) => U) {
  return Object.fromEntries([...entries].map(([name, value]) => [name, f(value, name)]));
}

const run = (layer: Layer, shape: readonly number[], data: readonly number[]) =>
  evaluate({ y: layer(input('x', shape), Scope.root({ training: true })) }, { x: Float32Array.from(data) });

const shapeOf = (layer: Layer, shape: readonly (number | string)[]) =>
  layer(input('x', shape), Scope.root({ training: false })).shape;

describe("convolutional layers against PyTorch's and Keras' numbers", () => {
  const filtersOf = ({ output }: Case) => output.shape[1]!;
  for (const given of fixture.conv)
    it(`conv: ${given.name}`, () => check(conv(filtersOf(given), given.options), given));
  for (const given of fixture.convTranspose)
    it(`convTranspose: ${given.name}`, () => check(convTranspose(filtersOf(given), given.options), given));
  for (const given of fixture.groupNorm)
    it(`groupNorm: ${given.name}`, () => check(groupNorm(given.options), given));
  for (const given of fixture.residual) {
    const { strides, filters } = given.options;
    const layer = conv(filters, { strides: strides!, padding: 'same', bias: false });
    it(`residual: ${given.name}`, () => check(residual(layer), given));
  }
});

describe('conv and convTranspose', () => {
  const axis = fc.record({
    length: fc.integer({ min: 1, max: 20 }),
    kernel: fc.integer({ min: 1, max: 5 }),
    stride: fc.integer({ min: 1, max: 4 }),
  });

  it('a transposed convolution gives back every size that a convolution took away', () => {
    fc.assert(
      fc.property(
        fc.array(axis, { minLength: 1, maxLength: 2 }),
        fc.constantFrom('same' as const, 'valid' as const, 0, 1, 2),
        fc.integer({ min: 1, max: 3 }),
        (axes, padding, channels) => {
          const room = typeof padding === 'number' ? 2 * padding : 0;
          fc.pre(padding === 'same' || axes.every(({ length, kernel }) => length + room >= kernel));
          const size = axes.map(({ length }) => length);
          const window = {
            kernelSize: axes.map(({ kernel }) => kernel),
            strides: axes.map(({ stride }) => stride),
            padding,
          };
          const there = shapeOf(conv(4, window), ['batch', channels, ...size]);
          if (padding === 'same')
            assert.deepEqual(
              there.slice(2),
              axes.map(({ length, stride }) => Math.ceil(length / stride)),
            );
          const back = shapeOf(convTranspose(channels, { ...window, size }), there);
          assert.deepEqual(back, ['batch', channels, ...size]);
        },
      ),
      { seed: 4, numRuns: 300 },
    );
  });

  it('refuse a size that no convolution takes to the input', () => {
    assert.throws(
      () => shapeOf(convTranspose(1, { strides: 2, padding: 'same', size: [9, 8] }), [1, 1, 4, 4]),
      (error) =>
        error instanceof ShapeError && /takes \[9, 8\] to \[5, 4\], not to .*\[4, 4\]/.test(error.message),
    );
  });

  it('refuse windows that are none, and tensors without space', () => {
    for (const options of [
      { strides: 0 },
      { kernelSize: 1.5 },
      { kernelSize: [3] },
      { padding: -1 },
      { padding: 'full' as 'same' },
    ])
      assert.throws(() => shapeOf(conv(1, options), [1, 1, 4, 4]), UserError, JSON.stringify(options));
    assert.throws(() => shapeOf(conv(1), [1, 784]), /conv.*\[1, 784\]/);
  });

  it('start with Glorot-uniform kernels, whose fans count every tap, and biases of zeros', () => {
    for (const layer of [conv(8, { kernelSize: 5 }), convTranspose(8, { kernelSize: 5 })]) {
      const scope = Scope.root({ training: true });
      layer(input('x', [1, 2, 9, 9]), scope);
      const first = (name: string) => {
        const { initializer, shape } = scope.variables.get(name)!;
        return initializer(shape, new Random(0, name));
      };
      const limit = Math.sqrt(6 / (2 * 25 + 8 * 25));
      const largest = Math.max(...first('kernel').map(Math.abs));
      assert.ok(largest <= limit && largest > 0.95 * limit, `${largest}, limit ${limit}`);
      assert.deepEqual(first('bias'), new Float32Array(8));
    }
  });

  it('add penalties on their kernels, and apply their activations', async () => {
    for (const layer of [conv, convTranspose]) {
      const scope = Scope.root({ training: true });
      const y = layer(1, { kernelSize: 1, l2: 2, activation: 'relu' })(input('x', [1, 1, 2]), scope);
      const found = await evaluate(
        { y, penalty: scope.penalties! },
        { x: Float32Array.of(1, -1), kernel: Float32Array.of(3), bias: Float32Array.of(1) },
      );
      assert.deepEqual(found, { y: [4, 0], penalty: [18] });
    }
  });
});

describe('residual', () => {
  it('adds as it is where the shape stays, and projects features too', () => {
    for (const [units, expected] of [
      [4, ['0.kernel', '0.bias']],
      [5, ['0.kernel', '0.bias', 'shortcut.kernel']],
    ] as const) {
      const scope = Scope.root({ training: true });
      assert.deepEqual(residual(dense(units))(input('x', [3, 4]), scope).shape, [3, units]);
      assert.deepEqual([...scope.variables.keys()], expected);
    }
  });

  it('refuses layers that make the picture larger', () => {
    assert.throws(() => shapeOf(residual(upsample()), [1, 2, 3, 3]), /residual.*\[1, 2, 6, 6\]/);
  });
});

describe('pooling and shaping layers', () => {
  const x = [1, 2, 3, 4, 5, 6, 7, 8, 9];

  it('maxPool and averagePool tile by default; padding counts for neither', async () => {
    const max = await run(maxPool({ padding: 'same' }), [1, 1, 3, 3], x);
    assert.deepEqual(max.y, [5, 6, 8, 9]);
    const average = await run(averagePool({ padding: 'same' }), [1, 1, 3, 3], x);
    assert.deepEqual(average.y, [3, 4.5, 7.5, 9]);
    assert.deepEqual((await run(maxPool(), [1, 1, 3, 3], x)).y, [5]);
    assert.deepEqual(
      (await run(maxPool({ poolSize: 3, strides: 1 }), [1, 1, 5], x.slice(0, 5))).y,
      [3, 4, 5],
    );
  });

  it('globalAveragePool gives one number for each channel, upsample repeats', async () => {
    const means = await run(globalAveragePool(), [2, 2, 2], [1, 3, 5, 7, 0, 2, 4, 4]);
    assert.deepEqual(means.y, [2, 6, 1, 4]);
    assert.deepEqual((await run(upsample(), [1, 1, 2], [1, 2])).y, [1, 1, 2, 2]);
    assert.deepEqual((await run(upsample([1, 2]), [1, 1, 2, 1], [1, 2])).y, [1, 1, 2, 2]);
  });

  it('flatten and reshapeTo keep the batch, symbolic or not', () => {
    const there = shapeOf(flatten(), ['batch', 2, 3, 4]);
    assert.deepEqual(there, ['batch', 24]);
    assert.deepEqual(shapeOf(reshapeTo(6, 4), there), ['batch', 6, 4]);
  });
});

describe('whole stacks', () => {
  it('have the gradients of finite differences', async () => {
    const net = sequential(
      conv(4, { strides: 2, padding: 'same', activation: 'tanh' }),
      groupNorm({ groups: 2 }),
      residual(conv(4, { padding: 'same' }), activation('tanh')),
      averagePool({ strides: 1 }),
      convTranspose(2, { strides: 2, padding: 'same', size: [3, 3] }),
      flatten(),
    );
    const scope = Scope.root({ training: true });
    const x = input('x', [2, 1, 5, 6]);
    const y = net(x, scope);
    const weights = { shape: y.shape as number[], data: Array.from({ length: 36 }, (_, i) => Math.sin(i)) };
    const loss = weightedBy(y, weights);
    const exprs: Record<string, Expr> = { x, ...mapped(scope.variables, ({ expr }) => expr) };
    const values: Record<string, Float32Array> = mapped(Object.entries(exprs), ({ shape }, name) => {
      const random = new Random(5, name);
      const size = (shape as number[]).reduce((a, b) => a * b, 1);
      return Float32Array.from({ length: size }, () => random.uniform() - 0.5);
    });
    const slopes = gradient(loss, Object.values(exprs));
    const all: Record<string, Expr> = mapped(
      Object.entries(exprs),
      (_, name) => slopes[Object.keys(exprs).indexOf(name)]!,
    );
    const found: Record<string, number[]> = await evaluate(all, values);
    const step = 2 ** -7;
    for (const [name, value] of Object.entries(values)) {
      // The derivative along the gradient's own signs: one large number in place of many small ones.
      const moved = async (t: number) => {
        const there = value.map((v, i) => v + t * Math.sign(found[name]![i]!));
        return (await evaluate({ loss }, { ...values, [name]: there })).loss[0]!;
      };
      const slope =
        (8 * ((await moved(step)) - (await moved(-step))) -
          ((await moved(2 * step)) - (await moved(-2 * step)))) /
        (12 * step);
      const expected = found[name]!.reduce((total, g) => total + Math.abs(g), 0);
      assert.ok(
        Math.abs(slope - expected) < 5e-3 * (0.1 + expected),
        `${name}: ${slope}, gradient ${expected}`,
      );
    }
  });
});
