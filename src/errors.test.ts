import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shown } from './errors.js';
import { autoencoder, tableOf, UserError } from './index.js';
import { checkFitOptions } from './train/options.js';

const large = { data: new Uint8Array(20_000 * 784), shape: [20_000, 784] };

/** The message of the UserError that something throws. */
async function messageOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return error.message;
  }
  return assert.fail('nothing was thrown');
}

describe('messages show no more of what was given than people read', () => {
  it('of a mistyped option its name, and nothing that stands beside it', async () => {
    const given = { epoch: 1, validation: large } as object;
    assert.equal(await messageOf(() => checkFitOptions(given)), 'fit: unrecognized key: "epoch"');
    const model = autoencoder({ input: 784, hidden: [], latent: 2 });
    assert.equal(await messageOf(() => model.fit(large, given)), 'fit: unrecognized key: "epoch"');
  });

  it('of data in the place of an option what they are', async () => {
    const said = await messageOf(() => autoencoder({ input: 4, latent: large as never }));
    assert.match(said, /^autoencoder: `latent`: .* \(given an object\)$/);
    assert.ok((await messageOf(() => checkFitOptions(large.data as object))).length < 500);
    const padding = 'x'.repeat(1e6) as never;
    assert.ok((await messageOf(() => autoencoder({ input: 4, latent: 2, padding }))).length < 300);
    const keys = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`option${i}`, 1]));
    assert.match(await messageOf(() => checkFitOptions(keys)), /"option9" and 990 more$/);
  });

  it('of long names and texts the beginning', async () => {
    const name = 'n'.repeat(1e6);
    assert.ok((await messageOf(() => tableOf({ [name]: 7 as never }))).length < 300);
    assert.equal(shown(name), `"${'n'.repeat(80)}…"`);
  });

  it('small values whole, large ones by what they are', () => {
    assert.equal(shown({ type: 'adam', learningRate: -1 }), '{"type":"adam","learningRate":-1}');
    assert.equal(shown([28, 28]), '[28,28]');
    assert.equal(shown(Number.NaN), 'NaN');
    assert.equal(shown(null), 'null');
    assert.equal(shown(12n), '12');
    assert.equal(shown(new Float32Array(5)), 'a Float32Array of 5');
    assert.equal(shown(Array(1000).fill(0)), 'an array of 1000');
    assert.equal(shown({ a: { b: large.data } }), 'an object');
    const around: { self?: unknown } = {};
    around.self = around;
    assert.equal(shown(around), 'an object');
  });
});

describe('a message of alternatives', () => {
  it('says what each of them takes', async () => {
    const make = (options: object) => () => autoencoder({ input: [8, 8], latent: 2, ...options });
    assert.match(
      await messageOf(make({ padding: 'foo' })),
      /`padding`: expected "same" or a number \(given "foo"\)/,
    );
    assert.match(await messageOf(make({ dimensions: 3 })), /`dimensions`: expected 1 or 2 \(given 3\)/);
    const said = await messageOf(() => checkFitOptions({ optimizer: 5 } as object));
    assert.match(said, /`optimizer`: expected "sgd" or .*"adamw" or an object \(given 5\)/);
  });
});
