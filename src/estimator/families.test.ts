import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { slice } from '../data/dataset.js';
import { createModel, type Dataset, type FamilyName, load, mnist, VariationalModel } from '../index.js';
import { families } from '../models/families.js';

const folder = mkdtempSync(join(tmpdir(), 'autoencoder-families-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Small, so that every family can be trained here. */
const small: Readonly<Record<string, unknown>> = { hidden: [32], latent: 8, channels: [] };

/** What single families need to be small. */
const own: { readonly [Name in FamilyName]?: Readonly<Record<string, unknown>> } = {
  'conv-autoencoder': { hidden: [], channels: [4, 8] },
  'conv-vae': { hidden: [], channels: [4, 8] },
  'conditional-vae': { classes: 10 },
  'vamp-vae': { pseudoInputs: 20 },
  'two-layer-vae': { topLatent: 4, topHidden: [16] },
  'capacity-vae': { gamma: 1 },
  miwae: { bounds: 2, draws: 2 },
  piwae: { bounds: 2, draws: 2 },
  ciwae: { draws: 4 },
};

describe('a model of every family', () => {
  let train: Dataset;
  let test: Dataset;
  before(async () => {
    train = slice(await mnist('train'), 0, 1000);
    test = slice(await mnist('test'), 0, 40);
  });

  for (const name of Object.keys(families) as FamilyName[]) {
    it(`${name} learns, encodes, decodes, is saved and loaded as it is`, async () => {
      const options = { input: [28, 28], ...small, ...own[name] };
      const model = createModel(name, options as never);
      const before = await model.evaluate(test);
      const { rows } = await model.fit(train, { epochs: 4, batchSize: 64, learningRate: 2e-3 });
      const evaluation = await model.evaluate(test);
      assert.ok(evaluation.mse < before.mse, `mse ${before.mse} → ${evaluation.mse}`);
      for (const row of rows) for (const value of Object.values(row)) assert.ok(Number.isFinite(value));

      const codes = await model.encode(test);
      assert.deepEqual(codes.shape, [40, 8]);
      const told = model.classes === undefined ? {} : { labels: test.labels! };
      assert.deepEqual((await model.decode(codes, told)).shape, [40, 28, 28]);
      const reconstruction = await model.reconstruct(test);
      const again = await model.decode(codes, told);
      again.data.forEach((value, i) => {
        assert.ok(Math.abs(value - reconstruction.data[i]!) < 1e-2);
      });

      await model.save(join(folder, name));
      const loaded = await load(join(folder, name));
      assert.deepEqual((await loaded.reconstruct(test)).data, reconstruction.data);
      assert.equal(model instanceof VariationalModel, families[name].generative);
      if (!(loaded instanceof VariationalModel)) return;
      const drawn = await loaded.sample(5, { seed: 3 });
      assert.deepEqual(drawn.shape, [5, 28, 28]);
      assert.ok(drawn.data.every((value) => Number.isFinite(value)));
      assert.deepEqual((await loaded.sample(5, { seed: 3 })).data, drawn.data);
      if (loaded.definition.logWeights === undefined) return;
      const likelihoods = await loaded.logLikelihood(slice(test, 0, 4), { samples: 20 });
      assert.ok(likelihoods.every((value) => Number.isFinite(value)));
    });
  }
});
