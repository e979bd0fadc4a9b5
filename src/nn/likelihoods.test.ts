import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Expr, gradient, input, reshape, sum } from '../graph/index.js';
import { fillNoise } from '../random/fill.js';
import { Random } from '../random/random.js';
import { evaluate } from '../testing/evaluate.js';
import { assertClose, readFixture, type StoredTensor } from '../testing/fixtures.js';
import { type Likelihood, type LikelihoodConfig, likelihood } from './likelihoods.js';
import { Scope } from './scope.js';

interface LikelihoodCase {
  readonly name: LikelihoodConfig['type'];
  readonly options: {
    readonly variance?: number | 'learned';
    readonly logVar?: string;
    readonly extreme?: boolean;
  };
  readonly target: StoredTensor;
  readonly parameters: Readonly<Record<string, StoredTensor>>;
  readonly perSample: StoredTensor;
  readonly gradients: Readonly<Record<string, StoredTensor>>;
}

/** One learned variance is offered for all features together, none for each feature or element. */
const cases = readFixture<{ likelihoods: LikelihoodCase[] }>('layers').likelihoods.filter(
  ({ options }) => options.logVar === undefined || options.logVar === 'scalar',
);

function configOf({ name, options, target }: LikelihoodCase): LikelihoodConfig {
  if (name === 'gaussian') return { type: name, variance: options.variance!, activation: 'linear' };
  return name === 'categorical' ? { type: name, classes: target.shape.at(-1)! } : { type: name };
}

describe("likelihoods against PyTorch's distributions", () => {
  for (const stored of cases) {
    it(`${stored.name} ${JSON.stringify(stored.options)} [${stored.target.shape}]: value and gradients`, async () => {
      const { target, parameters, perSample, gradients } = stored;
      const batch = target.shape[0]!;
      const features = target.data.length / batch;
      const output = Object.keys(parameters).find((name) => name !== 'logVar')!;
      const scope = Scope.root({ training: true });
      const inputs = { x: input('x', [batch, features]), output: input(output, [batch, features]) };
      // The fixtures have a categorical of its own for each pixel; its negative log-likelihoods add up.
      const nll = likelihood(configOf(stored)).negativeLogLikelihood(inputs.x, inputs.output, scope);
      const targets = Object.keys(gradients).map((name) =>
        name === output ? inputs.output : scope.variables.get(name)!.expr,
      );
      const slopes = gradient(sum(nll), targets);
      const found = await evaluate(
        { nll, ...Object.fromEntries(Object.keys(gradients).map((name, i) => [name, slopes[i]!])) },
        {
          x: Float32Array.from(target.data),
          ...Object.fromEntries(
            Object.entries(parameters).map(([name, { data }]) => [name, Float32Array.from(data)]),
          ),
        },
      );
      assert.deepEqual(nll.shape, perSample.shape);
      assertClose(found.nll, perSample.data, 2e-6, 'negative log-likelihood');
      for (const [name, { data }] of Object.entries(gradients))
        assertClose(found[name as 'nll'], data, 2e-6, `gradient of ${name}`);
    });
  }

  it('a fixed and a learned variance of one value agree', async () => {
    const [x, output] = [input('x', [2, 3]), input('output', [2, 3])];
    const scope = Scope.root({ training: true });
    const nll = (variance: number | 'learned') =>
      likelihood({ type: 'gaussian', variance, activation: 'sigmoid' }).negativeLogLikelihood(
        x,
        output,
        scope,
      );
    const found = await evaluate(
      { fixed: nll(0.25), learned: nll('learned') },
      {
        x: Float32Array.of(0, 1, 0.5, 0.2, 0.9, 0),
        output: Float32Array.of(-1, 2, 0, 1, 3, -3),
        logVar: Float32Array.of(Math.log(0.25)),
      },
    );
    assertClose(found.learned, found.fixed, 1e-6, 'negative log-likelihood');
  });
});

const draws = 20_000;

/** Means and many samples for one row of decoder outputs. */
async function sampled(model: Likelihood, row: readonly number[], variables: Record<string, number> = {}) {
  const scope = Scope.root({ training: false });
  const output = input('output', [draws, row.length]);
  const [mean, sample] = [model.mean(output), model.sample(output, scope)];
  assert.deepEqual([mean.shape, sample.shape], [output.shape, output.shape]);
  const values: Record<string, Float32Array> = {
    output: Float32Array.from({ length: draws * row.length }, (_, i) => row[i % row.length]!),
  };
  for (const [name, value] of Object.entries(variables)) values[name] = Float32Array.of(value);
  for (const [name, { kind }] of scope.noises)
    fillNoise((values[name] = new Float32Array(draws * row.length)), kind, new Random(3, name));
  const found = await evaluate({ mean, sample }, values);
  const moment = (list: readonly number[], f: (value: number, feature: number) => number) =>
    row.map((_, k) => {
      let total = 0;
      for (let i = k; i < list.length; i += row.length) total += f(list[i]!, k);
      return total / draws;
    });
  const means = moment(found.sample, (value) => value);
  return {
    mean: found.mean.slice(0, row.length),
    sample: found.sample,
    means,
    variances: moment(found.sample, (value, k) => (value - means[k]!) ** 2),
  };
}

describe('samples', () => {
  it('of a Bernoulli are 0 and 1 with the probability of the logit', async () => {
    const logits = [-2, 0, 1, 1e4, -1e4];
    const { mean, sample, means } = await sampled(likelihood({ type: 'bernoulli' }), logits);
    assertClose(
      mean,
      logits.map((l) => 1 / (1 + Math.exp(-l))),
      1e-6,
      'mean',
    );
    assert.deepEqual([...new Set(sample)].sort(), [0, 1]);
    means.forEach((p, k) => {
      assert.ok(Math.abs(p - mean[k]!) < 0.015, `feature ${k}: ${p} instead of ${mean[k]}`);
    });
    assert.deepEqual(means.slice(3), [1, 0]);
  });

  for (const [variance, variables] of [
    [0.25, {}],
    ['learned', { logVar: Math.log(0.25) }],
  ] as const) {
    it(`of a Gaussian with ${variance} variance have its mean and variance`, async () => {
      const model = likelihood({ type: 'gaussian', variance, activation: 'linear' });
      const { mean, means, variances } = await sampled(model, [-3, 0, 2], variables);
      assert.deepEqual(mean, [-3, 0, 2]);
      means.forEach((value, k) => {
        assert.ok(Math.abs(value - mean[k]!) < 0.015, `mean ${k}: ${value}`);
      });
      variances.forEach((value) => {
        assert.ok(Math.abs(value - 0.25) < 0.01, `variance ${value}`);
      });
    });
  }

  it("of a Gaussian with an activation lie around the activation's value", async () => {
    const { mean, means } = await sampled(
      likelihood({ type: 'gaussian', variance: 0.01, activation: 'sigmoid' }),
      [0, 2],
    );
    assertClose(mean, [0.5, 1 / (1 + Math.exp(-2))], 1e-6, 'mean');
    assertClose(means, mean, 5e-3, 'mean of samples');
  });

  it('of a categorical are one-hot in each group with the probabilities of the softmax', async () => {
    const logits = [0, 1, 2, 3, -1e4, 0.5];
    const { mean, sample, means } = await sampled(likelihood({ type: 'categorical', classes: 3 }), logits);
    const softmax = (group: readonly number[]) => {
      const weights = group.map(Math.exp);
      return weights.map((w) => w / weights.reduce((a, b) => a + b));
    };
    assertClose(mean, [...softmax(logits.slice(0, 3)), ...softmax(logits.slice(3))], 1e-6, 'mean');
    for (let i = 0; i < sample.length; i += 3)
      assert.deepEqual(sample.slice(i, i + 3).sort(), [0, 0, 1], 'one of a group is 1');
    means.forEach((p, k) => {
      assert.ok(Math.abs(p - mean[k]!) < 0.015, `feature ${k}: ${p} instead of ${mean[k]}`);
    });
  });

  it('of a categorical are finite whatever the uniform noise', async () => {
    const scope = Scope.root({ training: false });
    const output = input('output', [3, 2]);
    const model = likelihood({ type: 'categorical', classes: 2 });
    const noise = [0, 0, 1 - 2 ** -24, 1 - 2 ** -24, 0, 1 - 2 ** -24];
    const sample = model.sample(output, scope);
    const [name] = scope.noises.keys();
    const found = await evaluate(
      { sample },
      { output: new Float32Array(6), [name!]: Float32Array.from(noise) },
    );
    // At a tie the first; then the class whose noise is larger.
    assert.deepEqual(found.sample, [1, 0, 1, 0, 0, 1]);
  });
});

describe('support and range', () => {
  const supports = (config: LikelihoodConfig) => likelihood(config).support;

  it('are [0, 1] where probabilities are compared, and those of the activation for a Gaussian', () => {
    assert.deepEqual(supports({ type: 'bernoulli' }), [0, 1]);
    assert.deepEqual(supports({ type: 'categorical', classes: 2 }), [0, 1]);
    const gaussian = (activation: 'linear' | 'sigmoid' | 'tanh') =>
      supports({ type: 'gaussian', variance: 1, activation });
    assert.deepEqual(gaussian('linear'), [-Infinity, Infinity]);
    assert.deepEqual(gaussian('sigmoid'), [0, 1]);
    assert.deepEqual(gaussian('tanh'), [-1, 1]);
  });

  it('works with a symbolic batch, for export', () => {
    const output: Expr = input('output', ['batch', 6]);
    for (const config of [
      { type: 'bernoulli' },
      { type: 'gaussian', variance: 'learned', activation: 'linear' },
      { type: 'categorical', classes: 3 },
    ] as const) {
      const model = likelihood(config);
      const scope = Scope.root({ training: false });
      assert.deepEqual(model.mean(output).shape, ['batch', 6]);
      assert.deepEqual(model.sample(output, scope).shape, ['batch', 6]);
      assert.deepEqual(reshape(model.mean(output), ['batch', 2, 3]).shape, ['batch', 2, 3]);
    }
  });
});
