import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../errors.js';
import { nodePlatform } from './nodePlatform.js';
import { TableModel } from './tableModel.js';

describe('a table model', () => {
  const table = { a: [1, 2, 3, 4], b: [0.5, 0.25, 0.75, 1.5] };
  const fit = (validationSplit: number) =>
    new TableModel(nodePlatform, { hidden: [4], latent: 1 }).fit(table, { epochs: 1, validationSplit });

  it('says how many rows there are where a split leaves a side without any', async () => {
    const message = (text: RegExp) => (error: unknown) =>
      error instanceof UserError && text.test(error.message);
    await assert.rejects(fit(0.001), message(/0\.001 of the 4 rows .* came out as none.* larger share/));
    await assert.rejects(fit(0.999), message(/all 4 rows .* are set aside for validation.* smaller share/));
  });
});
