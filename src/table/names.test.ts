import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { freeNames, renamed } from './names.js';

describe('names beside the columns of a user', () => {
  it('stay as they are where they are free, and get a suffix where they are not', () => {
    assert.deepEqual(freeNames(['score', 'anomaly'], ['age', 'score']), ['score_', 'anomaly']);
    assert.deepEqual(freeNames(['score'], ['score', 'score_']), ['score__']);
    assert.deepEqual(freeNames(['a', 'a_'], ['a']), ['a__', 'a_']);
    assert.deepEqual(renamed(['score', 'anomaly'], ['score']), { score: 'score_' });
  });

  it('never are those of columns, and never twice the same', () => {
    const name = fc.stringMatching(/^[ab]_{0,3}$/);
    fc.assert(
      fc.property(fc.uniqueArray(name), fc.uniqueArray(name), (wanted, columns) => {
        const found = freeNames(wanted, columns);
        assert.equal(new Set([...found, ...columns]).size, wanted.length + columns.length);
      }),
    );
  });
});
