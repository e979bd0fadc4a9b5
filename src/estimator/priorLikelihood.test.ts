import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createModel, dataset, type FamilyName, VariationalModel } from '../index.js';
import { pseudoRandom } from '../testing/evaluate.js';

const features = 10;

/** Two halves that are each bright or dark: four kinds of samples, a little noisy. */
function samples(count: number) {
  const draws = pseudoRandom(count * (features + 2), 9, 0, 1);
  const data = new Uint8Array(count * features);
  for (let i = 0; i < count; i++) {
    const [left, right] = [0, 1].map((half) => (draws[count * features + 2 * i + half]! < 0.5 ? 0.85 : 0.15));
    for (let j = 0; j < features; j++)
      data[i * features + j] = Number(draws[i * features + j]! < (j < 5 ? left! : right!));
  }
  return dataset({ data, shape: [count, features] });
}

/** log p(x) of each sample as the mean of p(x | z) over codes from the prior: exact with enough of them. */
async function byPrior(model: VariationalModel, data: Uint8Array, codes: number): Promise<number[]> {
  const { data: means } = await model.decode(await model.priorCodes(codes, 7));
  return Array.from({ length: data.length / features }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < codes; k++) {
      let p = 1;
      for (let j = 0; j < features; j++) {
        const one = means[k * features + j]!;
        p *= data[i * features + j] === 1 ? one : 1 - one;
      }
      sum += p;
    }
    return Math.log(sum / codes);
  });
}

/** What single families are told; the others have three latents. */
const families: { readonly [Name in FamilyName]?: Readonly<Record<string, unknown>> } = {
  vae: {},
  piwae: { bounds: 2, draws: 2 },
  'vamp-vae': { pseudoInputs: 7 },
  'two-layer-vae': { topLatent: 2, topHidden: [8] },
  'iaf-vae': {},
  'hyperspherical-vae': {},
  'categorical-vae': { latent: 8 },
};

describe('log p(x) by importance weights is what draws from the prior give, so no density lacks a constant', () => {
  const data = samples(400);
  const few = { data: (data.data as Uint8Array).slice(0, 6 * features), shape: [6, features] };
  for (const [name, own] of Object.entries(families)) {
    it(name, async () => {
      const options = { input: features, hidden: [16], latent: 3, seed: 1, ...own };
      const model = createModel(name as FamilyName, options as never);
      assert.ok(model instanceof VariationalModel);
      await model.fit(data, { epochs: 30, batchSize: 50, learningRate: 0.01 });
      const weighted = await model.logLikelihood(few, { samples: 2000 });
      const expected = await byPrior(model, few.data, 40_000);
      const differences = expected.map((value, i) => weighted[i]! - value);
      const mean = differences.reduce((a, b) => a + b) / differences.length;
      // With seeds 1, 2 and 3 the largest of all families is 0.012.
      assert.ok(Math.abs(mean) < 0.05, `${mean} nats between the two`);
    });
  }
});
