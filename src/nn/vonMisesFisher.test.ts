import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { constant, mean, mul, reshape, sub, sum } from '../graph/index.js';
import { fillNoise } from '../random/fill.js';
import { Random } from '../random/random.js';
import { evaluate } from '../testing/evaluate.js';
import { assertClose, readFixture } from '../testing/fixtures.js';
import { Scope } from './scope.js';
import {
  drawVonMisesFisher,
  logNormalizer,
  logSphereArea,
  sphericalDivergence,
  uniformOnSphere,
} from './vonMisesFisher.js';

const { spheres } = readFixture<{
  spheres: readonly { size: number; kappas: number[]; kl: number[]; meanCosine: number[] }[];
}>('families');

const draws = 4000;

/** Noise for everything that a scope asked for. */
function noiseFor(scope: Scope, seed: number): Record<string, Float32Array> {
  return Object.fromEntries(
    [...scope.noises].map(([name, { kind, shape }]) => {
      const values = new Float32Array(shape.reduce<number>((product, length) => product * Number(length), 1));
      fillNoise(values, kind, new Random(seed, name));
      return [name, values];
    }),
  );
}

/** A direction that is no axis, once for each concentration. */
function setting(size: number, kappas: readonly number[]) {
  const length = Math.hypot(...Array.from({ length: size }, (_, i) => 1 + i));
  const direction = kappas.flatMap(() => Array.from({ length: size }, (_, i) => -(1 + i) / length));
  return {
    direction: constant(Float32Array.from(direction), [kappas.length, size]),
    kappa: constant(Float32Array.from(kappas), [kappas.length, 1]),
  };
}

describe('the von Mises-Fisher distribution', () => {
  for (const { size, kappas, kl, meanCosine } of spheres) {
    it(`in ${size} dimensions has the divergence from the even one that integration gives`, async () => {
      const found = await evaluate({ kl: sphericalDivergence(setting(size, kappas).kappa, size) });
      assertClose(found.kl, kl, 3e-6, 'kl');
    });

    it(`in ${size} dimensions is what draws follow: length 1, both moments along the direction, and the divergence`, async () => {
      const scope = Scope.root({ training: true });
      const { direction, kappa } = setting(size, kappas);
      const code = drawVonMisesFisher(direction, kappa, draws, scope);
      const cosine = sum(mul(code, reshape(direction, [kappas.length, 1, size])), 2);
      const logDensity = mul(cosine, kappa);
      const found = await evaluate(
        {
          lengths: sum(mul(code, code), 2),
          first: mean(cosine, 1),
          second: mean(mul(cosine, cosine), 1),
          kl: mean(sub(logDensity, sub(-logSphereArea(size), logNormalizer(kappa, size))), 1),
        },
        noiseFor(scope, 1),
      );
      assertClose(
        found.lengths,
        found.lengths.map(() => 1),
        1e-5,
        'length',
      );
      kappas.forEach((k, i) => {
        const expected = meanCosine[i]!;
        const square = 1 - ((size - 1) * expected) / k;
        // Six standard errors, and twelve; over 20 seeds the largest misses were 3.0 and 4.4.
        const error = 6 * Math.sqrt((square - expected ** 2) / draws);
        assert.ok(Math.abs(found.first[i]! - expected) < error, `κ ${k}: ${found.first[i]} for ${expected}`);
        assert.ok(Math.abs(found.second[i]! - square) < 2 * error, `κ ${k}: second moment`);
        assert.ok(Math.abs(found.kl[i]! - kl[i]!) < k * error, `κ ${k}: KL ${found.kl[i]} for ${kl[i]}`);
      });
    });
  }

  it('has an even one beside it: points of length 1 that lie nowhere in particular', async () => {
    const scope = Scope.root({ training: true });
    const points = uniformOnSphere([draws, 3], scope, 'prior');
    const found = await evaluate(
      { mean: mean(points, 0), squares: mean(mul(points, points), 0) },
      noiseFor(scope, 2),
    );
    for (const value of found.mean) assert.ok(Math.abs(value) < 6 * Math.sqrt(1 / 3 / draws));
    for (const value of found.squares) assert.ok(Math.abs(value - 1 / 3) < 0.03);
  });
});
