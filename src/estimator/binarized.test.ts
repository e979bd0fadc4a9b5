import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { slice } from '../data/dataset.js';
import { type Dataset, mnist, type VariationalModel, vae } from '../index.js';
import { binarized } from './binarized.js';

describe("a model with binarize 'dynamic'", () => {
  let model: VariationalModel;
  let digits: Dataset;
  let drawn: Dataset;
  before(async () => {
    digits = slice(await mnist('test'), 0, 300);
    drawn = binarized(digits, 1 / 255);
    model = vae({ input: [28, 28], hidden: [32], latent: 4, binarize: 'dynamic' });
    await model.fit(digits, { epochs: 3 });
  });

  it('is measured on pixels of 0 and 1, the bound and the likelihood on the same', async () => {
    const options = { importanceSamples: 20 };
    const found = await model.evaluate(digits, options);
    assert.deepEqual(found, await model.evaluate(drawn, options));
    assert.deepEqual(
      await model.logLikelihood(digits, { samples: 20 }),
      await model.logLikelihood(drawn, { samples: 20 }),
    );
    // With one draw the estimate is the bound, at other draws of the code.
    const one = await model.evaluate(digits, { importanceSamples: 1 });
    assert.ok(Math.abs(one.logLikelihood! + one.negativeElbo!) < 3, JSON.stringify(one));
    assert.ok(found.logLikelihood! > -found.negativeElbo!);
  });

  it('is measured on the same pixels whatever the seed, and binary ones stay as they are', async () => {
    assert.deepEqual(binarized(drawn, 1 / 255).data, drawn.data);
    assert.deepEqual(binarized(digits, 1 / 255), drawn);
    assert.ok(
      drawn.data.every((value, i) => (value === 0 || value === 255) && (digits.data[i]! > 0 || value === 0)),
    );
    const floats = { data: Float32Array.of(0, 1, 1, 0), shape: [2, 2] };
    assert.deepEqual(binarized(floats, 1).data, floats.data);
    const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b) / values.length;
    assert.ok(Math.abs(mean(drawn.data) - mean(digits.data)) < 0.3);
    assert.equal(drawn.labels, digits.labels);
  });

  it('encodes and reconstructs samples as they are given', async () => {
    assert.notDeepEqual((await model.encode(digits)).data, (await model.encode(drawn)).data);
  });
});
