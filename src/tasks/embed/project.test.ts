import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../errors.js';
import { normal } from '../../random/normal.js';
import { Random } from '../../random/random.js';
import { project2d } from './project.js';
import { knnAccuracy } from './quality.js';

/** Three groups far apart, row `i` of group `i % 3`. */
function groups(count: number, latent: number): Float32Array {
  const random = new Random('groups');
  return Float32Array.from({ length: count * latent }, (_, at) => {
    const [row, d] = [Math.floor(at / latent), at % latent];
    return normal(random) + (d === row % 3 ? 20 : 0);
  });
}

test('two values are drawn as they are', () => {
  const codes = Float32Array.of(1, 2, 3, 4);
  const { points, method } = project2d(codes, 2, { seed: 1 });
  assert.deepEqual([points, method], [codes, 'none']);
  assert.notEqual(points, codes);
});

test('a single value is drawn against noise that depends on the seed', () => {
  const codes = Float32Array.of(5, -6, 7);
  const { points, method, axes } = project2d(codes, 1, { seed: 1 });
  assert.equal(method, 'none');
  assert.deepEqual(axes, ['code', 'random height']);
  assert.deepEqual(
    points.filter((_, i) => i % 2 === 0),
    codes,
  );
  assert.ok(points.every((value, i) => i % 2 === 0 || (value >= 0 && value < 1)));
  assert.deepEqual(project2d(codes, 1, { seed: 1 }).points, points);
  assert.notDeepEqual(project2d(codes, 1, { seed: 2 }).points, points);
});

test('UMAP keeps groups apart, also of codes that it was not fitted on, and depends on the seed alone', () => {
  const codes = groups(600, 5);
  const options = { seed: 4, maxFitted: 150 };
  const { points, method } = project2d(codes, 5, options);
  assert.equal(method, 'umap');
  assert.ok(points.every(Number.isFinite));
  const labels = Uint8Array.from({ length: 600 }, (_, i) => i % 3);
  assert.equal(knnAccuracy({ train: { codes: points, labels }, latent: 2 }), 1);
  assert.deepEqual(project2d(codes, 5, options).points, points);
  assert.notDeepEqual(project2d(codes, 5, { ...options, seed: 5 }).points, points);
});

test('equal codes lie on one another', () => {
  const half = groups(60, 4);
  const codes = new Float32Array([...half, ...half]);
  const { points, method } = project2d(codes, 4, { seed: 1 });
  assert.equal(method, 'umap');
  assert.deepEqual(points.subarray(0, 120), points.subarray(120));
});

test('principal components are drawn when asked for, and of few distinct codes', () => {
  const asked = project2d(groups(90, 4), 4, { method: 'pca', seed: 1 });
  assert.equal(asked.method, 'pca');
  assert.match(asked.axes[0], /^component 1 \(\d+ % of the variance\)$/);
  assert.equal(project2d(groups(11, 4), 4, { seed: 1 }).method, 'pca');
  const same = project2d(new Float32Array(400).fill(3), 4, { seed: 1 });
  assert.equal(same.method, 'pca');
  assert.ok(same.points.every((value) => Math.abs(value) === 0));
  assert.deepEqual(project2d(Float32Array.of(1, 2, 3), 3, { seed: 1 }).points, new Float32Array(2));
});

test('says what is wrong with the codes', () => {
  const fails = (call: () => unknown, message: RegExp) =>
    assert.throws(call, (error) => error instanceof UserError && message.test(error.message));
  fails(() => project2d(new Float32Array(5), 2, { seed: 1 }), /5 values do not make codes of 2/);
  fails(() => project2d(new Float32Array(0), 2, { seed: 1 }), /no codes/);
  fails(() => project2d(Float32Array.of(0, 1, Number.NaN), 1, { seed: 1 }), /code 2 has the value NaN/);
  fails(() => project2d(new Float32Array(4), 2, { method: 'tsne' as 'pca', seed: 1 }), /'tsne' is unknown/);
  fails(() => project2d(new Float32Array(9), 3, { seed: 1, maxFitted: 3 }), /on 3 codes/);
});
