import {
  type Attributes,
  asExpr,
  constant,
  type Expr,
  type Operand,
  type Operation,
  operation,
} from '../expr.js';
import { type Shape, ShapeError, sizeOf } from '../shape.js';
import { convTranspose, isCount, isPositiveInteger } from './convolution.js';
import { cutsOf, offsets } from './convolutionProducts.js';
import { add, and, cast, equal, expectFloats, mul, not, or, where } from './elementwise.js';
import { matMul } from './linear.js';
import { sum } from './reducing.js';
import { pad, putBack, reshape, slice, sliceAxes } from './shaping.js';

/** The window of a pooling operation; a list has one number for each spatial axis. */
export interface PoolOptions {
  readonly kernel: readonly number[];
  /** Steps of the window; the kernel by default, so that windows tile the input. */
  readonly strides?: readonly number[];
  /** Room before each axis, then after each axis (ONNX order), 0 by default. */
  readonly pads?: readonly number[];
}

interface Pool extends Attributes {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
}

function poolAttributes({
  kernel,
  strides = kernel,
  pads = kernel.flatMap(() => [0, 0]),
}: PoolOptions): Pool {
  return { kernel, strides, pads };
}

function poolType(x: Expr, { kernel, strides, pads }: Pool): { shape: Shape; dtype: 'float32' } {
  const rank = x.rank - 2;
  if (rank < 1 || rank > 2 || kernel.length !== rank || strides.length !== rank || pads.length !== 2 * rank) {
    throw new ShapeError(`a window of ${rank} axes is expected for input of rank ${x.rank}`);
  }
  expectFloats([x]);
  if (![...kernel, ...strides].every(isPositiveInteger) || !pads.every(isCount))
    throw new ShapeError(
      `a whole kernel and strides from 1 and pads from 0 are expected, got kernel [${kernel.join(', ')}], ` +
        `strides [${strides.join(', ')}], pads [${pads.join(', ')}]`,
    );
  if (pads.some((n, i) => n >= kernel[i % rank]!))
    throw new ShapeError(`pads [${pads.join(', ')}] must be smaller than the kernel [${kernel.join(', ')}]`);
  const size = kernel.map((k, i) => {
    const length = sizeOf([x.shape[i + 2]!]) + pads[i]! + pads[i + rank]!;
    if (k > length) throw new ShapeError(`the window ${k} is larger than the padded axis ${length}`);
    return Math.floor((length - k) / strides[i]!) + 1;
  });
  return { shape: [...x.shape.slice(0, 2), ...size], dtype: 'float32' };
}

const onnxPool = ({ kernel, strides, pads }: Pool) => ({ kernel_shape: kernel, strides, pads });

/** Pads for the spatial axes, with nothing on batch and channels. */
function padSpace(x: Expr, pads: readonly number[], value: number): Expr {
  const rank = x.rank - 2;
  return pad(x, [0, 0, ...pads.slice(0, rank)], [0, 0, ...pads.slice(rank)], value);
}

/** Undoes `padSpace`. */
function cropSpace(x: Expr, pads: readonly number[], shape: Shape): Expr {
  return shape
    .slice(2)
    .reduce<Expr>((rest, dim, i) => slice(rest, i + 2, pads[i]!, pads[i]! + sizeOf([dim])), x);
}

/**
 * The largest of each window, [batch, channels, …space]. At a tie the first takes the gradient, as in PyTorch. Unlike there,
 * NaN is not passed on where a window has other numbers: that is ONNX Runtime's way.
 */
export const maxPool: Operation<[x: Operand, options: PoolOptions]> = operation<Pool, [Operand, PoolOptions]>(
  {
    name: 'maxPool',
    type: ([x], attributes) => poolType(x!, attributes),
    onnx: (emit, inputs, _node, attributes) => emit.node('MaxPool', inputs, onnxPool(attributes)),
    vjp: (g, [x], y, attributes) => [
      (isTiled(attributes) ? tiledMaximum : generalMaximum)(g, x!, y, attributes),
    ],
  },
  (x, options) => [[x], poolAttributes(options)],
);

/** About the least number there is, so that no window prefers what it pads. */
const lowest = -3.4e38;

/** Whether windows tile the input, so that each element is in one of them at most. */
const isTiled = ({ kernel, strides }: Pool) => kernel.every((k, i) => k === strides[i]);

/** The gradient to the largest of each window, position by position of the window, which may share elements. */
function generalMaximum(g: Expr, x: Expr, y: Expr, { kernel, strides, pads }: Pool): Expr {
  const padded = padSpace(x, pads, lowest);
  const window = { strides, pads, dilations: kernel.map(() => 1) };
  const positions = y.shape.slice(2) as number[];
  let taken: Expr | null = null;
  let total: Expr | null = null;
  for (const offset of offsets(kernel)) {
    // The elements at this place of every window, one for each output.
    const cuts = cutsOf(offset, 2, positions, window);
    const largest: Expr = equal(sliceAxes(padded, cuts), y);
    const wins: Expr = taken === null ? largest : and(largest, not(taken));
    taken = taken === null ? largest : or(taken, largest);
    const placed = putBack(where(wins, g, 0), padded.shape, cuts);
    total = total === null ? placed : add(total, placed);
  }
  return cropSpace(total!, pads, x.shape);
}

/**
 * The gradient to the largest of each window, where windows tile the input: all windows at once. Elements are marked that
 * are as large as the largest of their window, the first with the highest mark; the highest of a window takes the gradient.
 */
function tiledMaximum(g: Expr, x: Expr, y: Expr, { kernel, pads }: Pool): Expr {
  const tiles = tiledPart(padSpace(x, pads, lowest), y.shape, kernel);
  const space = tiles.shape.slice(2) as number[];
  const isLargest = equal(tiles, upsample(y, kernel));
  const marks = mul(cast(isLargest, 'float32'), constant(countedDown(kernel, space), space));
  const hasHighest = equal(marks, upsample(maxPool(marks, { kernel }), kernel));
  // Where nothing is equal to the result, as with NaN, no mark is given and all are the highest.
  const spread = where(and(isLargest, hasHighest), upsample(g, kernel), 0);
  return fromTiles(spread, x.shape, pads);
}

/** What windows of this size that tile padded input see of it: without the rest at the end that fills no window. */
function tiledPart(padded: Expr, output: Shape, kernel: readonly number[]): Expr {
  const cuts = kernel.map((k, i) => ({ axis: i + 2, start: 0, end: sizeOf([output[i + 2]!]) * k, step: 1 }));
  return sliceAxes(
    padded,
    cuts.filter(({ axis, end }) => end < sizeOf([padded.shape[axis]!])),
  );
}

/** From what windows see of padded input back to the whole of it without pads; where no window was, there are zeros. */
function fromTiles(tiles: Expr, input: Shape, pads: readonly number[]): Expr {
  const rest = input
    .slice(2)
    .map((dim, i) => Math.max(sizeOf([dim]) + pads[i]! - sizeOf([tiles.shape[i + 2]!]), 0));
  return cropSpace(padSpace(tiles, [...rest.map(() => 0), ...rest], 0), pads, input);
}

/** Numbers that count down to 1 through each window, the same for all windows that tile these spatial axes. */
function countedDown(kernel: readonly number[], space: readonly number[]): Float32Array {
  return Float32Array.from({ length: sizeOf(space) }, (_, index) => {
    let [place, stride, rest] = [0, 1, index];
    for (let axis = space.length - 1; axis >= 0; axis--) {
      place += ((rest % space[axis]!) % kernel[axis]!) * stride;
      stride *= kernel[axis]!;
      rest = Math.floor(rest / space[axis]!);
    }
    return stride - place;
  });
}

interface AveragePool extends Pool {
  readonly countPads: boolean;
}

/** The mean of each window, [batch, channels, …space]; `countPads` counts room outside the input as zeros. */
export const averagePool: Operation<[x: Operand, options: PoolOptions & { readonly countPads?: boolean }]> =
  operation<AveragePool, [Operand, PoolOptions & { readonly countPads?: boolean }]>(
    {
      name: 'averagePool',
      type: ([x], attributes) => poolType(x!, attributes),
      onnx: (emit, inputs, _node, attributes) =>
        emit.node('AveragePool', inputs, {
          ...onnxPool(attributes),
          count_include_pad: attributes.countPads ? 1 : 0,
        }),
      vjp(g, [x], y, attributes) {
        const { kernel, strides, pads, countPads } = attributes;
        const share = mul(
          g,
          constant(windowShares(x!.shape, y.shape, kernel, strides, pads, countPads), [
            ...y.shape.slice(2),
          ] as number[]),
        );
        if (isTiled(attributes)) return [fromTiles(upsample(share, kernel), x!.shape, pads)];
        const [rank, channels] = [kernel.length, sizeOf([x!.shape[1]!])];
        const ones = constant(1, [channels, 1, ...kernel]);
        const outputPadding = kernel.map((k, i) => {
          const length = sizeOf([x!.shape[i + 2]!]) + pads[i]! + pads[i + rank]!;
          return length - (sizeOf([y.shape[i + 2]!]) - 1) * strides[i]! - k;
        });
        return [convTranspose(share, ones, { strides, pads, groups: channels, outputPadding })];
      },
    },
    (x, { countPads = false, ...options }) => [[x], { ...poolAttributes(options), countPads }],
  );

/** 1 / (elements that a window averages), for every output position. */
function windowShares(
  input: Shape,
  output: Shape,
  kernel: readonly number[],
  strides: readonly number[],
  pads: readonly number[],
  countPads: boolean,
): Float32Array {
  const counts = kernel.map((k, i) =>
    Array.from({ length: sizeOf([output[i + 2]!]) }, (_, position) => {
      const start = position * strides[i]! - pads[i]!;
      return countPads ? k : Math.min(start + k, sizeOf([input[i + 2]!])) - Math.max(start, 0);
    }),
  );
  const shares = counts.reduce<number[]>((list, axis) => list.flatMap((a) => axis.map((b) => a * b)), [1]);
  return Float32Array.from(shares, (count) => 1 / count);
}

interface Upsample extends Attributes {
  readonly scales: readonly number[];
  readonly mode: 'nearest' | 'bilinear';
}

/**
 * Enlarges the spatial axes of [batch, channels, …space] by whole factors: `nearest` repeats elements, `bilinear`
 * interpolates between pixel centres (PyTorch's `align_corners=False`).
 */
export const upsample: Operation<[x: Operand, scales: readonly number[], mode?: 'nearest' | 'bilinear']> =
  operation<Upsample, [Operand, readonly number[], ('nearest' | 'bilinear')?]>(
    {
      name: 'upsample',
      type([x], { scales }) {
        if (x!.rank - 2 !== scales.length || scales.some((s) => !Number.isInteger(s) || s < 1)) {
          throw new ShapeError(
            `one whole factor for each of ${x!.rank - 2} spatial axes is expected, got [${scales.join(', ')}]`,
          );
        }
        return {
          shape: x!.shape.map((dim, i) => (i < 2 ? dim : sizeOf([dim]) * scales[i - 2]!)),
          dtype: x!.dtype,
        };
      },
      onnx: (emit, [x], _node, { scales, mode }) =>
        emit.node(
          'Resize',
          [x!, '', emit.constant(Float32Array.from([1, 1, ...scales]), [scales.length + 2], 'float32')],
          {
            mode: mode === 'nearest' ? 'nearest' : 'linear',
            coordinate_transformation_mode: mode === 'nearest' ? 'asymmetric' : 'half_pixel',
            ...(mode === 'nearest' ? { nearest_mode: 'floor' } : {}),
          },
        ),
      vjp: (g, [x], _y, { scales, mode }) => [
        mode === 'nearest'
          ? sumOfBlocks(g, scales)
          : scales.reduce((rest, scale, i) => interpolateBack(rest, i + 2, scale, x!.shape), g),
      ],
    },
    (x, scales, mode = 'nearest') => [[asExpr(x)], { scales, mode }],
  );

/** The sums of blocks of so many elements along the spatial axes. */
function sumOfBlocks(x: Expr, block: readonly number[]): Expr {
  // A mean is several times as fast as a sum over axes, but there is one for one or two spatial axes only.
  if (block.length === 1 || block.length === 2) return mul(averagePool(x, { kernel: block }), sizeOf(block));
  const split = block.flatMap((n, i) => [sizeOf([x.shape[i + 2]!]) / n, n]);
  return sum(
    reshape(x, [...x.shape.slice(0, 2), ...split]),
    block.map((_, i) => 2 * i + 3),
  );
}

/** Linear interpolation along one axis is a matrix; its transpose carries the gradient back. */
function interpolateBack(g: Expr, axis: number, scale: number, input: Shape): Expr {
  const length = sizeOf([input[axis]!]);
  const weights = new Float32Array(length * scale * length);
  for (let out = 0; out < length * scale; out++) {
    const position = Math.min(Math.max((out + 0.5) / scale - 0.5, 0), length - 1);
    const low = Math.floor(position);
    const high = Math.min(low + 1, length - 1);
    weights[out * length + low]! += 1 - (position - low);
    weights[out * length + high]! += position - low;
  }
  const after = sizeOf(g.shape.slice(axis + 1));
  const before = g.shape.slice(0, axis);
  const matrix = constant(weights, [length * scale, length]);
  if (after === 1)
    return reshape(matMul(reshape(g, [...before, 1, length * scale]), matrix), [...before, length]);
  const transposed = constant(transposedOf(weights, length * scale, length), [length, length * scale]);
  return reshape(matMul(transposed, reshape(g, [...before, length * scale, after])), [
    ...before,
    length,
    ...g.shape.slice(axis + 1),
  ]);
}

function transposedOf(values: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);
}
