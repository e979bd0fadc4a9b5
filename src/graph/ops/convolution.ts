import { type Attributes, type Expr, type Operand, type Operation, operation } from '../expr.js';
import { formatShape, type Shape, ShapeError, sizeOf } from '../shape.js';
import {
  fewChannelProducts,
  fewFilterProducts,
  inputProducts,
  kernelProducts,
  oppositePads,
} from './convolutionProducts.js';
import { expectFloats } from './elementwise.js';
import { emitTapMaps, isNarrow } from './narrowConvolution.js';
import { flip, reshape, slice, transpose } from './shaping.js';

/** The geometry of a convolution; a list has one number for each spatial axis. */
export interface ConvOptions {
  /** Steps of the window, 1 by default. */
  readonly strides?: readonly number[];
  /** Zeros before each axis, then after each axis (ONNX order), 0 by default. */
  readonly pads?: readonly number[];
  /** Distance between the kernel's taps, 1 by default. */
  readonly dilations?: readonly number[];
  /** Into how many independent groups channels are divided, 1 by default. */
  readonly groups?: number;
}

/** The geometry of a transposed convolution. */
export interface ConvTransposeOptions extends ConvOptions {
  /** Rows added after each axis, to choose among the sizes that a strided convolution maps to one; 0 by default. */
  readonly outputPadding?: readonly number[];
}

interface Conv extends Attributes {
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly groups: number;
}

interface ConvTranspose extends Conv {
  readonly outputPadding: readonly number[];
}

function geometry(rank: number, { strides, pads, dilations, groups = 1 }: ConvOptions): Conv {
  const all = (value: number, count = rank) => Array.from({ length: count }, () => value);
  return {
    strides: strides ?? all(1),
    pads: pads ?? all(0, 2 * rank),
    dilations: dilations ?? all(1),
    groups,
  };
}

/** Sizes of the spatial axes: those behind batch and channels. */
function spatial(shape: Shape): number[] {
  return shape.slice(2).map((dim) => sizeOf([dim]));
}

/** Whether a number can be an amount of padding. */
export function isCount(n: number): boolean {
  return Number.isInteger(n) && n >= 0;
}

const isOne = (n: number) => n === 1;

/** Whether a number can be a stride or the size of a window. */
export function isPositiveInteger(n: number): boolean {
  return Number.isInteger(n) && n >= 1;
}

function checkGeometry(x: Expr, w: Expr, { strides, pads, dilations, groups }: Conv): number {
  expectFloats([x, w]);
  const rank = x.rank - 2;
  if (rank < 1 || rank > 2 || w.rank !== x.rank)
    throw new ShapeError(
      '[batch, channels, length] or [batch, channels, height, width] and a kernel of the same rank are expected',
    );
  if (strides.length !== rank || dilations.length !== rank || pads.length !== 2 * rank) {
    throw new ShapeError(`${rank} strides, ${rank} dilations and ${2 * rank} pads are expected`);
  }
  if (![...strides, ...dilations, groups].every(isPositiveInteger) || !pads.every(isCount)) {
    throw new ShapeError(
      `whole strides, dilations and groups from 1 and pads from 0 are expected, got strides [${strides.join(', ')}], ` +
        `dilations [${dilations.join(', ')}], groups ${groups}, pads [${pads.join(', ')}]`,
    );
  }
  if (sizeOf([x.shape[1]!]) % groups !== 0 || sizeOf([w.shape[0]!]) % groups !== 0) {
    throw new ShapeError(`channels are not divisible into ${groups} groups`);
  }
  return rank;
}

function onnxGeometry(w: string | Shape, { strides, pads, dilations, groups }: Conv) {
  return { kernel_shape: spatial(w as Shape), strides, pads, dilations, group: groups };
}

/**
 * Convolution (cross-correlation, as everywhere in this field) in one or two dimensions.
 * `x` [batch, channels, …space], `w` [out, channels / groups, …kernel].
 */
export const conv: Operation<[x: Operand, w: Operand, options?: ConvOptions]> = operation<
  Conv,
  [Operand, Operand, ConvOptions?]
>(
  {
    name: 'conv',
    type([x, w], attributes) {
      const rank = checkGeometry(x!, w!, attributes);
      const { strides, pads, dilations, groups } = attributes;
      if (x!.shape[1] !== sizeOf([w!.shape[1]!]) * groups) {
        throw new ShapeError(
          `the kernel takes ${sizeOf([w!.shape[1]!]) * groups} channels, the input has ${x!.shape[1]}`,
        );
      }
      const kernel = spatial(w!.shape);
      const size = spatial(x!.shape).map((length, i) => {
        const room = length + pads[i]! + pads[i + rank]! - dilations[i]! * (kernel[i]! - 1) - 1;
        return Math.floor(room / strides[i]!) + 1;
      });
      if (size.some((length) => length < 1))
        throw new ShapeError('the kernel is larger than the padded input');
      return { shape: [x!.shape[0]!, w!.shape[0]!, ...size], dtype: x!.dtype };
    },
    onnx(emit, inputs, node, attributes) {
      const [x, w] = node.inputs.map(({ shape }) => shape) as [Shape, Shape];
      if (isNarrow(x, w, attributes)) return emitTapMaps(emit, inputs, node, attributes);
      return emit.node('Conv', inputs, onnxGeometry(w, attributes));
    },
    vjp: (g, [x, w], _y, attributes) => [
      convInput(g, w!, spatial(x!.shape), attributes),
      kernelGradient(x!, g, w!.shape, attributes),
    ],
  },
  (x, w, options = {}) => [[x, w], geometry((w as Expr).rank - 2, options)],
);

/** So few positions and so many pairs of channels that a large product is worth the additions where windows overlap. */
const fewPositions = 16;
const manyPairs = 2 ** 16;

/**
 * The transpose of `conv` as a linear map, which is its gradient with respect to its input: `g` [batch, out, …space],
 * `w` [out, channels / groups, …kernel] → [batch, channels, …size]. A `convTranspose`, or with strides of 1 a `conv`, or
 * where there are few positions and many channels a matrix product: docs/performance.md has the times.
 */
export function convInput(g: Expr, w: Expr, size: readonly number[], options: ConvOptions): Expr {
  const attributes = geometry(w.rank - 2, options);
  const { strides, groups, dilations } = attributes;
  // Exported models, whose batch is a symbol, keep the operator that says what is meant.
  if (groups === 1 && typeof g.shape[0] === 'number') {
    const pads = oppositePads(spatial(w.shape), attributes);
    if (strides.every(isOne) && pads.every(isCount)) {
      const space = size.map((_, i) => i + 2);
      return conv(g, flip(transpose(w, [1, 0, ...space]), space), { pads, dilations });
    }
    const pairs = sizeOf(w.shape.slice(0, 2));
    if (dilations.every(isOne) && sizeOf(g.shape.slice(2)) <= fewPositions && pairs >= manyPairs)
      return inputProducts(g, w, size, attributes);
  }
  return convTranspose(g, w, { ...attributes, outputPadding: lostRows(size, g.shape, w.shape, attributes) });
}

/** Rows at the end of the input that no window reached: transposing must put them back. */
function lostRows(
  size: readonly number[],
  output: Shape,
  kernel: Shape,
  { strides, pads, dilations }: Conv,
): number[] {
  const rank = size.length;
  const [out, taps] = [spatial(output), spatial(kernel)];
  return size.map(
    (n, i) =>
      n + pads[i]! + pads[i + rank]! - dilations[i]! * (taps[i]! - 1) - 1 - (out[i]! - 1) * strides[i]!,
  );
}

/** With fewer channels than this, a copy for each tap of the kernel is small. */
const fewChannels = 12;

/**
 * The gradient of a convolution with respect to its kernel: matrix products, of which docs/performance.md has the times.
 * For groups a convolution again, in which batch and channels change places, strides and dilations change places, and
 * what exceeds the kernel is cut off.
 */
function kernelGradient(x: Expr, g: Expr, kernel: Shape, attributes: Conv): Expr {
  const { strides, pads, dilations, groups } = attributes;
  if (groups === 1) {
    const [filters, channels] = [sizeOf([kernel[0]!]), sizeOf([kernel[1]!])];
    if (channels < fewChannels) return fewChannelProducts(x, g, kernel, attributes);
    const movable = strides.every(isOne) && oppositePads(spatial(kernel), attributes).every(isCount);
    if (movable && (filters < fewChannels || filters <= channels / 2))
      return fewFilterProducts(x, g, kernel, attributes);
    return kernelProducts(x, g, kernel, attributes);
  }
  const [batch, channels] = [sizeOf([x.shape[0]!]), sizeOf([x.shape[1]!])];
  const space = spatial(x.shape);
  const split = reshape(x, [batch, groups, channels / groups, ...space]);
  const swapped = transpose(split, [2, 1, 0, ...space.map((_, i) => i + 3)]);
  const images = reshape(swapped, [channels / groups, groups * batch, ...space]);
  const order = [1, 0, ...space.map((_, i) => i + 2)];
  const full = conv(images, transpose(g, order), { strides: dilations, dilations: strides, pads, groups });
  const cropped = spatial(kernel).reduce<Expr>(
    (rest, length, i) => (rest.shape[i + 2] === length ? rest : slice(rest, i + 2, 0, length)),
    full,
  );
  return transpose(cropped, order);
}

/**
 * Transposed convolution: the gradient of `conv` with respect to its input, as a forward operation.
 * `x` [batch, channels, …space], `w` [channels, out / groups, …kernel].
 */
export const convTranspose: Operation<[x: Operand, w: Operand, options?: ConvTransposeOptions]> = operation<
  ConvTranspose,
  [Operand, Operand, ConvTransposeOptions?]
>(
  {
    name: 'convTranspose',
    type([x, w], attributes) {
      const rank = checkGeometry(x!, w!, attributes);
      const { strides, pads, dilations, groups, outputPadding } = attributes;
      if (x!.shape[1] !== w!.shape[0]) {
        throw new ShapeError(`the kernel takes ${w!.shape[0]} channels, the input has ${x!.shape[1]}`);
      }
      const kernel = spatial(w!.shape);
      const size = spatial(x!.shape).map(
        (n, i) =>
          (n - 1) * strides[i]! +
          dilations[i]! * (kernel[i]! - 1) +
          1 +
          outputPadding[i]! -
          pads[i]! -
          pads[i + rank]!,
      );
      if (size.some((length) => length < 1))
        throw new ShapeError(`pads leave nothing of the output ${formatShape(size)}`);
      return { shape: [x!.shape[0]!, sizeOf([w!.shape[1]!]) * groups, ...size], dtype: x!.dtype };
    },
    onnx(emit, [x, w], node, attributes) {
      const { outputPadding, strides } = attributes;
      // ONNX Runtime wants output padding below the stride; more of it is rows of zeros behind the result.
      const within = outputPadding.map((n, i) => Math.min(n, strides[i]! - 1));
      const rest = outputPadding.map((n, i) => n - within[i]!);
      const y = emit.node('ConvTranspose', [x!, w!], {
        ...onnxGeometry(node.inputs[1]!.shape, attributes),
        output_padding: within,
      });
      if (rest.every((n) => n === 0)) return y;
      const none = node.shape.map(() => 0);
      return emit.node('Pad', [y, emit.integers([...none, 0, 0, ...rest])]);
    },
    vjp: (g, [x, w], _y, attributes) => [
      fitSpace(conv(g, w!, plain(attributes)), x!.shape),
      kernelGradient(g, x!, w!.shape, attributes),
    ],
  },
  (x, w, { outputPadding, ...options } = {}) => {
    const rank = (w as Expr).rank - 2;
    const padding = outputPadding ?? Array.from({ length: rank }, () => 0);
    return [[x, w], { ...geometry(rank, options), outputPadding: padding }];
  },
);

function plain({ strides, pads, dilations, groups }: Conv): Conv {
  return { strides, pads, dilations, groups };
}

/** Cuts rows that output padding added, so that the spatial axes agree with `shape`. */
function fitSpace(x: Expr, shape: Shape): Expr {
  return spatial(shape).reduce<Expr>((rest, length, i) => {
    const now = sizeOf([rest.shape[i + 2]!]);
    return now === length ? rest : slice(rest, i + 2, 0, length);
  }, x);
}
