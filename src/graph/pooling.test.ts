import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { evaluate, pseudoRandom } from '../testing/evaluate.js';
import { assertClose } from '../testing/fixtures.js';
import { input } from './expr.js';
import { gradient } from './gradient.js';
import { mul } from './ops/elementwise.js';
import { averagePool, maxPool, upsample } from './ops/pooling.js';
import { sum } from './ops/reducing.js';
import { sizeOf } from './shape.js';

const axis = fc
  .record({
    length: fc.integer({ min: 1, max: 7 }),
    kernel: fc.integer({ min: 1, max: 3 }),
    stride: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    before: fc.integer({ min: 0, max: 2 }),
    after: fc.integer({ min: 0, max: 2 }),
  })
  .filter(
    ({ length, kernel, before, after }) =>
      before < kernel && after < kernel && kernel <= length + before + after,
  );

type Axis = ReturnType<(typeof axis)['generate']>['value'];

const geometry = (axes: readonly Axis[]) => ({
  kernel: axes.map(({ kernel }) => kernel),
  strides: axes.map(({ kernel, stride = kernel }) => stride),
  pads: [...axes.map(({ before }) => before), ...axes.map(({ after }) => after)],
});

/** The positions in one image that each window sees, in order; windows in order of the output. */
function windows(axes: readonly Axis[], outputs: readonly number[]): number[][] {
  const along = axes.map(({ length, kernel, stride = kernel, before }, i) =>
    Array.from({ length: outputs[i]! }, (_, at) =>
      Array.from({ length: kernel }, (_, tap) => at * stride - before + tap).filter(
        (p) => p >= 0 && p < length,
      ),
    ),
  );
  const [rows, columns] = along.length === 1 ? [[[0]], along[0]!] : [along[0]!, along[1]!];
  const width = axes.at(-1)!.length;
  return rows.flatMap((row) => columns.map((column) => row.flatMap((r) => column.map((c) => r * width + c))));
}

/** Batch and channels of the input. */
const lead = [2, 3];
const images = sizeOf(lead);

describe('the gradient of pooling', () => {
  it('goes to the first of the largest in each window, whatever the geometry and however many are equal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(axis, { minLength: 1, maxLength: 2 }), fc.nat(1e6), async (axes, seed) => {
        const x = input('x', [...lead, ...axes.map(({ length }) => length)]);
        const y = maxPool(x, geometry(axes));
        const g = input('g', y.shape);
        // Three values only, so that most windows have several that are equal.
        const values = {
          x: pseudoRandom(sizeOf(x.shape), seed).map((value) => Math.sign(Math.round(2 * value))),
          g: pseudoRandom(sizeOf(y.shape), seed + 1),
        };
        const [dx] = gradient(sum(mul(y, g)), [x]);
        const found = await evaluate({ dx }, values);
        const size = sizeOf(axes.map(({ length }) => length));
        const seen = windows(axes, y.shape.slice(2) as number[]);
        const expected = new Float32Array(images * size);
        for (let image = 0; image < images; image++) {
          seen.forEach((positions, i) => {
            const inWindow = positions.map((p) => values.x[image * size + p]!);
            const first = positions[inWindow.indexOf(Math.max(...inWindow))]!;
            expected[image * size + first]! += values.g[image * seen.length + i]!;
          });
        }
        assertClose(found.dx, expected, 1e-6, 'gradient');
      }),
      { seed: 11, numRuns: 100 },
    );
  });

  it('leaves the others at zero where it is infinite or NaN, and all where the largest is NaN', async () => {
    const x = input('x', [1, 1, 6]);
    const y = maxPool(x, { kernel: [2] });
    const g = input('g', y.shape);
    const [dx] = gradient(sum(mul(y, g)), [x]);
    const of = async (...[values, gradients]: number[][]) =>
      (await evaluate({ dx }, { x: Float32Array.from(values!), g: Float32Array.from(gradients!) })).dx;
    assert.deepEqual(await of([1, 2, 3, 4, 5, 5], [Number.POSITIVE_INFINITY, Number.NaN, 1]), [
      0,
      Number.POSITIVE_INFINITY,
      0,
      Number.NaN,
      1,
      0,
    ]);
    assert.deepEqual(await of([Number.NaN, Number.NaN, 1, 2, 2, 1], [7, 8, 9]), [0, 0, 0, 8, 9, 0]);
  });

  it('is shared by all that a mean was taken over', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(axis, { minLength: 1, maxLength: 2 }),
        fc.boolean(),
        async (axes, countPads) => {
          const x = input('x', [...lead, ...axes.map(({ length }) => length)]);
          const y = averagePool(x, { ...geometry(axes), countPads });
          const g = input('g', y.shape);
          const values = { x: pseudoRandom(sizeOf(x.shape), 3), g: pseudoRandom(sizeOf(y.shape), 4) };
          const [dx] = gradient(sum(mul(y, g)), [x]);
          const found = await evaluate({ dx }, values);
          const size = sizeOf(axes.map(({ length }) => length));
          const seen = windows(axes, y.shape.slice(2) as number[]);
          const taps = sizeOf(axes.map(({ kernel }) => kernel));
          const expected = new Float32Array(images * size);
          for (let image = 0; image < images; image++) {
            seen.forEach((positions, i) => {
              const share = values.g[image * seen.length + i]! / (countPads ? taps : positions.length);
              for (const p of positions) expected[image * size + p]! += share;
            });
          }
          assertClose(found.dx, expected, 1e-6, 'gradient');
        },
      ),
      { seed: 12, numRuns: 60 },
    );
  });

  it('of repeated elements is the sum over their copies', async () => {
    for (const scales of [[3], [1], [2, 3], [1, 2]]) {
      const x = input('x', [...lead, ...scales.map((_, i) => i + 2)]);
      const y = upsample(x, scales);
      const g = input('g', y.shape);
      const values = { x: pseudoRandom(sizeOf(x.shape), 5), g: pseudoRandom(sizeOf(y.shape), 6) };
      const [dx] = gradient(sum(mul(y, g)), [x]);
      const found = await evaluate({ dx }, values);
      const axes = scales.map((kernel, i) => ({
        length: (i + 2) * kernel,
        kernel,
        stride: kernel,
        before: 0,
        after: 0,
      }));
      const seen = windows(axes, x.shape.slice(2) as number[]);
      const size = sizeOf(y.shape.slice(2));
      const expected = Array.from({ length: images }, (_, image) =>
        seen.map((positions) => positions.reduce((total, p) => total + values.g[image * size + p]!, 0)),
      ).flat();
      assert.equal(found.dx.length, expected.length);
      assertClose(found.dx, expected, 1e-6, `scales ${scales}`);
    }
  });
});
