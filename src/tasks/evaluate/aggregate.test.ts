import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { vae } from '../../index.js';
import { normal } from '../../random/normal.js';
import { Random } from '../../random/random.js';
import { surface } from '../../testing/data.js';
import { assertClose } from '../../testing/fixtures.js';
import { aggregateMismatch, aggregateMismatchOf } from './aggregate.js';
import { eigenOf, momentsOf } from './symmetric.js';

const count = 3000;

/** Means that are normal with these deviations around `center`, and posteriors of this deviation. */
function posteriors(spread: readonly number[], deviation: number, center = 0, seed = 1) {
  const random = new Random(seed, 'posteriors');
  const latent = spread.length;
  return {
    latent,
    mean: Float32Array.from(
      { length: count * latent },
      (_, i) => center + spread[i % latent]! * normal(random),
    ),
    logVar: new Float32Array(count * latent).fill(2 * Math.log(deviation)),
  };
}

const near = (found: number, expected: number, margin: number, what: string) =>
  assert.ok(Math.abs(found - expected) < margin, `${what}: ${found}, expected ${expected}`);

// Margins are four times the deviation over ten seeds, or more.
describe('the mismatch of aggregated codes and prior', () => {
  it('is 0 where codes together are the prior, and what is left of the KL is information', () => {
    const width = Math.sqrt(1 - 0.25);
    const { lower, upper, mutualInformation } = aggregateMismatch(posteriors([width, width], 0.5));
    near(lower, 0, 0.01, 'lower');
    near(upper, 0, 0.12, 'upper');
    near(mutualInformation, 2 * Math.log(2), 0.08, 'information');
  });

  it('is all of the KL where codes say nothing of their samples', () => {
    const { lower, upper, mutualInformation } = aggregateMismatch(posteriors([0, 0], 1, 2));
    near(lower, 4, 1e-6, 'lower');
    near(upper, 4, 1e-6, 'upper');
    near(mutualInformation, 0, 1e-6, 'information');
  });

  it('is between its bounds: a normal q(z) that is known', () => {
    // Variances 4 + 0.25 and 0.25 + 0.25 around 1.
    const kl = 0.5 * (4.25 + 0.5 - Math.log(4.25 * 0.5) - 2 + 2);
    const { lower, upper } = aggregateMismatch(posteriors([2, 0.5], 0.5, 1));
    near(lower, kl, 0.2, 'lower');
    near(upper, kl, 0.3, 'upper');
    assert.ok(lower < upper + 0.1);
  });

  it('knows no more than log N', () => {
    const found = aggregateMismatch(posteriors([1, 1, 1, 1], 0.001), { maxSamples: 500 });
    near(found.mutualInformation, Math.log(500), 1e-6, 'information');
    assert.equal(found.samples, 500);
    assert.ok(found.lower < 0.1 && found.upper > 10);
  });

  it('is measured on a model, the same at every call', async () => {
    const model = vae({ input: 12, hidden: [16], latent: 3 });
    await model.fit(surface(256), { epochs: 5, batchSize: 32 });
    const found = await aggregateMismatchOf(model, surface(256));
    assert.deepEqual(await aggregateMismatchOf(model, surface(256)), found);
    const { kl } = await model.evaluate(surface(256));
    near(found!.upper + found!.mutualInformation, kl!, 1e-4, 'both together');
  });
});

describe('symmetric matrices', () => {
  it('have the eigenvalues and eigenvectors that give them back', () => {
    const random = new Random(3);
    const width = 7;
    const { covariance } = momentsOf(
      Float64Array.from({ length: 20 * width }, (_, i) => normal(random) * (1 + (i % width))),
      width,
    );
    const { values, vectors } = eigenOf(covariance, width);
    const back = Float64Array.from(covariance, (_, i) => {
      const [row, column] = [Math.floor(i / width), i % width];
      return values.reduce((t, v, k) => t + v * vectors[row * width + k]! * vectors[column * width + k]!, 0);
    });
    assertClose(back, covariance, 1e-12, 'the matrix');
    assert.ok(values.every((value) => value >= -1e-12));
  });

  it('of rows are their covariance, divided by n', () => {
    const { mean, covariance } = momentsOf([1, 2, 3, 2, 5, 5], 2);
    assertClose(mean, [3, 3], 1e-12, 'mean');
    assertClose(covariance, [8 / 3, 2, 2, 2], 1e-12, 'covariance');
  });
});
