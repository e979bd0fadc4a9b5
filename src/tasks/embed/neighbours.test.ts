import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../errors.js';
import { Random } from '../../random/random.js';
import { nearestNeighbours } from './neighbours.js';

/** Few different values, so that many distances are equal. */
function rows(count: number, width: number, name: string): Float32Array {
  const random = new Random(name, width);
  return Float32Array.from({ length: count * width }, () => random.below(6));
}

function sorted(references: Float32Array, query: Float32Array, width: number, without = -1) {
  return Array.from({ length: references.length / width }, (_, index) => {
    let square = 0;
    for (let d = 0; d < width; d++) square += (query[d]! - references[index * width + d]!) ** 2;
    return { index, distance: Math.sqrt(square) };
  })
    .filter(({ index }) => index !== without)
    .sort((a, b) => a.distance - b.distance || a.index - b.index);
}

for (const width of [1, 7, 8, 13, 32]) {
  test(`finds what sorting all ${width === 1 ? 'single values' : `rows of ${width}`} finds, equal ones by index`, () => {
    // More than one block of either.
    const [references, queries, k] = [rows(700, width, 'references'), rows(150, width, 'queries'), 6];
    const found = nearestNeighbours({ references, queries, width, k });
    for (let q = 0; q < 150; q++) {
      const expected = sorted(references, queries.subarray(q * width, (q + 1) * width), width).slice(0, k);
      const places = [...found.indices.subarray(q * k, (q + 1) * k)];
      const distances = [...found.distances.subarray(q * k, (q + 1) * k)];
      assert.deepEqual(
        places,
        expected.map(({ index }) => index),
      );
      assert.deepEqual(
        distances,
        expected.map(({ distance }) => distance),
      );
    }
  });
}

test('leaves out the row itself, but not one that is equal to it', () => {
  const references = rows(300, 2, 'self');
  const { indices } = nearestNeighbours({ references, width: 2, k: 3, excludeSelf: true });
  for (let i = 0; i < 300; i++) {
    const expected = sorted(references, references.subarray(2 * i, 2 * i + 2), 2, i).slice(0, 3);
    assert.deepEqual(
      [...indices.subarray(3 * i, 3 * i + 3)],
      expected.map(({ index }) => index),
    );
  }
  const twins = nearestNeighbours({
    references: Float32Array.of(1, 1, 5),
    width: 1,
    k: 2,
    excludeSelf: true,
  });
  assert.deepEqual([...twins.indices], [1, 2, 0, 2, 0, 1]);
  assert.deepEqual([...twins.distances], [0, 4, 0, 4, 4, 4]);
});

test('says what is wrong with rows and k', () => {
  const references = Float32Array.of(1, 2, 3, 4);
  const wrong: [Parameters<typeof nearestNeighbours>[0], RegExp][] = [
    [{ references, width: 3, k: 1 }, /4 values of references do not make rows of 3/],
    [{ references, width: 2, k: 3 }, /3 neighbours were asked for among 2 rows/],
    [{ references, width: 2, k: 2, excludeSelf: true }, /2 neighbours were asked for among 1 rows/],
    [{ references, width: 2, k: 0 }, /0 neighbours/],
    [{ references, queries: Float32Array.of(1, Number.NaN), width: 2, k: 1 }, /row 0 of the queries.* NaN/],
  ];
  for (const [question, message] of wrong) {
    assert.throws(
      () => nearestNeighbours(question),
      (error) => error instanceof UserError && message.test(error.message),
    );
  }
});
