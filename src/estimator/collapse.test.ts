import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { vae } from '../index.js';
import { surface } from '../testing/data.js';
import { collapseNotes } from './collapse.js';

describe('a collapsed code', () => {
  it('is noticed in a model whose KL term costs too much, with what to try', async () => {
    const model = vae({ input: 12, hidden: [16], latent: 3, beta: 100 });
    await model.fit(surface(256), { epochs: 30, batchSize: 32, learningRate: 0.01 });
    const { activeUnits, kl, notes } = await model.evaluate(surface(256));
    assert.equal(activeUnits, 0);
    assert.ok(kl! < 0.05);
    assert.match(notes[0]!, /posterior collapse: no latent dimension varies .* --beta-warmup/);
  });

  it('is not seen where codes vary, nor in a few samples', async () => {
    const model = vae({
      input: 12,
      hidden: [16],
      latent: 3,
      likelihood: { type: 'gaussian', variance: 0.01 },
    });
    await model.fit(surface(256), { epochs: 10, batchSize: 32, learningRate: 0.01 });
    assert.deepEqual((await model.evaluate(surface(256))).notes, []);
    assert.deepEqual(collapseNotes({ samples: 1, activeUnits: 0, latent: 4, variational: true }), []);
  });

  it('is told of in part', () => {
    const few = { samples: 100, activeUnits: 2, latent: 32 };
    assert.match(collapseNotes({ ...few, variational: true })[0]!, /only 2 of 32 .*: let the weight/);
    assert.match(collapseNotes({ ...few, variational: false })[0]!, /2 of 32 numbers of the code vary/);
    assert.deepEqual(collapseNotes({ ...few, activeUnits: 4, variational: true }), []);
  });
});
