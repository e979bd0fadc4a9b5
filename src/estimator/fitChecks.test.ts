import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { autoencoder, earlyStopping, type Model, UserError } from '../index.js';
import { surface } from '../testing/data.js';

const small = () => autoencoder({ input: 12, hidden: [16], latent: 3, seed: 0 });

describe('fit', () => {
  const refusals: [string, Parameters<Model['fit']>, RegExp][] = [
    ['no epochs', [surface(10), { epochs: 0 }], /fit: `epochs`: too small.*\(given 0\)/],
    [
      'half a sample in a batch',
      [surface(10), { batchSize: 0.5 }],
      /`batchSize`: invalid input.*\(given 0\.5\)/,
    ],
    [
      'a negative learning rate',
      [surface(10), { learningRate: -1 }],
      /`learningRate`: too small.*\(given -1\)/,
    ],
    ['a split of one', [surface(10), { validationSplit: 1 }], /`validationSplit`: too big/],
    ['a split that leaves nothing', [surface(10), { validationSplit: 0.01 }], /both sides need at least one/],
    ['validation twice', [surface(10), { validation: surface(3), validationSplit: 0.5 }], /give one of them/],
    [
      'the same callback twice',
      [surface(10), { callbacks: [earlyStopping(), earlyStopping()] }],
      /given twice/,
    ],
    ['a misspelt option', [surface(10), { epoch: 3 } as never], /unrecognized key.*epoch/],
    [
      'a misspelt schedule',
      [surface(10), { learningRateSchedule: { type: 'cosin', duration: 3 } as never }],
      /learningRateSchedule/,
    ],
    [
      'a rate that is not a number',
      [surface(10), { optimizer: { type: 'sgd', learningRate: Number.NaN } }],
      /fit: optimizer: `learningRate`/,
    ],
    [
      'an unknown optimizer',
      [surface(10), { optimizer: 'adagard' as 'adagrad' }],
      /`optimizer`: expected "sgd" or .*"adamw".*given "adagard"/,
    ],
    ['samples of another size', [surface(10, 7), {}], /a sample has 7 features, but the model takes 12/],
    [
      'data outside of a sigmoid',
      [{ data: new Float32Array(24).fill(300), shape: [2, 12] }, {}],
      /\[300, 300\], but the output activation 'sigmoid' can only give \[0, 1\]/,
    ],
    ['NaN', [{ data: new Float32Array(24).fill(Number.NaN), shape: [2, 12] }, {}], /NaN/],
  ];
  for (const [what, [data, options], message] of refusals) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(small().fit(data, options), (error: unknown) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(error.message, message);
        return true;
      });
    });
  }

  const warnings: [string, Model, ReturnType<typeof surface>, RegExp][] = [
    ['constant data', small(), { data: new Float32Array(48).fill(0.5), shape: [4, 12] }, /nothing to learn/],
    ['one sample', small(), surface(1), /one sample/],
    [
      'a code larger than the input',
      autoencoder({ input: 12, latent: 20 }),
      surface(4),
      /nothing is compressed/,
    ],
  ];
  for (const [what, model, data, message] of warnings) {
    it(`warns of ${what}`, async () => {
      const said: string[] = [];
      await model.fit(data, {
        epochs: 1,
        callbacks: [{ name: 'warnings', onWarning: (text) => said.push(text) }],
      });
      assert.match(said.join('\n'), message);
    });
  }
});
