import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Expr, input } from '../graph/index.js';
import { compile } from '../testing/evaluate.js';
import { assertClose, readFixture } from '../testing/fixtures.js';
import {
  defaultLearningRate,
  type Optimizer,
  type OptimizerConfig,
  type OptimizerName,
  optimizer,
} from './optimizers.js';

interface OptimizerCase {
  readonly name: string;
  readonly optimizer: OptimizerName;
  readonly form: 'torch' | 'keras';
  readonly options: Readonly<Record<string, number | boolean>> & { readonly learningRate: number };
  readonly after: readonly number[][];
}

const { steps, every, initial, gradients, cases } = readFixture<{
  steps: number;
  every: number;
  initial: number[];
  gradients: number[][];
  cases: OptimizerCase[];
}>('optimizers');

/**
 * The configuration of ours that is the same update, `null` where there is none. Keras adds ε inside the root. What
 * Adagrad sums never decays, so there ε can stand in its first value; Keras' RMSprop, Adam and AdamW are another form.
 */
function configOf({ optimizer: type, form, options }: OptimizerCase): OptimizerConfig | null {
  const own = { type, ...options } as OptimizerConfig;
  if (form === 'torch' || type === 'sgd' || type === 'adadelta') return own;
  if (type !== 'adagrad') return null;
  const start = Number(options.initialAccumulator) + Number(options.epsilon);
  return { type, learningRate: options.learningRate, initialAccumulator: start, epsilon: 0 };
}

interface Stepper {
  readonly slots: readonly string[];
  readonly run: (values: Record<string, Float32Array>) => Promise<number[][]>;
}

/** The update of a weight and of its slots, compiled. */
async function stepper(rule: Optimizer, size: number): Promise<Stepper> {
  const slots = Object.keys(rule.slots);
  const named = (names: readonly string[], shape: readonly number[]) =>
    Object.fromEntries(names.map((name) => [name, input(name, shape)]));
  const scalars: Record<string, Expr> = named(Object.keys(rule.scalars(1, 0.1)), []);
  const next = rule.update(input('weight', [size]), input('gradient', [size]), named(slots, [size]), scalars);
  assert.deepEqual(Object.keys(next.slots).sort(), [...slots].sort(), 'every slot has a new value');
  return { slots, run: await compile([next.weight, ...slots.map((slot) => next.slots[slot]!)]) };
}

/** Weights after each step. */
async function follow(config: OptimizerConfig, list: readonly number[][], from: readonly number[]) {
  const rule = optimizer(config);
  const { slots, run } = await stepper(rule, from.length);
  let weight: readonly number[] = from;
  let state = slots.map((slot) => new Array<number>(from.length).fill(rule.slots[slot]!));
  const path: (readonly number[])[] = [];
  for (const [i, g] of list.entries()) {
    const values: Record<string, Float32Array> = {
      weight: Float32Array.from(weight),
      gradient: Float32Array.from(g),
    };
    slots.forEach((slot, k) => {
      values[slot] = Float32Array.from(state[k]!);
    });
    for (const [name, value] of Object.entries(rule.scalars(i + 1, config.learningRate)))
      values[name] = Float32Array.of(value);
    [weight, ...state] = (await run(values)) as [number[], ...number[][]];
    path.push(weight);
  }
  return path;
}

describe('optimizers against PyTorch and Keras', () => {
  const offered = cases.flatMap((given) => {
    const config = configOf(given);
    return config === null ? [] : [{ given, config }];
  });

  for (const { given, config } of offered) {
    it(`${given.name}: the weights after ${steps} steps agree to 1e-5`, async () => {
      const path = await follow(config, gradients, initial);
      given.after.forEach((expected, k) => {
        assertClose(path[(k + 1) * every - 1]!, expected, 1e-5, `after ${(k + 1) * every} steps`);
      });
    });
  }

  it('only the forms of Keras with ε inside a decaying root are not offered', () => {
    const left = cases.filter((given) => configOf(given) === null).map(({ name }) => name);
    assert.deepEqual(left, [
      'rmsprop-keras',
      'rmsprop-momentum-keras',
      'rmsprop-large-epsilon-keras',
      'adam-keras',
      'adam-large-epsilon-keras',
      'adamw-keras',
    ]);
  });

  it('every optimizer has its case', () => {
    const tested = new Set(offered.map(({ config }) => config.type));
    assert.deepEqual([...tested].sort(), Object.keys(defaultLearningRate).sort());
  });
});

describe('an optimizer', () => {
  const path = [
    [1, -2],
    [0.5, 3],
    [-1, 0],
  ];

  it("has PyTorch's defaults for what is left out", async () => {
    const pairs: [OptimizerConfig, OptimizerConfig][] = [
      [
        { type: 'sgd', learningRate: 0.1 },
        { type: 'sgd', learningRate: 0.1, momentum: 0, nesterov: false },
      ],
      [
        { type: 'rmsprop', learningRate: 0.1 },
        { type: 'rmsprop', learningRate: 0.1, rho: 0.99, epsilon: 1e-8, momentum: 0 },
      ],
      [
        { type: 'adagrad', learningRate: 0.1 },
        { type: 'adagrad', learningRate: 0.1, initialAccumulator: 0, epsilon: 1e-10 },
      ],
      [
        { type: 'adadelta', learningRate: 0.1 },
        { type: 'adadelta', learningRate: 0.1, rho: 0.9, epsilon: 1e-6 },
      ],
      [
        { type: 'adam', learningRate: 0.1 },
        { type: 'adam', learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
      ],
      [
        { type: 'adamw', learningRate: 0.1 },
        { type: 'adamw', learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
      ],
    ];
    for (const [short, long] of pairs)
      assert.deepEqual(await follow(short, path, [1, 1]), await follow(long, path, [1, 1]), short.type);
  });

  it('leaves weights alone whose gradient was always 0, and stays finite', async () => {
    for (const type of Object.keys(defaultLearningRate) as OptimizerName[]) {
      if (type === 'adamw') continue;
      const zeros = [[0], [0], [0]];
      for (const weight of await follow({ type, learningRate: 0.1 }, zeros, [0.5]))
        assert.deepEqual(weight, [0.5], type);
    }
  });

  it('stays finite with gradients of ±1e4 and of 1e-20', async () => {
    for (const type of Object.keys(defaultLearningRate) as OptimizerName[]) {
      const list = [
        [1e4, 1e-20],
        [-1e4, 1e-20],
      ];
      const weights = await follow({ type, learningRate: 0.1 }, list, [1, 1]);
      assert.ok(weights.flat().every(Number.isFinite), type);
    }
  });

  it("AdamW's decay takes lr · decay of every weight, apart from the gradient", async () => {
    const config = { type: 'adamw', learningRate: 0.1, weightDecay: 0.5 } as const;
    const [weight] = await follow(config, [[0, 0]], [2, -4]);
    assertClose(weight!, [1.9, -3.8], 1e-6, 'weights');
  });

  it('keeps no state that it does not need', () => {
    assert.deepEqual(optimizer({ type: 'sgd', learningRate: 1 }).slots, {});
    assert.deepEqual(Object.keys(optimizer({ type: 'rmsprop', learningRate: 1 }).slots), ['square']);
    assert.deepEqual(optimizer({ type: 'adagrad', learningRate: 1, initialAccumulator: 0.1 }).slots, {
      total: 0.1,
    });
  });
});
