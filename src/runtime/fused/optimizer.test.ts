import assert from 'node:assert/strict';
import { it } from 'node:test';
import { optimizer } from '../../nn/optimizers.js';
import { pseudoRandom } from '../../testing/evaluate.js';
import { FusedOptimizer } from './optimizer.js';

it('the fused pass does what Adam says, on every element of every weight', () => {
  const adam = new FusedOptimizer(optimizer({ type: 'adam', learningRate: 0.1 }), [
    { name: 'a', size: 5 },
    { name: 'b', size: 33 },
  ]);
  for (const name of ['a', 'b']) {
    const size = adam.view('weight', name).length;
    const weight = pseudoRandom(size, 1);
    adam.view('weight', name).set(weight);
    const [m, v] = [new Float64Array(size), new Float64Array(size)];
    const expected = Float64Array.from(weight);
    for (let step = 1; step <= 3; step++) {
      const gradient = pseudoRandom(size, 10 + step);
      adam.view('gradient', name).set(gradient);
      adam.step(step, 0.1);
      for (let i = 0; i < size; i++) {
        m[i] = 0.9 * m[i]! + 0.1 * gradient[i]!;
        v[i] = 0.999 * v[i]! + 0.001 * gradient[i]! ** 2;
        expected[i]! -= (0.1 * (m[i]! / (1 - 0.9 ** step))) / (Math.sqrt(v[i]! / (1 - 0.999 ** step)) + 1e-8);
      }
    }
    adam.view('gradient', name).fill(0);
    adam.view('weight', name).forEach((w, i) => {
      assert.ok(Math.abs(w - expected[i]!) < 1e-5, `${name}[${i}]: ${w}, expected ${expected[i]}`);
    });
    for (const slot of ['momentum', 'square', 'weight'])
      for (const other of ['a', 'b']) adam.view(slot, other).fill(0);
  }
});

it('sees a single NaN or infinity among the gradients', () => {
  const sgd = new FusedOptimizer(optimizer({ type: 'sgd', learningRate: 1 }), [{ name: 'a', size: 1000 }]);
  sgd.view('gradient', 'a').fill(3);
  assert.equal(sgd.gradientsAreFinite(), true);
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    for (const at of [0, 17, 999]) {
      sgd.view('gradient', 'a')[at] = bad;
      assert.equal(sgd.gradientsAreFinite(), false);
      sgd.view('gradient', 'a')[at] = 3;
    }
  }
});
