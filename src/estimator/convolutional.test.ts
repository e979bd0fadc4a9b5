import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { convAutoencoder, convVae, load, mnist, UserError, VariationalModel } from '../index.js';

const folder = await mkdtemp(join(tmpdir(), 'autoencoder-conv-'));
after(() => rm(folder, { recursive: true, force: true }));

const images = await mnist('test');
const few = { data: images.data.subarray(0, 256 * 784), shape: [256, 28, 28] };

describe('convolutional models', () => {
  it('learn, and come back from a folder as they were, also where the data were given flat', async () => {
    const model = convAutoencoder({ input: [28, 28], channels: [4, 8], latent: 16, loss: 'bce' });
    const flat = { data: few.data, shape: [256, 784] };
    const { rows } = await model.fit(flat, { epochs: 10, batchSize: 16 });
    assert.ok(rows.at(-1)!.loss! < 0.6 * rows[0]!.loss!, `${rows[0]!.loss} to ${rows.at(-1)!.loss}`);
    await model.save(join(folder, 'plain'));
    const again = await load(join(folder, 'plain'));
    assert.equal(again.family, 'conv-autoencoder');
    assert.deepEqual(again.sampleSpec.shape, [28, 28]);
    assert.deepEqual(await again.reconstruct(flat), await model.reconstruct(flat));
  });

  it('sample where they are variational, with normalisation, residual blocks and colours', async () => {
    const colour = { data: few.data.subarray(0, 64 * 588), shape: [64, 14, 14, 3] };
    for (const normalization of ['batch', 'group'] as const) {
      const model = convVae({ input: [14, 14, 3], channels: [4, 8], blocks: 1, latent: 2, normalization });
      const { rows } = await model.fit(colour, { epochs: 4, batchSize: 16 });
      assert.ok(rows.at(-1)!.loss! < rows[0]!.loss!, `${rows[0]!.loss} to ${rows.at(-1)!.loss}`);
      await model.save(join(folder, normalization));
      const again = await load(join(folder, normalization));
      assert.ok(again instanceof VariationalModel);
      assert.deepEqual(await again.evaluate(colour), await model.evaluate(colour));
      assert.deepEqual((await again.sample(3, { seed: 1 })).shape, [3, 14, 14, 3]);
    }
  });

  it('are refused where samples are no pictures for them', () => {
    assert.throws(
      () => convAutoencoder({ input: [4, 4], channels: [1, 1, 1], latent: 1 }),
      (error) => error instanceof UserError && /give at most 2/.test(error.message),
    );
  });
});
