import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { assertClose } from '../../testing/fixtures.js';
import { interpolate } from './interpolate.js';

const number = fc.double({ min: -5, max: 5, noNaN: true });
const codes = fc
  .integer({ min: 1, max: 6 })
  .chain((width) =>
    fc.tuple(
      fc.array(number, { minLength: width, maxLength: width }),
      fc.array(number, { minLength: width, maxLength: width }),
    ),
  );
const length = (code: ArrayLike<number>) => Math.hypot(...Array.from(code));

describe('interpolate', () => {
  it('begins at one code and ends at the other, whichever way it goes', () => {
    fc.assert(
      fc.property(codes, fc.boolean(), fc.integer({ min: 2, max: 9 }), ([a, b], spherical, steps) => {
        const { data, shape } = interpolate(a, b, { steps, spherical });
        assert.deepEqual(shape, [steps, a.length]);
        assertClose(data.subarray(0, a.length), a, 1e-6, 'the first code');
        assertClose(data.subarray(-a.length), b, 1e-6, 'the last code');
      }),
      { seed: 1 },
    );
  });

  it('takes equal steps on a straight line', () => {
    const { data } = interpolate([0, 2], [4, -2], { steps: 5 });
    assert.deepEqual([...data], [0, 2, 1, 1, 2, 0, 3, -1, 4, -2]);
    assert.equal(interpolate([0], [1]).shape[0], 10);
  });

  it('keeps the length and turns by equal angles on a great circle', () => {
    const { data } = interpolate([2, 0, 0], [0, 0, 2], { steps: 4, spherical: true });
    for (let step = 0; step < 4; step++) {
      const angle = (step * Math.PI) / 6;
      const expected = [2 * Math.cos(angle), 0, 2 * Math.sin(angle)];
      assertClose(data.subarray(3 * step, 3 * step + 3), expected, 1e-6, `step ${step}`);
    }
  });

  it('changes the length evenly on a great circle, so never leaves what lies between both', () => {
    fc.assert(
      fc.property(codes, ([a, b]) => {
        const turns = interpolate(a, b, { steps: 5, spherical: true }).data;
        const opposite = a.reduce((sum, x, i) => sum + x * b[i]!, 0) < -0.99 * length(a) * length(b);
        if (opposite || length(a) < 1e-3 || length(b) < 1e-3) return;
        const middle = length(turns.subarray(2 * a.length, 3 * a.length));
        assert.ok(Math.abs(middle - (length(a) + length(b)) / 2) < 1e-4, `${middle}`);
      }),
      { seed: 2 },
    );
  });

  it('goes straight where there is no great circle', () => {
    for (const [a, b] of [
      [[1], [-2]],
      [
        [0, 0],
        [1, 1],
      ],
      [
        [1, 2],
        [2, 4],
      ],
      [
        [1, 2],
        [-1, -2],
      ],
    ] as const) {
      assert.deepEqual(interpolate(a, b, { spherical: true }), interpolate(a, b));
    }
  });

  it('says what is wrong with what it was given', () => {
    assert.throws(
      () => interpolate([1, 2], [1]),
      /two codes of one length are expected, got 2 and 1 numbers/,
    );
    assert.throws(() => interpolate([1], [Number.NaN]), /not finite/);
    assert.throws(
      () => interpolate([1], [2], { steps: 1 }),
      /steps: a whole number from 2 up is expected, got 1/,
    );
  });
});
