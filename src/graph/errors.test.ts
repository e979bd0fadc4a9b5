import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import * as g from './index.js';
import { toOnnx } from './onnx.js';
import { broadcast, type Dim, formatShape, normalizeAxes, type Shape, sizeOf } from './shape.js';

const x = g.input('x', [2, 3]);
const image = g.input('image', [1, 4, 6, 6]);
const kernel = g.input('kernel', [8, 4, 3, 3]);
const int = g.input('int', [2, 3], 'int32');
const truth = g.input('truth', [2, 3], 'bool');
const named = g.input('named', ['batch', 3]);

/** Runs what must fail and gives the message. */
function messageOf(build: () => unknown): string {
  let message: string | undefined;
  assert.throws(build, (error) => {
    assert.ok(error instanceof g.ShapeError, `${error} is no ShapeError`);
    message = error.message;
    return true;
  });
  return message!;
}

describe('a shape error', () => {
  it('names operation, place and shapes', () => {
    const message = messageOf(() =>
      g.inPlace('encoder', () => g.inPlace('0', () => g.matMul(x, g.input('w', [4, 5])))),
    );
    assert.match(message, /^matMul in encoder\.0: .*do not match \(given \[2, 3\] and \[4, 5\]\)$/);
  });

  it('names the place also where the arguments are at fault', () => {
    const message = messageOf(() => g.inPlace('decoder', () => g.sum(x, 2)));
    assert.equal(message, 'sum in decoder: axis 2 does not exist in a tensor of rank 2 (given [2, 3])');
  });

  it('names the operation once where operations are made of operations', () => {
    const message = messageOf(() => g.inPlace('norm', () => g.variance(x, 5)));
    assert.equal(message.match(/in norm/g)?.length, 1);
    assert.equal(message.match(/given/g)?.length, 1);
  });

  it('leaves the place out where there is none', () => {
    assert.match(
      messageOf(() => g.add(x, g.input('y', [4]))),
      /^add: \[2, 3\] and \[4\] do not broadcast/,
    );
  });

  it('that was caught leaves no place behind', () => {
    messageOf(() => g.inPlace('broken', () => g.sum(x, 9)));
    assert.match(
      messageOf(() => g.sum(x, 9)),
      /^sum: /,
    );
  });

  it('shows symbolic axes by their name', () => {
    assert.match(
      messageOf(() => g.add(named, g.input('y', [5, 3]))),
      /\[batch, 3\] and \[5, 3\]/,
    );
  });

  it('in a gradient names the operation whose gradient it is, and where that was built', () => {
    const loss = g.inPlace('head', () => g.sum(g.mean(named, 0)));
    const message = messageOf(() => g.gradient(loss, [named]));
    assert.match(message, /^gradient of mean in head: .*'batch' is symbolic/);
  });
});

const wrong: Record<string, [build: () => unknown, says: RegExp]> = {
  'gradient of a tensor': [
    () => g.gradient(g.exp(x), [x]),
    /scalar loss is expected, got shape \[2, 3\].*sum or mean/,
  ],
  'a gradient of zeros with a symbolic axis': [() => g.gradient(g.sum(x), [named]), /'batch' is symbolic/],
  'operands of two dtypes': [() => g.add(x, int), /one dtype are expected, got float32 and int32/],
  'exp of whole numbers': [() => g.exp(int), /exp: float32 is expected, got int32; use cast/],
  'log1p of whole numbers': [() => g.log1p(int), /log1p: float32 is expected, got int32/],
  'softplus of truth values': [() => g.softplus(truth), /softplus: float32 is expected, got bool/],
  'softmax of whole numbers': [() => g.softmax(int), /softmax: float32 is expected, got int32/],
  'a sum of truth values': [
    () => g.add(truth, truth),
    /add: float32 or int32 or uint8 is expected, got bool/,
  ],
  'and of numbers': [() => g.and(x, x), /and: bool is expected, got float32/],
  'not of numbers': [() => g.not(x), /not: bool is expected, got float32/],
  'a condition of numbers': [() => g.where(x, x, x), /bool condition is expected, got float32/],
  'branches of two dtypes': [() => g.where(truth, x, int), /branches of one dtype/],
  'branches that do not broadcast': [() => g.where(truth, x, g.input('y', [4])), /do not broadcast/],
  'a product of dtypes': [() => g.matMul(x, g.transpose(int)), /matMul: float32 is expected, got int32/],
  'a product of vectors': [() => g.matMul(g.input('v', [3]), g.input('w', [3])), /matMul/],
  'gemm of no matrices': [() => g.gemm(image, x), /two matrices are expected/],
  'gemm with inner axes that differ': [() => g.gemm(x, x), /inner axes 3 and 2 do not match/],
  'gemm with an addend that is too large': [
    () => g.gemm(x, g.transpose(x), g.input('c', [3, 2])),
    /addend \[3, 2\] does not broadcast to \[2, 2\]/,
  ],
  'an axis before the first': [() => g.max(x, -3), /axis -3 does not exist/],
  'half an axis': [() => g.mean(x, 0.5), /axis 0.5 does not exist/],
  'reshape to another size': [() => g.reshape(x, [4, 2]), /cannot reshape to \[4, 2\] \(given \[2, 3\]\)/],
  'reshape with no whole rest': [() => g.reshape(x, [4, -1]), /\[2, 3\] does not fit \[4, -1\]/],
  'expand to less': [() => g.expand(x, [3]), /cannot expand to \[3\]/],
  'transpose that names an axis twice': [() => g.transpose(x, [0, 0]), /does not name each of 2 axes once/],
  'concat of nothing': [() => g.concat([], 0), /at least one part is expected/],
  'concat of parts that differ': [
    () => g.concat([x, g.input('y', [2, 4])], 0),
    /agree in dtype and in every axis but 0/,
  ],
  'slice beyond the end': [() => g.slice(x, 1, 0, 4), /slice 0:4:1 does not fit axis 1 of length 3/],
  'slice of nothing': [() => g.slice(x, 1, 2, 2), /slice 2:2:1 does not fit/],
  'slice of a symbolic axis': [() => g.slice(named, 0, 0, 1), /'batch' is symbolic/],
  'pad that cuts': [() => g.pad(x, [-1, 0], [0, 0]), /pads \[-1, 0\] and \[0, 0\] do not fit/],
  'gather by floats': [() => g.gather(x, x), /int32 indices are expected, got float32/],
  'gather from a scalar': [() => g.gather(g.constant(1), int), /a scalar has no rows/],
  'scatterAdd by indices that do not match': [
    () => g.scatterAdd(x, g.input('i', [3], 'int32'), 4),
    /leading axes/,
  ],
  'conv of a matrix': [() => g.conv(x, x), /kernel of the same rank are expected/],
  'conv with other channels': [
    () => g.conv(image, g.input('k', [8, 3, 3, 3])),
    /takes 3 channels, the input has 4/,
  ],
  'conv with groups that do not divide': [
    () => g.conv(image, kernel, { groups: 3 }),
    /not divisible into 3 groups/,
  ],
  'conv with a stride of 0': [() => g.conv(image, kernel, { strides: [0, 1] }), /strides \[0, 1\]/],
  'conv with negative pads': [() => g.conv(image, kernel, { pads: [-1, 0, 0, 0] }), /pads \[-1, 0, 0, 0\]/],
  'conv with one stride for two axes': [
    () => g.conv(image, kernel, { strides: [2] }),
    /2 strides, 2 dilations and 4 pads/,
  ],
  'conv with a kernel that is too large': [
    () => g.conv(image, g.input('k', [8, 4, 7, 7])),
    /kernel is larger than the padded input/,
  ],
  'conv of whole numbers': [
    () => g.conv(g.input('i', [1, 4, 6, 6], 'int32'), kernel),
    /conv: float32 is expected, got int32/,
  ],
  'convTranspose with other channels': [
    () => g.convTranspose(image, g.input('k', [3, 8, 3, 3])),
    /takes 3 channels/,
  ],
  'convTranspose with pads that leave nothing': [
    () => g.convTranspose(image, g.input('k', [4, 8, 3, 3]), { pads: [4, 4, 4, 4] }),
    /pads leave nothing/,
  ],
  'pooling with too few axes': [() => g.maxPool(image, { kernel: [2] }), /a window of 2 axes is expected/],
  'pooling with a stride of 0': [
    () => g.maxPool(image, { kernel: [2, 2], strides: [0, 0] }),
    /strides \[0, 0\]/,
  ],
  'pooling with a window that is too large': [
    () => g.averagePool(image, { kernel: [7, 2] }),
    /window 7 is larger/,
  ],
  'pooling of padding alone': [
    () => g.averagePool(image, { kernel: [2, 2], pads: [2, 0, 0, 0] }),
    /pads \[2, 0, 0, 0\] must be smaller than the kernel \[2, 2\]/,
  ],
  'upsampling by half': [() => g.upsample(image, [0.5, 2]), /one whole factor for each of 2 spatial axes/],
  'a constant of too few numbers': [
    () => g.constant([1, 2], [3]),
    /constant: 2 numbers given for shape \[3\]/,
  ],
};

describe('what does not fit is refused', () => {
  for (const [name, [build, says]] of Object.entries(wrong)) {
    it(name, () => assert.match(messageOf(build), says));
  }
});

describe('writing ONNX refuses', () => {
  it('an expansion to a symbolic axis', () => {
    const loss = g.expand(g.input('row', [1, 3]), ['batch', 3]);
    assert.match(
      messageOf(() => toOnnx({ name: 'm', outputs: { y: loss } })),
      /'batch' has no known length/,
    );
  });

  it('one name for an input and an output', () => {
    assert.throws(
      () => toOnnx({ name: 'm', outputs: { x: g.exp(x) } }),
      /'x' names both an input and an output/,
    );
  });

  it('weights that do not fill their shape', () => {
    const initializers = new Map([['x', new Float32Array(5)]]);
    assert.match(
      messageOf(() => toOnnx({ name: 'm', outputs: { y: g.exp(x) }, initializers })),
      /5 numbers given for 'x' of shape \[2, 3\]/,
    );
  });
});

// Broadcasting

const dim: fc.Arbitrary<Dim> = fc.constantFrom<Dim>(1, 1, 2, 3, 'batch');
const shape = fc.array(dim, { maxLength: 4 });

/** NumPy's rule, word for word: aligned at the last axis, a missing axis counts as 1, and 1 stretches. */
function defined(shapes: readonly Shape[]): Shape | null {
  const rank = Math.max(...shapes.map((s) => s.length));
  const padded = shapes.map((s) => [...Array.from({ length: rank - s.length }, () => 1), ...s]);
  const result = Array.from({ length: rank }, (_, axis) => {
    const long = new Set(padded.map((s) => s[axis]!).filter((n) => n !== 1));
    return long.size > 1 ? null : ([...long][0] ?? 1);
  });
  return result.includes(null) ? null : (result as Shape);
}

describe('broadcasting', () => {
  it('agrees with the definition, in either order', () => {
    fc.assert(
      fc.property(shape, shape, (a, b) => {
        assert.deepEqual(broadcast(a, b), defined([a, b]));
        assert.deepEqual(broadcast(b, a), broadcast(a, b));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('does not depend on the grouping of three shapes', () => {
    fc.assert(
      fc.property(shape, shape, shape, (a, b, c) => {
        const [left, right] = [broadcast(a, b), broadcast(b, c)];
        const grouped = [left && broadcast(left, c), right && broadcast(a, right)];
        assert.deepEqual(grouped, [defined([a, b, c]), defined([a, b, c])]);
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it('leaves a shape as it is with itself, with ones and with a scalar', () => {
    fc.assert(
      fc.property(shape, (a) => {
        for (const other of [a, a.map(() => 1), []]) assert.deepEqual(broadcast(a, other), a);
      }),
      { seed: 3 },
    );
  });
});

describe('shapes', () => {
  it('are written in brackets', () => assert.equal(formatShape(['batch', 28, 28]), '[batch, 28, 28]'));

  it('have a size when they are known', () => {
    assert.equal(sizeOf([]), 1);
    assert.equal(sizeOf([2, 3, 4]), 24);
    assert.match(
      messageOf(() => sizeOf(['batch', 2])),
      /\[batch, 2\] is not known: axis 'batch' is symbolic/,
    );
  });

  it('axes count from either end, each once, in order', () => {
    assert.deepEqual(normalizeAxes([-1, 0, 2], 3), [0, 2]);
    assert.deepEqual(normalizeAxes(null, 3), [0, 1, 2]);
    assert.deepEqual(normalizeAxes(-2, 2), [0]);
    assert.deepEqual(normalizeAxes([], 2), []);
  });
});
