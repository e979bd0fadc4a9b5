import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { evaluate, pseudoRandom, runModel } from '../testing/evaluate.js';
import { assertClose } from '../testing/fixtures.js';
import { input } from './expr.js';
import { toOnnx } from './onnx.js';
import { type ConvOptions, conv, convInput, convTranspose } from './ops/convolution.js';
import {
  fewChannelProducts,
  fewFilterProducts,
  inputProducts,
  kernelProducts,
  oppositePads,
} from './ops/convolutionProducts.js';
import { transpose } from './ops/shaping.js';
import { sizeOf } from './shape.js';

const axis = fc.record({
  length: fc.integer({ min: 1, max: 7 }),
  taps: fc.integer({ min: 1, max: 4 }),
  stride: fc.integer({ min: 1, max: 3 }),
  before: fc.integer({ min: 0, max: 2 }),
  after: fc.integer({ min: 0, max: 2 }),
});

/** A convolution and tensors for it. */
function build(axes: readonly ReturnType<(typeof axis)['generate']>['value'][]) {
  const strides = axes.map(({ stride }) => stride);
  const pads = [...axes.map(({ before }) => before), ...axes.map(({ after }) => after)];
  const shapes = {
    x: [2, 3, ...axes.map(({ length }) => length)],
    w: [2, 3, ...axes.map(({ taps }) => taps)],
  };
  const [x, w] = [input('x', shapes.x), input('w', shapes.w)];
  const options = { strides, pads } satisfies ConvOptions;
  const shape = conv(x, w, options).shape as number[];
  const g = input('g', shape);
  const values = Object.fromEntries(
    Object.entries({ ...shapes, g: shape }).map(([name, dims], i) => [
      name,
      pseudoRandom(sizeOf(dims), i + 1),
    ]),
  );
  return { x, w, g, options, values };
}

/** Rows at the end of each axis that no window reaches. */
function lost(
  x: readonly number[],
  g: readonly number[],
  taps: readonly number[],
  { strides, pads }: { strides: readonly number[]; pads: readonly number[] },
): number[] {
  return taps.map(
    (n, i) => x[i + 2]! + pads[i]! + pads[i + taps.length]! - n - (g[i + 2]! - 1) * strides[i]!,
  );
}

describe('the forms of the gradients of a convolution', () => {
  it('give the same numbers, whatever the geometry', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(axis, { minLength: 1, maxLength: 2 }), async (axes) => {
        fc.pre(axes.every(({ length, taps, before, after }) => length + before + after >= taps));
        const { x, w, g, options, values } = build(axes);
        const all = { ...options, dilations: axes.map(() => 1) };
        const size = axes.map(({ length }) => length);
        // The definition: a convolution of x with batch and channels swapped, by the dilated gradient.
        const swap = [1, 0, ...axes.map((_, i) => i + 2)];
        const dilated = conv(transpose(x, swap), transpose(g, swap), {
          pads: options.pads,
          dilations: options.strides,
        });
        const taps = axes.map(({ taps }) => taps);
        const movable =
          axes.every(({ stride }) => stride === 1) && oppositePads(taps, all).every((n) => n >= 0);
        const output = { outputPadding: lost(x.shape as number[], g.shape as number[], taps, all) };
        const found = await evaluate(
          {
            products: kernelProducts(x, g, w.shape, all),
            fewChannels: fewChannelProducts(x, g, w.shape, all),
            fewFilters: (movable ? fewFilterProducts : kernelProducts)(x, g, w.shape, all),
            plain: convTranspose(g, w, { ...options, ...output }),
            dilated: transpose(dilated, swap),
            input: inputProducts(g, w, size, all),
            transposed: convInput(g, w, size, options),
          },
          values,
        );
        assertClose(found.input, found.plain, 1e-5, 'gradient of the input, one product');
        assertClose(found.transposed, found.plain, 1e-5, 'gradient of the input, as chosen');
        // The definition gives more taps than the kernel has where windows leave rows out.
        const wide = dilated.shape.slice(2) as number[];
        const kept = found.dilated.filter((_, i) => {
          const rest = i % sizeOf(wide);
          const at = wide.length === 1 ? [rest] : [Math.floor(rest / wide[1]!), rest % wide[1]!];
          return at.every((position, k) => position < axes[k]!.taps);
        });
        for (const name of ['products', 'fewChannels', 'fewFilters'] as const)
          assertClose(found[name], kept, 1e-5, `gradient of the kernel, ${name}`);
      }),
      { seed: 6, numRuns: 60 },
    );
  });

  it('are chosen by shape: a product for few positions and many channels, also behind a convTranspose', () => {
    const nameOf = (channels: number, length: number) =>
      convInput(input('g', [2, channels, length]), input('w', [channels, 256, 3]), [2 * length], {
        strides: [2],
        pads: [1, 0],
      }).row;
    assert.notEqual(nameOf(256, 16), convTranspose.row);
    assert.equal(nameOf(256, 17), convTranspose.row);
    assert.equal(nameOf(255, 16), convTranspose.row);
  });
});

describe('a convolution from many channels to few', () => {
  const sides = fc.record({
    length: fc.integer({ min: 1, max: 6 }),
    taps: fc.integer({ min: 1, max: 3 }),
    before: fc.integer({ min: 0, max: 2 }),
    after: fc.integer({ min: 0, max: 2 }),
    dilation: fc.integer({ min: 1, max: 2 }),
  });

  it('gives the same numbers as the operator Conv, which models with an open batch keep', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sides, { minLength: 1, maxLength: 2 }),
        fc.integer({ min: 1, max: 2 }),
        async (axes, filters) => {
          fc.pre(axes.every((a) => a.length + a.before + a.after > a.dilation * (a.taps - 1)));
          const lengths = axes.map(({ length }) => length);
          const kernel = [filters, 8 * filters, ...axes.map(({ taps }) => taps)];
          const options = {
            pads: [...axes.map(({ before }) => before), ...axes.map(({ after }) => after)],
            dilations: axes.map(({ dilation }) => dilation),
          };
          const shape = [2, 8 * filters, ...lengths];
          const values = { x: pseudoRandom(sizeOf(shape), 1), w: pseudoRandom(sizeOf(kernel), 2) };
          const run = async (batch: number | string) => {
            const y = conv(input('x', [batch, ...shape.slice(1)]), input('w', kernel), options);
            const found = await runModel(toOnnx({ name: 'conv', outputs: { y } }), {
              x: { data: values.x, dims: shape },
              w: { data: values.w, dims: kernel },
            });
            return Array.from(found.y!.data);
          };
          assertClose(await run(2), await run('batch'), 1e-5, 'output');
        },
      ),
      { seed: 8, numRuns: 60 },
    );
  });
});
