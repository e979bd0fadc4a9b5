import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../errors.js';
import { checkFinite, findNonFinite, summary } from './checks.js';
import { dataset } from './dataset.js';

test('summary finds the range and whether anything varies', () => {
  const varied = dataset([
    [1, -2],
    [3, 0],
  ]);
  assert.deepEqual(summary(varied), { min: -2, max: 3, constant: false, identicalSamples: false });
  assert.equal(summary(varied), summary(varied));
  const repeated = dataset([
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
  assert.deepEqual(summary(repeated), { min: 1, max: 2, constant: false, identicalSamples: true });
  const constant = dataset(new Uint8Array(6).fill(7), [3, 2]);
  assert.deepEqual(summary(constant), { min: 7, max: 7, constant: true, identicalSamples: true });
  const gaps = dataset([
    [Number.NaN, 2],
    [1, Number.NaN],
  ]);
  assert.deepEqual([summary(gaps).min, summary(gaps).max], [1, 2]);
  assert.equal(summary(dataset([[Number.NaN]])).min, Number.NaN);
});

test('finite data pass', () => {
  checkFinite(
    dataset([
      [1, 2],
      [3, 4],
    ]),
  );
  checkFinite(dataset(new Uint8Array(4), [2, 2]));
});

test('values that are not finite are counted and located', () => {
  const set = dataset([
    [1, Number.NaN, 3],
    [4, 5, 6],
    [Number.NEGATIVE_INFINITY, 8, Number.NaN],
  ]);
  assert.deepEqual(findNonFinite(set), {
    nan: 2,
    infinite: 1,
    rows: 2,
    first: [
      { row: 0, column: 1, value: Number.NaN },
      { row: 2, column: 0, value: Number.NEGATIVE_INFINITY },
      { row: 2, column: 2, value: Number.NaN },
    ],
  });
  assert.throws(
    () => checkFinite(set),
    (error) =>
      error instanceof UserError &&
      /2 NaN and 1 infinite values in 2 of 3 samples: NaN in row 0, column 1; -Infinity in row 2, column 0/.test(
        error.message,
      ),
  );
});

test('positions in images have all their indices, and long lists are cut', () => {
  const data = new Float32Array(2 * 3 * 4).fill(Number.NaN, 18);
  assert.throws(
    () => checkFinite(dataset({ data, shape: [2, 3, 4], source: 'a.npy' })),
    /a\.npy: 6 NaN values in 1 of 2 samples: NaN in row 1, column \[1, 2\]; .*column \[2, 2\]; … /,
  );
});
