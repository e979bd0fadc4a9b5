import assert from 'node:assert/strict';
import { it } from 'node:test';
import { optimizer } from '../../nn/optimizers.js';
import { pseudoRandom } from '../../testing/evaluate.js';
import { FusedOptimizer } from './optimizer.js';

it('the fused pass does what Adam says, on every element of every weight', () => {
  const sizes = { a: 5, b: 33 };
  const adam = new FusedOptimizer(
    optimizer({ type: 'adam', learningRate: 0.1 }),
    Object.entries(sizes).map(([name, size]) => ({ name, size })),
  );
  const expected = Object.entries(sizes).map(([name, size]) => {
    const weight = pseudoRandom(size, size);
    adam.weight(0, name).set(weight);
    return { name, weight: Float64Array.from(weight), m: new Float64Array(size), v: new Float64Array(size) };
  });
  for (let step = 1; step <= 3; step++) {
    for (const { name, weight, m, v } of expected) {
      const gradient = pseudoRandom(weight.length, 10 + step);
      adam.view('gradient', name).set(gradient);
      weight.forEach((_, i) => {
        m[i] = 0.9 * m[i]! + 0.1 * gradient[i]!;
        v[i] = 0.999 * v[i]! + 0.001 * gradient[i]! ** 2;
        weight[i]! -= (0.1 * (m[i]! / (1 - 0.9 ** step))) / (Math.sqrt(v[i]! / (1 - 0.999 ** step)) + 1e-8);
      });
    }
    assert.equal(adam.step(step, 0.1), true);
  }
  for (const { name, weight } of expected) {
    adam.weight(adam.side, name).forEach((w, i) => {
      assert.ok(Math.abs(w - weight[i]!) < 1e-5, `${name}[${i}]: ${w}, expected ${weight[i]}`);
    });
  }
});

it('leaves the weights as they are where one new weight would not be finite', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38]) {
    for (const at of [0, 17, 999]) {
      const sgd = new FusedOptimizer(optimizer({ type: 'sgd', learningRate: 1 }), [
        { name: 'a', size: 1000 },
      ]);
      sgd.weight(0, 'a').fill(1);
      sgd.view('gradient', 'a').fill(3);
      assert.equal(sgd.step(1, 1), true);
      sgd.view('gradient', 'a')[at] = bad;
      assert.equal(sgd.step(2, 10), false);
      assert.deepEqual(sgd.weight(sgd.side, 'a'), new Float32Array(1000).fill(-2));
    }
  }
});

it('never leaves a momentum that is no longer fed among the subnormal numbers', () => {
  const adam = new FusedOptimizer(optimizer({ type: 'adam', learningRate: 0.1 }), [{ name: 'a', size: 4 }]);
  const momentum = adam.view('momentum', 'a');
  momentum.set([1e-37, -1e-37, 2e-38, 1e-30]);
  for (let step = 1; step <= 100; step++) {
    adam.step(step, 0.1);
    assert.ok(
      momentum.every((m) => m === 0 || Math.abs(m) >= 2 ** -126),
      `${momentum}`,
    );
  }
  assert.ok(momentum.every((m) => Math.abs(m) < 1e-33));
});
