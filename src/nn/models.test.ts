import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { add, type Expr, exp, gradient, input, mean, mul } from '../graph/index.js';
import { compile, evaluate } from '../testing/evaluate.js';
import { assertClose, readFixture, type StoredTensor } from '../testing/fixtures.js';
import { dense } from './layers.js';
import { type LikelihoodConfig, likelihood } from './likelihoods.js';
import { klToStandardNormal, losses, sumFeatures } from './losses.js';
import { optimizer } from './optimizers.js';
import { Scope } from './scope.js';

interface ModelCase {
  readonly name: string;
  readonly model: 'autoencoder' | 'vae';
  readonly options: {
    readonly latent: number;
    readonly likelihood?: { readonly name: 'bernoulli' | 'gaussian'; readonly variance?: number | 'learned' };
    readonly beta?: number;
  };
  readonly x: StoredTensor;
  readonly noise?: StoredTensor;
  readonly parameters: Readonly<Record<string, StoredTensor>>;
  readonly loss: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly values: Readonly<Record<string, StoredTensor>>;
  readonly gradients: Readonly<Record<string, StoredTensor>>;
  readonly training: {
    readonly losses: readonly number[];
    readonly finalLoss: number;
    readonly finalParameters: Readonly<Record<string, StoredTensor>>;
  };
}

const fixture = readFixture<{
  steps: number;
  optimizer: { learningRate: number; beta1: number; beta2: number; epsilon: number };
  cases: ModelCase[];
}>('models');

interface Built {
  readonly loss: Expr;
  readonly parts: Readonly<Record<string, Expr>>;
  readonly values: Readonly<Record<string, Expr>>;
}

const features = 12;

function autoencoder(x: Expr, scope: Scope, latent: number): Built {
  const code = scope.in('encoder', (s) => s.in('code', (t) => dense(latent, { activation: 'relu' })(x, t)));
  const output = scope.in('decoder', (s) =>
    s.in('output', (t) => dense(features, { activation: 'sigmoid' })(code, t)),
  );
  const each = losses.mse(x, output);
  const loss = mean(sumFeatures(each));
  return { loss, parts: { reconstruction: loss, mse: mean(each) }, values: { code, output } };
}

function vae(x: Expr, scope: Scope, { latent, likelihood: given, beta }: ModelCase['options']): Built {
  const layer =
    (name: string, units: number, relu = false) =>
    (value: Expr, s: Scope) =>
      s.in(name, (inner) => dense(units, { activation: relu ? 'relu' : 'linear' })(value, inner));
  const { center, logVar } = scope.in('encoder', (s) => {
    const hidden = layer('hidden1', 8, true)(x, s);
    return { center: layer('mean', latent)(hidden, s), logVar: layer('logVar', latent)(hidden, s) };
  });
  const noise = scope.noise('posterior', 'normal', center.shape);
  const z = add(center, mul(exp(mul(logVar, 0.5)), noise));
  const output = scope.in('decoder', (s) => layer('output', features)(layer('hidden1', 8, true)(z, s), s));
  const config: LikelihoodConfig =
    given!.name === 'bernoulli'
      ? { type: 'bernoulli' }
      : { type: 'gaussian', variance: given!.variance!, activation: 'linear' };
  const reconstruction = mean(
    scope.in('likelihood', (s) => likelihood(config).negativeLogLikelihood(x, output, s)),
  );
  const kl = mean(klToStandardNormal(center, logVar));
  return {
    loss: add(reconstruction, mul(kl, beta!)),
    parts: { reconstruction, kl, negativeElbo: add(reconstruction, kl) },
    values: { mean: center, logVar, z, output },
  };
}

function build({ model, options, x: stored }: ModelCase): Built & { parameters: Map<string, Expr> } {
  const scope = Scope.root({ training: true });
  const x = input('x', stored.shape);
  const built = model === 'vae' ? vae(x, scope, options) : autoencoder(x, scope, options.latent);
  return { ...built, parameters: new Map([...scope.variables].map(([name, { expr }]) => [name, expr])) };
}

const arrays = (stored: Readonly<Record<string, StoredTensor>>) =>
  Object.fromEntries(Object.entries(stored).map(([name, { data }]) => [name, Float32Array.from(data)]));

describe("whole models against PyTorch's numbers", () => {
  for (const given of fixture.cases) {
    const { name, x, noise, parameters: first } = given;
    const data = arrays(noise === undefined ? { x } : { x, 'noise.posterior': noise });

    it(`${name}: loss, its parts, inner values and every gradient`, async () => {
      const { loss, parts, values, parameters } = build(given);
      assert.deepEqual([...parameters.keys()].sort(), Object.keys(first).sort());
      const slopes = gradient(loss, [...parameters.values()]);
      const found = await evaluate(
        {
          loss,
          ...parts,
          ...values,
          ...Object.fromEntries([...parameters.keys()].map((key, i) => [`gradient ${key}`, slopes[i]!])),
        },
        { ...data, ...arrays(first) },
      );
      const all = found as Record<string, number[]>;
      assertClose(found.loss, [given.loss], 1e-6, 'loss');
      for (const [key, value] of Object.entries(given.parts)) assertClose(all[key]!, [value], 1e-6, key);
      for (const [key, value] of Object.entries(given.values)) assertClose(all[key]!, value.data, 1e-6, key);
      for (const [key, value] of Object.entries(given.gradients))
        assertClose(all[`gradient ${key}`]!, value.data, 2e-6, `gradient of ${key}`);
    });

    it(`${name}: ${fixture.steps} steps of Adam, all in one graph`, async () => {
      const { loss, parameters } = build(given);
      const { learningRate, ...options } = fixture.optimizer;
      const rule = optimizer({
        type: 'adam',
        learningRate,
        beta1: options.beta1,
        beta2: options.beta2,
        epsilon: options.epsilon,
      });
      const scalars = Object.fromEntries(
        Object.keys(rule.scalars(1, learningRate)).map((key) => [key, input(`step ${key}`, [])]),
      );
      const slopes = gradient(loss, [...parameters.values()]);
      const state: Record<string, Float32Array> = arrays(first);
      const next: Record<string, Expr> = {};
      for (const [i, [key, weight]] of [...parameters].entries()) {
        const slots = Object.entries(rule.slots).map(([slot, start]) => {
          state[`${slot} ${key}`] = new Float32Array(state[key]!.length).fill(start);
          return [slot, input(`${slot} ${key}`, weight.shape)] as const;
        });
        const updated = rule.update(weight, slopes[i]!, Object.fromEntries(slots), scalars);
        next[key] = updated.weight;
        for (const [slot, value] of Object.entries(updated.slots)) next[`${slot} ${key}`] = value;
      }
      const names = Object.keys(next);
      const run = await compile([loss, ...names.map((key) => next[key]!)]);

      const seen: number[] = [];
      for (let step = 1; step <= fixture.steps + 1; step++) {
        const numbers = Object.entries(rule.scalars(step, learningRate));
        const fed = Object.fromEntries(
          numbers.map(([key, value]) => [`step ${key}`, Float32Array.of(value)]),
        );
        const [value, ...results] = await run({ ...data, ...state, ...fed });
        seen.push(value![0]!);
        // The last run only measures.
        if (step > fixture.steps) break;
        names.forEach((key, i) => {
          state[key] = Float32Array.from(results[i]!);
        });
      }
      assertClose(seen, [...given.training.losses, given.training.finalLoss], 1e-5, 'loss');
      for (const [key, { data: expected }] of Object.entries(given.training.finalParameters))
        assertClose(state[key]!, expected, 1e-4, key);
    });
  }
});
