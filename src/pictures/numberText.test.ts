import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linearTick, logarithmicTick, short } from './numberText.js';

const labels = (values: number[], tick = linearTick) =>
  values.map((value, i) =>
    tick(
      value,
      i,
      values.map((each) => ({ value: each })),
    ),
  );

test('labels of one axis have one form', () => {
  assert.deepEqual(labels([0.008, 0.01, 0.012]), ['0.008', '0.010', '0.012']);
  assert.deepEqual(labels([-1500, 0, 1500]), ['−1,500', '0', '1,500']);
  assert.deepEqual(labels([0, 1.9999999999999998e-5, 4e-5]), ['0', '2e−5', '4e−5']);
  assert.deepEqual(labels([0.1 + 0.2, 0.4]), ['0.3', '0.4']);
  assert.deepEqual(labels([1e-6, 0.01, 1, 100], logarithmicTick), ['1e−6', '0.01', '1', '100']);
});

test('short numbers', () => {
  assert.equal(short(95.8932, 4), '95.89');
  assert.equal(short(-0.5, 3), '−0.5');
  assert.equal(short(5.4134e-6, 4), '5.413e−6');
  assert.equal(short(0, 3), '0');
  assert.equal(short(Number.NaN, 3), 'NaN');
});
