import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { normal } from './normal.js';
import { Random } from './random.js';

const count = 300_000;
const random = new Random(11);
const draws = Float64Array.from({ length: count }, () => normal(random));

const moment = (power: number) => draws.reduce((total, x) => total + x ** power, 0) / count;

/** A count that is expected so often may differ by four of its standard deviations. */
function assertCount(found: number, probability: number, what: string): void {
  const expected = probability * count;
  const room = 4 * Math.sqrt(expected * (1 - probability));
  assert.ok(Math.abs(found - expected) < room, `${what}: ${found} instead of ${expected}`);
}

describe('normal', () => {
  it('has mean 0, variance 1, skewness 0 and kurtosis 3', () => {
    const deviations = 4 / Math.sqrt(count);
    assert.ok(Math.abs(moment(1)) < deviations);
    assert.ok(Math.abs(moment(2) - 1) < deviations * Math.sqrt(2));
    assert.ok(Math.abs(moment(3)) < deviations * Math.sqrt(15));
    assert.ok(Math.abs(moment(4) - 3) < deviations * Math.sqrt(96));
    assert.ok(Math.abs(moment(6) - 15) < deviations * Math.sqrt(10_170));
  });

  it('has a tenth of its draws between any two deciles', () => {
    const deciles = [
      -1.2815515655, -0.8416212336, -0.5244005127, -0.2533471031, 0, 0.2533471031, 0.5244005127, 0.8416212336,
      1.2815515655,
    ];
    const counts = new Array<number>(10).fill(0);
    for (const x of draws) counts[deciles.filter((edge) => x > edge).length]!++;
    counts.forEach((found, i) => {
      assertCount(found, 0.1, `tenth ${i}`);
    });
  });

  it('has the tails of the normal distribution, beyond the last layer at 3.44 too, on both sides', () => {
    // P(X > x), from tables.
    const tails = [
      [2, 0.02275013195],
      [3, 0.00134989803],
      [3.442619855899, 0.00028806],
      [4, 0.0000316712418],
    ] as const;
    for (const [edge, probability] of tails) {
      assertCount(draws.filter((x) => x > edge).length, probability, `above ${edge}`);
      assertCount(draws.filter((x) => x < -edge).length, probability, `below -${edge}`);
    }
    assert.ok(draws.every(Number.isFinite));
  });

  it('draws independently: neighbours, their sizes and their signs', () => {
    /** The correlation of f(x) with f of the next draw, where f has this mean. */
    const neighbours = (f: (x: number) => number, mean: number) => {
      let product = 0;
      let square = 0;
      for (let i = 0; i + 1 < count; i++) {
        const here = f(draws[i]!) - mean;
        product += here * (f(draws[i + 1]!) - mean);
        square += here * here;
      }
      return product / square;
    };
    for (const [f, mean] of [
      [(x: number) => x, 0],
      [Math.abs, Math.sqrt(2 / Math.PI)],
      [Math.sign, 0],
    ] as const)
      assert.ok(Math.abs(neighbours(f, mean)) < 4 / Math.sqrt(count));
  });

  it('depends on the key alone', () => {
    const list = (key: number) => {
      const stream = new Random(key);
      return Array.from({ length: 100 }, () => normal(stream));
    };
    assert.deepEqual(list(1), list(1));
    assert.notDeepEqual(list(1), list(2));
  });
});
