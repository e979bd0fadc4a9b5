import { describe, it } from 'node:test';
import { gradient, input, sum } from '../graph/index.js';
import { evaluate } from '../testing/evaluate.js';
import { assertClose, readFixture } from '../testing/fixtures.js';
import { logBessel } from './bessel.js';

const fixture = readFixture<{
  kappas: readonly number[];
  bessel: readonly { readonly order: number; readonly log: number[]; readonly ratio: number[] }[];
}>('families');

describe("Bessel functions against mpmath's numbers", () => {
  for (const { order, log, ratio } of fixture.bessel) {
    it(`order ${order}: logarithm, ratio to the next, and slope of the logarithm`, async () => {
      const kappa = input('kappa', [fixture.kappas.length]);
      const { log: ours, ratio: ourRatio } = logBessel(order, kappa);
      const [slope] = gradient(sum(ours), [kappa]);
      const found = await evaluate(
        { log: ours, ratio: ourRatio, slope: slope! },
        { kappa: Float32Array.from(fixture.kappas) },
      );
      const wanted = log.map((value, i) => value - order * Math.log(fixture.kappas[i]!));
      assertClose(found.log, wanted, 1e-6, 'log');
      assertClose(found.ratio, ratio, 2e-6, 'ratio');
      // d log (I / κ^ν) / dκ is the ratio (Abramowitz and Stegun 1964, 9.6.28).
      assertClose(found.slope, ratio, 5e-6, 'slope');
    });
  }
});
