import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asTyped } from '../cli/asTyped.js';
import { flagOf, hasOption, optionNames } from '../cli/modelOptions.js';
import { type FamilyName, vae } from '../index.js';
import { familyNamed } from '../models/families.js';
import { surface } from '../testing/data.js';
import { collapseNotes } from './collapse.js';

describe('a collapsed code', () => {
  it('is noticed in a model whose KL term costs too much, with what to try', async () => {
    const model = vae({ input: 12, hidden: [16], latent: 3, beta: 100 });
    await model.fit(surface(256), { epochs: 30, batchSize: 32, learningRate: 0.01 });
    const { activeUnits, kl, notes } = await model.evaluate(surface(256));
    assert.equal(activeUnits, 0);
    assert.ok(kl! < 0.05);
    assert.match(
      notes[0]!,
      /posterior collapse: no latent dimension varies .* \(`betaSchedule`\); or take a smaller `beta`$/,
    );
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
    assert.deepEqual(
      collapseNotes({ samples: 1, activeUnits: 0, latent: 4, variational: true, options: {} }),
      [],
    );
  });

  it('is told of in part', () => {
    const few = { samples: 100, activeUnits: 2, latent: 32, options: { betaSchedule: {} } };
    assert.match(collapseNotes({ ...few, variational: true })[0]!, /only 2 of 32 .*: let the weight/);
    assert.match(collapseNotes({ ...few, variational: false })[0]!, /2 of 32 numbers of the code vary/);
    assert.deepEqual(collapseNotes({ ...few, activeUnits: 4, variational: true }), []);
  });

  const advised: { readonly [Name in FamilyName]?: RegExp } = {
    vae: /Let the weight .* \(`betaSchedule`\); or take a smaller `beta`$/,
    'beta-vae': /average\. Take a smaller `beta`$/,
    'beta-tc-vae': /average\. Take a smaller `beta`$/,
    'capacity-vae': /average\. Take a larger `capacity`$/,
    'info-vae': /average\. Take a larger `alpha`$/,
    'sigma-vae': /average\. Try a smaller learning rate, or the family info-vae/,
    ...Object.fromEntries(
      ['hyperspherical-vae', 'iwae', 'ciwae', 'two-layer-vae'].map((name) => [
        name,
        /average\. Try a smaller learning rate, or the family info-vae/,
      ]),
    ),
  };
  for (const [name, message] of Object.entries(advised)) {
    it(`is advised on by options that ${name} has, as they are typed too`, () => {
      const family = familyNamed(name as FamilyName);
      const options = family.schema.parse({ latent: 8 }) as Readonly<Record<string, unknown>>;
      const [note] = collapseNotes({ samples: 100, activeUnits: 0, latent: 8, variational: true, options });
      assert.match(note!, message);
      for (const [flag] of asTyped(note!).matchAll(/--[a-z-]+/g)) {
        const known = [
          ...optionNames(family).map(flagOf),
          hasOption(family, 'betaSchedule') && '--beta-warmup',
          '--model',
        ];
        assert.ok(known.includes(flag), flag);
      }
    });
  }

  it('of a gaussian likelihood is advised on by its variance, where that is given', () => {
    const notes = (likelihood: object) =>
      collapseNotes({
        ...{ samples: 100, activeUnits: 0, latent: 8, variational: true, options: { likelihood } },
      })[0]!;
    assert.match(notes({ type: 'gaussian', variance: 1 }), /Give the likelihood a smaller `variance`/);
    assert.doesNotMatch(notes({ type: 'gaussian', variance: 'learned' }), /variance,/);
    assert.doesNotMatch(notes({ type: 'bernoulli' }), /variance,/);
  });

  it('of a plain model is advised on by its activation, where that is relu', () => {
    const plain = { samples: 100, activeUnits: 0, latent: 8, variational: false };
    assert.match(collapseNotes({ ...plain, options: { activation: 'relu' } })[0]!, /than relu/);
    assert.doesNotMatch(collapseNotes({ ...plain, options: { activation: 'tanh' } })[0]!, /relu/);
  });
});
