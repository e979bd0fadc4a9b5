import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fillNoise, permutation } from './fill.js';
import { normal } from './normal.js';
import { Random } from './random.js';

describe('permutation', () => {
  it('holds every number once', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.integer(), (n, key) => {
        const order = permutation(n, new Random(key));
        assert.deepEqual(
          Array.from(order).sort((a, b) => a - b),
          Array.from({ length: n }, (_, i) => i),
        );
      }),
      { seed: 1 },
    );
  });

  it('depends on the key alone', () => {
    assert.deepEqual(
      permutation(100, new Random(1, 'epoch', 3)),
      permutation(100, new Random(1, 'epoch', 3)),
    );
    assert.notDeepEqual(
      permutation(100, new Random(1, 'epoch', 3)),
      permutation(100, new Random(1, 'epoch', 4)),
    );
  });

  it('gives each of the 24 orders of four alike', () => {
    const counts = new Map<string, number>();
    for (let key = 0; key < 24_000; key++) {
      const order = permutation(4, new Random(key)).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    const chiSquare = [...counts.values()].reduce((total, n) => total + (n - 1000) ** 2 / 1000, 0);
    assert.equal(counts.size, 24);
    assert.ok(chiSquare < 23 + 4 * Math.sqrt(46), `chi-square ${chiSquare}`);
  });

  it('brings every number to every place alike', () => {
    const [n, rounds] = [10, 10_000];
    const counts = new Array<number>(n * n).fill(0);
    for (let key = 0; key < rounds; key++)
      permutation(n, new Random('places', key)).forEach((value, place) => {
        counts[value * n + place]!++;
      });
    const expected = rounds / n;
    const chiSquare = counts.reduce((total, count) => total + (count - expected) ** 2 / expected, 0);
    // Rows and columns have fixed sums: (n - 1)² degrees of freedom.
    assert.ok(chiSquare < 81 + 4 * Math.sqrt(162), `chi-square ${chiSquare}`);
  });
});

describe('fillNoise', () => {
  it('fills with the draws of the stream, in order', () => {
    const [uniform, gaussian] = [new Float32Array(50), new Float32Array(50)];
    fillNoise(uniform, 'uniform', new Random(2));
    fillNoise(gaussian, 'normal', new Random(2));
    const [a, b] = [new Random(2), new Random(2)];
    assert.deepEqual(
      uniform,
      Float32Array.from({ length: 50 }, () => a.uniform()),
    );
    assert.deepEqual(
      gaussian,
      Float32Array.from({ length: 50 }, () => normal(b)),
    );
  });

  it('keeps uniform noise below 1 in float32', () => {
    const noise = new Float32Array(100_000);
    fillNoise(noise, 'uniform', new Random(3));
    assert.ok(noise.every((u) => u >= 0 && u < 1));
  });
});
