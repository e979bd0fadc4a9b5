import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodePlatform } from '../../estimator/nodePlatform.js';
import { Random } from '../../random/random.js';
import { assertClose, readFixture, type StoredTensor } from '../../testing/fixtures.js';
import { fitMixture, mixtureDensity } from './gmm.js';
import type { Mixture } from './mixture.js';

interface Fitted {
  readonly weights: StoredTensor;
  readonly means: StoredTensor;
  readonly covariances: StoredTensor;
  readonly logDensities: StoredTensor;
  readonly meanLogDensity: number;
}

interface Case {
  readonly name: string;
  readonly data: StoredTensor;
  readonly startMeans: StoredTensor;
  readonly oneStep: Fitted;
  readonly converged: Fitted;
  readonly best: number;
}

const { cases } = readFixture<{ cases: Case[] }>('mixture');
const average = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length;

function startOf({ startMeans }: Case): Mixture {
  const [components, width] = startMeans.shape as [number, number];
  return {
    width,
    weights: new Float64Array(components).fill(1 / components),
    means: Float64Array.from(startMeans.data),
    covariances: Float64Array.from({ length: components * width * width }, (_, i) =>
      (i % (width * width)) % (width + 1) === 0 ? 1 : 0,
    ),
  };
}

for (const each of cases) {
  const codes = Float32Array.from(each.data.data);
  const [components, width] = each.startMeans.shape as [number, number];

  describe(`a mixture fitted in ${each.name}`, () => {
    for (const [what, maxIterations, expected] of [
      ['after one step', 1, each.oneStep],
      ['when it has converged', 100, each.converged],
    ] as const) {
      it(`is that of scikit-learn ${what}`, async () => {
        const { mixture } = await fitMixture(nodePlatform, codes, width, {
          components,
          seed: 0,
          maxIterations,
          start: startOf(each),
        });
        assertClose(mixture.weights, expected.weights.data, 1e-5, 'weights');
        assertClose(mixture.means, expected.means.data, 1e-5, 'means');
        assertClose(mixture.covariances, expected.covariances.data, 1e-5, 'covariances');
        const found = await mixtureDensity(nodePlatform, mixture).logDensity!(codes);
        assertClose(found, expected.logDensities.data, 1e-4, 'log-density');
      });
    }

    it('explains its data as well as the best of twenty starts there, from starts of its own', async () => {
      for (const seed of [0, 1, 2]) {
        const { mixture } = await fitMixture(nodePlatform, codes, width, { components, seed });
        const found = average(await mixtureDensity(nodePlatform, mixture).logDensity!(codes));
        assert.ok(found > each.best - 2e-3, `${found}, expected ${each.best}`);
      }
    });
  });
}

describe('draws from a mixture', () => {
  const mixture: Mixture = {
    width: 2,
    weights: Float64Array.of(0.25, 0.75),
    means: Float64Array.of(-5, 0, 5, 1),
    covariances: Float64Array.of(1, 0, 0, 1, 2, 0.9, 0.9, 0.5),
  };

  it('have its weights, means and covariances', async () => {
    const count = 40_000;
    const codes = await mixtureDensity(nodePlatform, mixture).draw(count, new Random(1));
    const right = Array.from({ length: count }, (_, i) => i).filter((i) => codes[2 * i]! > 0);
    assert.ok(Math.abs(right.length / count - 0.75) < 0.01, `${right.length}`);
    const mean = (value: (i: number) => number) => right.reduce((a, i) => a + value(i), 0) / right.length;
    const x = mean((i) => codes[2 * i]!);
    const y = mean((i) => codes[2 * i + 1]!);
    const covariance = mean((i) => (codes[2 * i]! - x) * (codes[2 * i + 1]! - y));
    assertClose([x, y, covariance], [5, 1, 0.9], 0.03, 'moments');
  });

  it('lie in the plane that codes with a constant dimension lie in', async () => {
    const codes = Float32Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? Math.sin(i) : 7));
    const { mixture: flat } = await fitMixture(nodePlatform, codes, 2, { components: 3, seed: 0 });
    const drawn = await mixtureDensity(nodePlatform, flat).draw(500, new Random(2));
    for (let i = 1; i < drawn.length; i += 2) assert.ok(Math.abs(drawn[i]! - 7) < 0.01, `${drawn[i]}`);
  });

  it('are possible when most codes are equal', async () => {
    const codes = Float32Array.from({ length: 20 }, (_, i) => (i < 18 ? 1 : i));
    const { mixture: found } = await fitMixture(nodePlatform, codes, 1, { components: 10, seed: 0 });
    const drawn = await mixtureDensity(nodePlatform, found).draw(100, new Random(3));
    assert.ok(drawn.every(Number.isFinite));
    assert.ok(drawn.filter((value) => Math.abs(value - 1) < 0.1).length > 60);
  });
});
