import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../errors.js';
import { type Expr, input } from '../graph/index.js';
import { sizeOf } from '../graph/shape.js';
import { sequential } from '../nn/layers.js';
import { Scope } from '../nn/scope.js';
import { Random } from '../random/random.js';
import { evaluate } from '../testing/evaluate.js';
import { families } from './families.js';
import type { NetworkOptions } from './family.js';
import { networks } from './networks.js';
import { parseOptions } from './options.js';

const optionsOf = (options: object) =>
  parseOptions(families['conv-autoencoder'].schema, { latent: 3, ...options }, 'conv-autoencoder');

interface Built {
  readonly hidden: Expr;
  readonly output: Expr;
  readonly encoder: Scope;
  readonly decoder: Scope;
}

/** Both halves of a network, on a symbolic batch or one of a given size. */
function build(options: object, shape: readonly number[], each = 1, batch: string | number = 'batch'): Built {
  const config: NetworkOptions = optionsOf(options);
  const features = sizeOf(shape);
  const halves = networks(config, { features, shape });
  const [encoder, decoder] = [Scope.root({ training: false }), Scope.root({ training: false })];
  const hidden = sequential(...halves.encoder)(input('x', [batch, features]), encoder);
  const output = sequential(...halves.decoder(each * features))(input('code', [batch, 3]), decoder);
  return { hidden, output, encoder, decoder };
}

/** Weights of each layer with any, biases included. */
function sizes(scope: Scope): number[] {
  const layers = new Map<string, number>();
  for (const [name, { shape, trainable }] of scope.variables) {
    const layer = name.slice(0, name.lastIndexOf('.'));
    if (trainable) layers.set(layer, (layers.get(layer) ?? 0) + sizeOf(shape));
  }
  return [...layers.values()];
}

describe('convolutional networks', () => {
  it('give back any size, odd or not square, with any channels: no options lead to a mismatch', () => {
    let built = 0;
    fc.assert(
      fc.property(
        fc.record({
          size: fc.array(fc.integer({ min: 1, max: 33 }), { minLength: 1, maxLength: 2 }),
          depth: fc.option(fc.integer({ min: 1, max: 4 })),
          each: fc.integer({ min: 1, max: 2 }),
        }),
        fc.record(
          {
            channels: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
            kernelSize: fc.integer({ min: 1, max: 5 }),
            stride: fc.integer({ min: 1, max: 3 }),
            padding: fc.constantFrom('same', 0, 1, 2),
            blocks: fc.integer({ min: 0, max: 1 }),
            hidden: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
            normalization: fc.constantFrom('none', 'batch', 'layer', 'group'),
            decoderChannels: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
            decoderKernelSize: fc.integer({ min: 1, max: 5 }),
            decoderHidden: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
            outputStride: fc.constantFrom('one', 'stride'),
            dataFormat: fc.constantFrom('channelsLast', 'channelsFirst'),
          },
          { requiredKeys: [] },
        ),
        ({ size, depth, each }, options) => {
          const first = options.dataFormat === 'channelsFirst';
          const shape = depth === null ? size : first ? [depth, ...size] : [...size, depth];
          try {
            const { hidden, output } = build({ ...options, dimensions: size.length }, shape, each);
            assert.equal(hidden.rank, 2);
            assert.deepEqual(output.shape, ['batch', each * sizeOf(shape)]);
            built++;
          } catch (error) {
            const refusal =
              /are left; give (at most [1-9]|a smaller)|; give at most [1-9]\d*, or `padding: 'same'`$/;
            assert.ok(error instanceof UserError && refusal.test(error.message), `${error}`);
          }
        },
      ),
      { seed: 8, numRuns: 400 },
    );
    assert.ok(built > 150, `${built} of 400 could be built`);
  });

  it("can be those of the Keras example's variational autoencoder", () => {
    const { encoder, decoder, hidden } = build({ hidden: [16], decoderHidden: [] }, [28, 28, 1]);
    assert.deepEqual(hidden.shape, ['batch', 16]);
    assert.deepEqual(sizes(encoder), [320, 18_496, 50_192]);
    // From 3 latents instead of the example's 2.
    assert.deepEqual(sizes(decoder), [3 * 3136 + 3136, 36_928, 18_464, 289]);
  });

  it('can be the convolutional net of the MNIST runs of Pythae', () => {
    const options = {
      channels: [128, 256, 512, 1024],
      kernelSize: 4,
      padding: 1,
      normalization: 'batch',
      decoderChannels: [1024, 512, 256],
      decoderKernelSize: 3,
      decoderInputActivation: 'linear',
      outputStride: 'stride',
    };
    const { encoder, decoder, hidden, output } = build(
      { ...options, dataFormat: 'channelsFirst' },
      [1, 28, 28],
    );
    const convolution = (from: number, to: number, taps: number) => from * to * taps + to;
    assert.deepEqual(hidden.shape, ['batch', 1024]);
    assert.deepEqual(output.shape, ['batch', 784]);
    assert.deepEqual(sizes(encoder), [
      ...[convolution(1, 128, 16), 256, convolution(128, 256, 16), 512],
      ...[convolution(256, 512, 16), 1024, convolution(512, 1024, 16), 2048],
    ]);
    assert.deepEqual(sizes(decoder), [
      ...[3 * 16_384 + 16_384, convolution(1024, 512, 9), 1024],
      ...[convolution(512, 256, 9), 512, convolution(256, 1, 9)],
    ]);
  });

  it('see the same picture in either data format, and give it back in the same', async () => {
    const size = [4, 5, 3];
    const pixels = (h: number, w: number, c: number) => Math.sin(15 * h + 3 * w + c);
    const order = { channelsLast: [4, 5, 3], channelsFirst: [3, 4, 5] } as const;
    const results = [];
    for (const dataFormat of ['channelsLast', 'channelsFirst'] as const) {
      const last = dataFormat === 'channelsLast';
      const { hidden, output, encoder, decoder } = build(
        { channels: [2, 3], dataFormat },
        order[dataFormat],
        2,
        1,
      );
      const x = new Float32Array(60);
      const at = (h: number, w: number, c: number) => (last ? (h * 5 + w) * 3 + c : (c * 4 + h) * 5 + w);
      const each = (f: (h: number, w: number, c: number) => void) => {
        for (let h = 0; h < size[0]!; h++)
          for (let w = 0; w < size[1]!; w++) for (let c = 0; c < size[2]!; c++) f(h, w, c);
      };
      each((h, w, c) => {
        x[at(h, w, c)] = pixels(h, w, c);
      });
      const weights = (scope: Scope) =>
        Object.fromEntries(
          [...scope.variables].map(([name, { shape, initializer }]) => [
            name,
            initializer(shape, new Random(1, name)),
          ]),
        );
      const encoded = await evaluate({ hidden }, { x, ...weights(encoder) });
      const decoded = await evaluate({ output }, { code: Float32Array.of(1, -2, 3), ...weights(decoder) });
      const reordered: number[] = [];
      for (const part of [0, 60]) each((h, w, c) => reordered.push(decoded.output[part + at(h, w, c)]!));
      results.push([encoded.hidden, reordered]);
    }
    assert.deepEqual(results[0], results[1]);
  });

  it('take signals: one axis by default, with channels where dimensions are 1', () => {
    assert.deepEqual(build({}, [101]).output.shape, ['batch', 101]);
    const { encoder, output } = build({ dimensions: 1 }, [50, 6]);
    assert.deepEqual(encoder.variables.get('1.kernel')!.shape, [32, 6, 3]);
    assert.deepEqual(output.shape, ['batch', 300]);
  });

  it('refuse what cannot be, with advice', () => {
    const refused = (options: object, shape: readonly number[], advice: RegExp) =>
      assert.throws(
        () => build(options, shape),
        (error) => error instanceof UserError && advice.test(error.message),
        `${JSON.stringify(options)} on [${shape}]`,
      );
    refused({ channels: [8, 8, 8, 8, 8, 8] }, [28, 28], /28 × 28 allow: behind 5 of them 1 × 1 .*at most 5/);
    refused(
      { padding: 0, channels: [8, 8, 8, 8] },
      [9, 28],
      /behind 2 of them 1 × 6 .*at most 2, or a smaller `kernelSize`$/,
    );
    refused({ channels: [8] }, [1, 28], /behind 0 of them 1 × 28 are left; give a smaller `stride`$/);
    const kernel =
      /^`kernelSize`: a kernel of 40 is larger than samples of 28 × 30 with padding 1; give at most 30, or `padding: 'same'`$/;
    refused({ kernelSize: 40, padding: 1, channels: [8, 8] }, [28, 30], kernel);
    refused({ decoderKernelSize: 40, padding: 0 }, [28, 28], /^`decoderKernelSize`: .*give at most 28/);
    refused({ decoderChannels: [8, 8, 8, 8, 8] }, [5, 9], /^`decoderChannels`: .*at most 3/);
    refused({}, [2, 3, 4, 5], /\[height, width\].*given \[2, 3, 4, 5\]/);
    refused({ dimensions: 1 }, [28, 28, 3], /\[length\].*given \[28, 28, 3\]/);
    refused({ dimensions: 2 }, [784], /given \[784\]/);
    assert.throws(
      () => networks(optionsOf({}), { features: 9, shape: [4] }),
      (error) => error instanceof UserError && /rows of a table; leave it out/.test(error.message),
    );
  });
});
