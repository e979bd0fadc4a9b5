import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../errors.js';
import { type Expr, gradient, input, ShapeError, sum } from '../graph/index.js';
import { fillNoise } from '../random/fill.js';
import { Random } from '../random/random.js';
import { evaluate } from '../testing/evaluate.js';
import { assertClose, readFixture, type StoredTensor, weightedBy } from '../testing/fixtures.js';
import { activation, dense, dropout, gaussianNoise, type Layer, penalize, sequential } from './layers.js';
import { batchNorm, layerNorm } from './normalization.js';
import { Scope } from './scope.js';

interface Case {
  readonly input: StoredTensor;
  readonly weights: StoredTensor;
  readonly output: StoredTensor;
  readonly gradients: Readonly<Record<string, StoredTensor>>;
}
interface NormCase {
  readonly name: string;
  readonly semantics: 'torch' | 'keras';
  readonly momentum: number;
  readonly epsilon: number;
  readonly gamma: number[];
  readonly beta: number[];
  readonly initialRunningMean: number[];
  readonly initialRunningVariance: number[];
  readonly batches: (Case & { runningMean: number[]; runningVariance: number[] })[];
  readonly inference: Case;
}

const fixture = readFixture<{
  dense: Case & { kernel: StoredTensor; bias: StoredTensor };
  batchNorm: NormCase[];
  layerNorm: (Case & { epsilon: number; gamma: number[]; beta: number[] })[];
}>('layers');

/** Runs a layer on a stored case: output, gradients of input and parameters, and the updates of its state. */
async function runLayer(
  layer: Layer,
  { input: given, weights }: Case,
  variables: Readonly<Record<string, readonly number[]>>,
  training = true,
): Promise<Record<string, number[]>> {
  const scope = Scope.root({ training });
  const x = input('input', given.shape);
  const output = layer(x, scope);
  const targets = new Map<string, Expr>([['input', x]]);
  for (const [name, { expr, trainable }] of scope.variables) if (trainable) targets.set(name, expr);
  const gradients = gradient(weightedBy(output, weights), [...targets.values()]);
  const named = [...targets.keys()].map((name, i) => [`gradient ${name}`, gradients[i]!] as const);
  const updates = [...scope.updates].map(([name, value]) => [`next ${name}`, value] as const);
  const values = Object.entries({ ...variables, input: given.data });
  return evaluate(
    { output, ...Object.fromEntries([...named, ...updates]) },
    Object.fromEntries(values.map(([name, list]) => [name, Float32Array.from(list)])),
  );
}

function checkCase(found: Record<string, number[]>, { output, gradients }: Case): void {
  assertClose(found.output!, output.data, 1e-5, 'output');
  for (const [name, expected] of Object.entries(gradients))
    assertClose(found[`gradient ${name}`]!, expected.data, 1e-5, `gradient of ${name}`);
}

describe('dense', () => {
  const { kernel, bias } = fixture.dense;

  it("agrees with PyTorch's numbers, gradients too", async () => {
    checkCase(
      await runLayer(dense(5), fixture.dense, { kernel: kernel.data, bias: bias.data }),
      fixture.dense,
    );
  });

  it('has no bias where none is wanted', () => {
    const scope = Scope.root({ training: true });
    const y = dense(5, { bias: false })(input('x', [3, 4]), scope);
    assert.deepEqual([...scope.variables.keys()], ['kernel']);
    assert.deepEqual(y.shape, [3, 5]);
  });

  it('starts with a Glorot-uniform kernel and a bias of zeros', () => {
    const scope = Scope.root({ training: true });
    dense(5)(input('x', [3, 4]), scope);
    const first = (name: string) => {
      const { initializer, shape } = scope.variables.get(name)!;
      return initializer(shape, new Random(0, name));
    };
    assert.deepEqual(first('bias'), new Float32Array(5));
    assert.ok(first('kernel').every((w) => w !== 0 && Math.abs(w) <= Math.sqrt(6 / 9)));
  });

  it('applies its activation', async () => {
    const scope = Scope.root({ training: false });
    const y = dense(2, { activation: 'relu' })(input('x', [1, 1]), scope);
    const values = { x: Float32Array.of(1), kernel: Float32Array.of(-2, 3), bias: Float32Array.of(0, 1) };
    assert.deepEqual((await evaluate({ y }, values)).y, [0, 4]);
  });

  it('takes a symbolic batch', () => {
    const y = dense(2)(input('x', ['batch', 3]), Scope.root({ training: false }));
    assert.deepEqual(y.shape, ['batch', 2]);
  });

  it('says where images were not flattened', () => {
    const scope = Scope.root({ training: true });
    assert.throws(
      () => scope.in('encoder', (inner) => dense(2)(input('x', [8, 28, 28]), inner)),
      (error) =>
        error instanceof ShapeError &&
        /dense in encoder: .*\[8, 28, 28\]; flatten it first/.test(error.message),
    );
  });
});

describe('batchNorm', () => {
  // Keras' running variance is the biased one; ours, as PyTorch's, is not. All else is the same.
  for (const { name, semantics, momentum, epsilon, batches, ...rest } of fixture.batchNorm) {
    const keep = semantics === 'torch' ? 1 - momentum : momentum;
    const layer = batchNorm({ epsilon, momentum: keep });
    const { gamma, beta } = rest;

    it(`${name}: in training outputs, gradients and running statistics agree`, async () => {
      let [runningMean, runningVariance] = [rest.initialRunningMean, rest.initialRunningVariance];
      for (const batch of batches) {
        const found = await runLayer(layer, batch, { gamma, beta, runningMean, runningVariance });
        checkCase(found, batch);
        runningMean = found['next runningMean']!;
        assertClose(runningMean, batch.runningMean, 1e-6, 'running mean');
        if (semantics === 'keras') continue;
        runningVariance = found['next runningVariance']!;
        assertClose(runningVariance, batch.runningVariance, 1e-6, 'running variance');
      }
    });

    it(`${name}: in inference by the running statistics`, async () => {
      const { runningMean, runningVariance } = batches.at(-1)!;
      const found = await runLayer(
        layer,
        rest.inference,
        { gamma, beta, runningMean, runningVariance },
        false,
      );
      checkCase(found, rest.inference);
      assert.equal(found['next runningMean'], undefined, 'inference changes no statistics');
    });
  }

  it('starts as the identity in inference, and its statistics are not trained', async () => {
    const scope = Scope.root({ training: false });
    const y = batchNorm({ epsilon: 0 })(input('x', [2, 3]), scope);
    const first = [...scope.variables].map(([name, { initializer, shape }]) => [
      name,
      initializer(shape, new Random(0)),
    ]);
    const x = Float32Array.of(1, -2, 3, 4, 5, -6);
    assert.deepEqual((await evaluate({ y }, { x, ...Object.fromEntries(first) })).y, Array.from(x));
    assert.deepEqual(
      [...scope.variables].map(([name, { trainable }]) => [name, trainable]),
      [
        ['gamma', true],
        ['beta', true],
        ['runningMean', false],
        ['runningVariance', false],
      ],
    );
  });

  it('is finite where a feature is constant and where the batch has one sample', async () => {
    for (const batch of [4, 1]) {
      const shape = [batch, 2];
      const data = new Array(batch * 2).fill(3);
      const stored = { shape, data };
      const variables = { gamma: [1, 2], beta: [0, 1], runningMean: [0, 0], runningVariance: [1, 1] };
      const found = await runLayer(
        batchNorm(),
        { input: stored, weights: stored, output: stored, gradients: {} },
        variables,
      );
      assert.ok(Object.values(found).flat().every(Number.isFinite), `a batch of ${batch}`);
      assert.deepEqual(found.output, Array.from({ length: batch }, () => [0, 1]).flat());
    }
  });
});

describe('layerNorm', () => {
  for (const { epsilon, gamma, beta, ...rest } of fixture.layerNorm) {
    it(`epsilon ${epsilon}: agrees with PyTorch's numbers, gradients too`, async () => {
      checkCase(await runLayer(layerNorm({ epsilon }), rest, { gamma, beta }), rest);
    });
  }

  it('is the same in training and inference', async () => {
    const [{ epsilon, gamma, beta, ...rest }] = fixture.layerNorm as [(typeof fixture.layerNorm)[0]];
    const runs = [true, false].map((training) =>
      runLayer(layerNorm({ epsilon }), rest, { gamma, beta }, training),
    );
    assert.deepEqual(await runs[0], await runs[1]);
  });
});

/** Builds a layer on a batch of ones and runs it on noise from a fixed key. */
async function withNoise(layer: Layer, training: boolean, size = 4000) {
  const scope = Scope.root({ training });
  const x = input('x', [size / 4, 4]);
  const y = layer(x, scope);
  const [dx] = gradient(sum(y), [x]);
  const values: Record<string, Float32Array> = { x: new Float32Array(size).fill(1) };
  for (const [name, { kind, shape }] of scope.noises) {
    assert.deepEqual(shape, x.shape);
    fillNoise((values[name] = new Float32Array(size)), kind, new Random(1, name));
  }
  return { scope, same: y === x, ...(await evaluate({ y, dx: dx! }, values)) };
}

const average = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;

describe('dropout', () => {
  it('in training sets the fraction to 0 and scales the rest up, so that the mean stays', async () => {
    const { y, dx, scope } = await withNoise(dropout(0.25), true);
    assert.deepEqual(
      [...scope.noises.values()].map(({ kind }) => kind),
      ['uniform'],
    );
    const dropped = y.filter((value) => value === 0).length / y.length;
    assert.ok(Math.abs(dropped - 0.25) < 0.03, `${dropped} were dropped`);
    assertClose([...new Set(y)].sort(), [0, 4 / 3], 1e-6, 'values');
    assert.ok(Math.abs(average(y) - 1) < 0.03);
    assert.deepEqual(dx, y, 'the gradient passes where the value does');
  });

  it('in inference, and at rate 0, is nothing at all', async () => {
    for (const [rate, training] of [
      [0.5, false],
      [0, true],
    ] as const) {
      const { same, scope } = await withNoise(dropout(rate), training);
      assert.ok(same);
      assert.equal(scope.noises.size, 0);
    }
  });

  it('refuses rates that leave nothing, or are none', () => {
    for (const rate of [1, 1.5, -0.1, Number.NaN])
      assert.throws(
        () => dropout(rate),
        (error) => error instanceof UserError && /0 to below 1/.test(error.message),
      );
  });
});

describe('gaussianNoise', () => {
  it('in training adds normal noise of the deviation, which gradients ignore', async () => {
    const { y, dx, scope } = await withNoise(gaussianNoise(0.5), true);
    assert.deepEqual(
      [...scope.noises.values()].map(({ kind }) => kind),
      ['normal'],
    );
    assert.ok(Math.abs(average(y) - 1) < 0.03);
    assert.ok(Math.abs(average(y.map((value) => (value - 1) ** 2)) - 0.25) < 0.02);
    assert.ok(dx.every((value) => value === 1));
  });

  it('in inference, and at deviation 0, is nothing at all', async () => {
    assert.ok((await withNoise(gaussianNoise(0.5), false)).same);
    assert.ok((await withNoise(gaussianNoise(0), true)).same);
  });

  it('refuses a negative deviation', () => {
    assert.throws(() => gaussianNoise(-1), UserError);
    assert.throws(() => gaussianNoise(Number.NaN), UserError);
  });
});

describe('penalties', () => {
  const build = (training: boolean, options: { l1?: number; l2?: number }) => {
    const scope = Scope.root({ training });
    dense(2, options)(input('x', [1, 2]), scope);
    return scope;
  };
  const kernel = [1, -2, 3, -4];

  it('are l1 · Σ|w| and l2 · Σw², of the kernel alone, with their gradients', async () => {
    for (const [options, value, slope] of [
      [{ l1: 0.1 }, 1, kernel.map((w) => 0.1 * Math.sign(w))],
      [{ l2: 0.1 }, 3, kernel.map((w) => 0.2 * w)],
      [{ l1: 0.1, l2: 0.1 }, 4, kernel.map((w) => 0.1 * Math.sign(w) + 0.2 * w)],
    ] as const) {
      const scope = build(true, options);
      const penalty = scope.penalties!;
      const targets = ['kernel', 'bias'].map((name) => scope.variables.get(name)!.expr);
      const [dKernel, dBias] = gradient(penalty, targets);
      const found = await evaluate(
        { penalty, dKernel: dKernel!, dBias: dBias! },
        { kernel: Float32Array.from(kernel) },
      );
      assertClose(found.penalty, [value], 1e-6, 'penalty');
      assertClose(found.dKernel, slope, 1e-6, 'gradient');
      assert.deepEqual(found.dBias, [0, 0]);
    }
  });

  it('add up over layers', async () => {
    const scope = Scope.root({ training: true });
    sequential(dense(2, { l2: 1 }), dense(1, { l1: 1 }))(input('x', [1, 1]), scope);
    const { penalty } = await evaluate(
      { penalty: scope.penalties! },
      { '0.kernel': Float32Array.of(2, 3), '1.kernel': Float32Array.of(-5, 7) },
    );
    assert.deepEqual(penalty, [25]);
  });

  it('are none in inference and where no factor is given', () => {
    assert.equal(build(false, { l1: 1, l2: 1 }).penalties, null);
    assert.equal(build(true, {}).penalties, null);
    const scope = Scope.root({ training: true });
    penalize(input('w', [2]), { l1: 0, l2: 0 }, scope);
    assert.equal(scope.penalties, null);
  });
});

describe('sequential', () => {
  it('names the variables of its layers by position', () => {
    const scope = Scope.root({ training: true });
    const net = sequential(dense(4), activation('relu'), layerNorm(), dense(2, { bias: false }));
    const y = scope.in('encoder', (inner) => net(input('x', [3, 5]), inner));
    assert.deepEqual(y.shape, [3, 2]);
    assert.deepEqual(
      [...scope.variables].map(([name, { shape }]) => [name, [...shape]]),
      [
        ['encoder.0.kernel', [5, 4]],
        ['encoder.0.bias', [4]],
        ['encoder.2.gamma', [4]],
        ['encoder.2.beta', [4]],
        ['encoder.3.kernel', [4, 2]],
      ],
    );
  });

  it('gives each dropout its own noise', () => {
    const scope = Scope.root({ training: true });
    sequential(dropout(0.5), dropout(0.5))(input('x', [2, 2]), scope);
    assert.deepEqual([...scope.noises.keys()], ['noise.0.dropout', 'noise.1.dropout']);
  });

  it('of nothing is the identity', () => {
    const x = input('x', [1]);
    assert.equal(sequential()(x, Scope.root({ training: true })), x);
  });
});
