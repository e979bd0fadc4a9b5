import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { autoencoder, type Traversal, traverse, vae } from '../../index.js';
import { surface } from '../../testing/data.js';
import { assertClose } from '../../testing/fixtures.js';

const data = surface(300);
const plain = autoencoder({ input: 12, hidden: [16], latent: 3, seed: 1 });
const variational = vae({ input: 12, hidden: [16], latent: 4, likelihood: 'gaussian', seed: 1 });

before(async () => {
  for (const model of [plain, variational])
    await model.fit(data, { epochs: 10, learningRate: 0.01, batchSize: 32 });
});

/** The codes of data, one latent each. */
async function columns(model: typeof plain): Promise<number[][]> {
  const codes = (await model.encode(data)).data;
  return Array.from({ length: model.latent }, (_, d) =>
    Array.from(codes.filter((_unused, i) => i % model.latent === d)),
  );
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const variance = (values: readonly number[]) => mean(values.map((value) => (value - mean(values)) ** 2));

/** One decoded sample of a traversal. */
function sampleAt({ samples, values }: Traversal, row: number, step: number): Float32Array {
  const start = (row * values[0]!.length + step) * 12;
  return samples.data.subarray(start, start + 12);
}

describe('traverse', () => {
  it('sweeps the latents of a variational model from -3 to 3, the most active first', async () => {
    const found = await traverse(variational, data);
    const activity = (await columns(variational)).map(variance);
    const sorted = [...activity].sort((a, b) => b - a);
    assert.deepEqual(
      found.latents.map((latent) => activity[latent]),
      sorted,
    );
    assert.deepEqual(found.samples.shape, [44, 12]);
    for (const values of found.values) {
      assertClose(values, [-3, -2.4, -1.8, -1.2, -0.6, 0, 0.6, 1.2, 1.8, 2.4, 3], 1e-9, 'values');
    }
  });

  it('sweeps those of a plain one through the quantiles of its codes', async () => {
    const found = await traverse(plain, data, { steps: 3 });
    const all = await columns(plain);
    found.latents.forEach((latent, row) => {
      const [low, middle, high] = found.values[row]! as [number, number, number];
      const share = (edge: number) => all[latent]!.filter((code) => code <= edge).length / 300;
      for (const [edge, expected] of [
        [low, 0.01],
        [middle, 0.5],
        [high, 0.99],
      ] as const) {
        assert.ok(Math.abs(share(edge) - expected) <= 1 / 150, `${share(edge)}, expected ${expected}`);
      }
    });
  });

  it('changes one number of the mean code at a time', async () => {
    const found = await traverse(plain, data, { steps: 4, latents: 2 });
    assert.equal(found.latents.length, 2);
    const center = (await columns(plain)).map(mean);
    for (const [row, latent] of found.latents.entries()) {
      for (const [step, value] of found.values[row]!.entries()) {
        const code = center.map((number, d) => (d === latent ? value : number));
        assertClose(sampleAt(found, row, step), (await plain.decode([code])).data, 1e-5, `${latent} ${step}`);
      }
    }
  });

  it('varies the code that it is given', async () => {
    const from = [0.5, -1, 2, 0];
    const found = await traverse(variational, data, { from, steps: 2, latents: 1 });
    const code = from.map((number, d) => (d === found.latents[0] ? 3 : number));
    assertClose(sampleAt(found, 0, 1), (await variational.decode([code])).data, 1e-5, 'the last');
  });

  it('says what is wrong with what it was given', async () => {
    const refused = (options: object, message: RegExp) =>
      assert.rejects(traverse(plain, data, options), { name: 'UserError', message });
    await refused({ steps: 1 }, /steps: a whole number from 2 up is expected, got 1/);
    await refused({ latents: 0.5 }, /latents: a whole number from 1 up is expected, got 0.5/);
    await refused({ from: [1, 2] }, /from: a code of 3 finite numbers is expected, got 2 numbers/);
  });
});
