import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../errors.js';
import { Random } from '../../random/random.js';
import { continuity, knnAccuracy, preservation, trustworthiness } from './quality.js';

// The same numbers are made in Python: s = (s * 1103515245 + 12345) % 2**31, value (s >> 8) % 4096 / 4096, s = 7
// at first, 60 rows of 6; the codes are [2 a - b + e / 2, c + d f] in float32, the labels below.
let state = 7;
const data = Float32Array.from({ length: 360 }, () => {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return ((state >> 8) % 4096) / 4096;
});
const codes = new Float32Array(120);
const labels = new Uint8Array(60);
for (let i = 0; i < 60; i++) {
  const [a, b, c, d, e, f] = data.subarray(6 * i, 6 * i + 6) as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  codes.set([2 * a - b + 0.5 * e, c + d * f], 2 * i);
  labels[i] = a > 0.5 ? (7 * i) % 4 : 0;
}
const wide = { values: data, width: 6 };
const narrow = { values: codes, width: 2 };

/** `sklearn.manifold.trustworthiness(data, codes, n_neighbors=k)` and `(codes, data, n_neighbors=k)`, 1.9.1. */
const reference = [
  [1, 0.7540229885057471, 0.8761494252873563],
  [5, 0.7453205128205128, 0.787051282051282],
  [12, 0.7339022757697456, 0.7727576974564926],
  [29, 0.7093031609195402, 0.7384698275862069],
] as const;

const near = (found: number, expected: number) =>
  assert.ok(Math.abs(found - expected) < 1e-12, `${found} instead of ${expected}`);

test('trustworthiness and continuity are those of scikit-learn', () => {
  for (const [k, trust, continued] of reference) {
    near(trustworthiness(wide, narrow, k), trust);
    near(continuity(wide, narrow, k), continued);
  }
});

test('a mapping that only scales is perfect', () => {
  const found = preservation(wide, { values: data.map((value) => 4 * value), width: 6 });
  assert.deepEqual(found, { trustworthiness: 1, continuity: 1, samples: 60 });
});

test('of many rows a sample is compared, the same for the same seed', () => {
  const options = { maxSamples: 40, seed: 5 };
  const found = preservation(wide, narrow, 5, options);
  assert.equal(found.samples, 40);
  assert.deepEqual(preservation(wide, narrow, 5, options), found);
  assert.notDeepEqual(preservation(wide, narrow, 5, { maxSamples: 40, seed: 6 }), found);
});

test('the accuracy of nearest neighbours is that of scikit-learn, with test data and leaving one out', () => {
  // KNeighborsClassifier(5): 14 of 20, and 32 of 60 when each row is judged by all others.
  const part = (from: number, to: number) => ({
    codes: data.subarray(6 * from, 6 * to),
    labels: labels.subarray(from, to),
  });
  assert.equal(knnAccuracy({ train: part(0, 40), test: part(40, 60), latent: 6 }), 14 / 20);
  assert.equal(knnAccuracy({ train: part(0, 60), latent: 6 }), 32 / 60);
});

test('of equally frequent classes the smallest is chosen, and a row does not vote on itself', () => {
  const train = { codes: Float32Array.of(0, 1, 2, 3), labels: [9, 4, 9, 4] };
  assert.equal(
    knnAccuracy({ train, test: { codes: Float32Array.of(1.4), labels: [4] }, latent: 1, k: 4 }),
    1,
  );
  assert.equal(knnAccuracy({ train: { codes: Float32Array.of(0, 1), labels: [1, 2] }, latent: 1, k: 1 }), 0);
  const equal = { codes: new Float32Array(20), labels: new Uint8Array(20).fill(3) };
  assert.equal(knnAccuracy({ train: equal, latent: 1 }), 1);
});

test('of many queries a part is judged, drawn with the seed', () => {
  const random = new Random(1);
  const train = { codes: Float32Array.from({ length: 400 }, () => random.uniform()), labels: labelled(400) };
  const ask = (seed: number) => knnAccuracy({ train, latent: 1, k: 1, maxQueries: 50, seed });
  assert.equal(ask(1), ask(1));
  assert.equal(ask(1) * 50, Math.round(ask(1) * 50));
});

function labelled(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i % 3);
}

test('says what is wrong with the rows', () => {
  const fails = (call: () => unknown, message: RegExp) =>
    assert.throws(call, (error) => error instanceof UserError && message.test(error.message));
  fails(() => trustworthiness(wide, { values: codes.subarray(2), width: 2 }), /60 rows of data and 59 codes/);
  fails(() => trustworthiness(wide, narrow, 30), /30 neighbours of 60 rows/);
  fails(() => trustworthiness(wide, narrow, 5, { maxSamples: 0 }), /at most 0 rows/);
  const train = { codes: Float32Array.of(1, 2, 3), labels: [1, 2] };
  fails(() => knnAccuracy({ train, latent: 1 }), /3 training codes and 2 labels/);
  fails(
    () => knnAccuracy({ train: { ...train, labels: [1, 2, 3] }, latent: 1 }),
    /5 neighbours were asked for, and there are 2/,
  );
  const none = { codes: new Float32Array(0), labels: [] };
  fails(() => knnAccuracy({ train: none, latent: 1 }), /no rows of training codes/);
});
