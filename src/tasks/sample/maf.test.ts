import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { nodePlatform } from '../../estimator/nodePlatform.js';
import { input } from '../../graph/index.js';
import { made } from '../../nn/made.js';
import { Scope } from '../../nn/scope.js';
import { normal } from '../../random/normal.js';
import { Random } from '../../random/random.js';
import { compile, pseudoRandom } from '../../testing/evaluate.js';
import { type FlowDensity, fitFlow } from './maf.js';

/** Points along a parabola, far from zero and of unequal scales: no normal distribution. */
function banana(count: number, seed: number): Float32Array {
  const random = new Random(seed, 'banana');
  const points = Float32Array.from({ length: 2 * count }, () => normal(random));
  for (let i = 0; i < points.length; i += 2) {
    points[i + 1] = 30 + 5 * (points[i]! ** 2 + 0.3 * points[i + 1]!);
  }
  return points;
}

const average = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

describe('a masked network', () => {
  for (const reversed of [false, true]) {
    it(`depends on the numbers ${reversed ? 'after' : 'before'} each, and on all of these`, async () => {
      const width = 5;
      const scope = Scope.root({ training: false });
      const x = input('x', [1, width]);
      const { shift, logScale } = made(x, { width, hidden: 32, reversed }, scope);
      const weights = Object.fromEntries(
        [...scope.variables].map(([name, { shape }], i) => [
          name,
          pseudoRandom(
            shape.reduce((a, b) => a * b, 1),
            i + 1,
          ),
        ]),
      );
      const run = await compile([shift, logScale]);
      const at = (values: Float32Array) => run({ ...weights, x: values });
      const middle = await at(pseudoRandom(width, 50));
      for (let moved = 0; moved < width; moved++) {
        const values = pseudoRandom(width, 50);
        values[moved]! += 1;
        const found = await at(values);
        for (let i = 0; i < width; i++) {
          const depends = reversed ? i < moved : i > moved;
          assert.equal(found[0]![i] !== middle[0]![i], depends, `shift ${i} on ${moved}`);
          assert.equal(found[1]![i] !== middle[1]![i], depends, `scale ${i} on ${moved}`);
        }
      }
    });
  }
});

describe('a flow in two dimensions', () => {
  let flow: FlowDensity;
  before(async () => {
    flow = await fitFlow(nodePlatform, banana(2000, 1), 2, { epochs: 40, seed: 0 });
  });

  /** The log-density on a fine grid that holds all but nothing of the distribution, and the area of a cell. */
  async function grid() {
    const [across, up] = [200, 400];
    const [left, right, low, high] = [-5, 5, 0, 160];
    const cells = Float32Array.from({ length: 2 * across * up }, (_, i) => {
      const cell = i >> 1;
      return i % 2 === 0
        ? left + ((right - left) * ((cell % across) + 0.5)) / across
        : low + ((high - low) * (Math.floor(cell / across) + 0.5)) / up;
    });
    return { logs: await flow.logDensity(cells), area: ((right - left) / across) * ((high - low) / up) };
  }

  it('has a density that integrates to 1', async () => {
    const { logs, area } = await grid();
    const mass = area * logs.reduce((sum, value) => sum + Math.exp(value), 0);
    assert.ok(Math.abs(mass - 1) < 0.01, `${mass}`);
  });

  it('draws as its density says: the mean log-density of draws is the integral of p log p', async () => {
    const { logs, area } = await grid();
    const expected = area * logs.reduce((sum, value) => sum + Math.exp(value) * value, 0);
    const found = average(await flow.logDensity(await flow.draw(20_000, new Random(5))));
    assert.ok(Math.abs(found - expected) < 0.03, `${found}, expected ${expected}`);
  });

  it('has the density that the change of variables gives, by finite differences', async () => {
    const step = 1e-2;
    const random = new Random(8);
    for (let trial = 0; trial < 5; trial++) {
      const [a, b] = [normal(random), normal(random)];
      const codes = await flow.fromNoise(
        Float32Array.of(a, b, a + step, b, a - step, b, a, b + step, a, b - step),
      );
      const slope = (of: number, plus: number, minus: number) =>
        (codes[2 * plus + of]! - codes[2 * minus + of]!) / (2 * step);
      const volume = slope(0, 1, 2) * slope(1, 3, 4) - slope(0, 3, 4) * slope(1, 1, 2);
      const expected = -(a * a + b * b) / 2 - Math.log(2 * Math.PI) - Math.log(Math.abs(volume));
      const [found] = await flow.logDensity(codes.subarray(0, 2));
      assert.ok(Math.abs(found! - expected) < 0.03, `${found}, expected ${expected}`);
    }
  });

  it('knows a bent distribution better than a normal one can', async () => {
    const found = average(await flow.logDensity(banana(2000, 2)));
    // The entropy of the distribution is 2.838 + log(1.5) = 3.243 nats; of the best normal one 2.838 + log(5 √2.09) = 5.18.
    assert.ok(found < -3.0 && found > -3.7, `${found}`);
  });
});

describe('a flow', () => {
  it('is a normal distribution in one dimension, and its density integrates to 1', async () => {
    const random = new Random(3);
    const codes = Float32Array.from({ length: 1000 }, () => 50 + 4 * normal(random));
    const flow = await fitFlow(nodePlatform, codes, 1, { epochs: 3, seed: 0 });
    const points = Float32Array.from({ length: 2000 }, (_, i) => 10 + 0.04 * i);
    const logs = await flow.logDensity(points);
    const mass = 0.04 * logs.reduce((sum, value) => sum + Math.exp(value), 0);
    assert.ok(Math.abs(mass - 1) < 1e-3, `${mass}`);
    const drawn = await flow.draw(5000, new Random(4));
    assert.ok(Math.abs(average(drawn) - 50) < 0.5, `${average(drawn)}`);
  });

  it('leaves a constant dimension as it is', async () => {
    const points = banana(300, 4);
    const codes = Float32Array.from({ length: 900 }, (_, i) =>
      i % 3 === 1 ? 2.5 : points[2 * Math.floor(i / 3) + (i % 3 === 0 ? 0 : 1)]!,
    );
    const flow = await fitFlow(nodePlatform, codes, 3, { epochs: 1, seed: 0 });
    const drawn = await flow.draw(50, new Random(1));
    for (let i = 1; i < drawn.length; i += 3) assert.equal(drawn[i], 2.5);
    assert.ok((await flow.logDensity(codes)).every(Number.isFinite));
  });
});
