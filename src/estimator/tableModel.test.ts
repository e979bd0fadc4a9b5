import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../errors.js';
import { nodePlatform } from './nodePlatform.js';
import { TableModel } from './tableModel.js';

describe('a table model', () => {
  const table = { a: [1, 2, 3, 4], b: [0.5, 0.25, 0.75, 1.5] };
  const fit = (validationSplit: number) =>
    new TableModel(nodePlatform, { hidden: [4], latent: 1 }).fit(table, { epochs: 1, validationSplit });

  it('says what is wrong with its options before it is given a table', () => {
    const make = (options: object) => () => new TableModel(nodePlatform, options);
    assert.throws(make({ model: 'nope' }), { name: 'UserError', message: /there is no model "nope"/ });
    assert.throws(make({ hiden: [3] }), { name: 'UserError', message: /vae: .*hiden/ });
    assert.throws(make({ latent: Number.NaN }), { name: 'UserError', message: /`latent`: .*\(given NaN\)/ });
    assert.doesNotThrow(make({ model: 'autoencoder', columns: ['a'], id: 'b', latent: 2, seed: 1 }));
  });

  it('says how many rows there are where a split leaves a side without any', async () => {
    const message = (text: RegExp) => (error: unknown) =>
      error instanceof UserError && text.test(error.message);
    await assert.rejects(fit(0.001), message(/0\.001 of the 4 rows .* came out as none.* larger share/));
    await assert.rejects(fit(0.999), message(/all 4 rows .* are set aside for validation.* smaller share/));
  });
});
