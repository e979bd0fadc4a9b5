import { shown, UserError } from '../errors.js';
import { currentPlace, type Expr } from '../graph/expr.js';
import { convInput, conv as convolve, isCount, isPositiveInteger } from '../graph/ops/convolution.js';
import { add } from '../graph/ops/elementwise.js';
import { gemm } from '../graph/ops/linear.js';
import { pad, reshape, sliceAxes } from '../graph/ops/shaping.js';
import { formatShape, type Shape, ShapeError, sizeOf } from '../graph/shape.js';
import { type ActivationName, activations } from './activations.js';
import { type InitializerName, initializers } from './initializers.js';
import { type KernelPenalties, type Layer, penalize } from './layers.js';
import type { Scope } from './scope.js';

/**
 * Room around the input of a convolution: `valid` is none; `same` as much as makes the output ⌈input / stride⌉ long,
 * the odd element after it (as in Keras and TensorFlow); a number is that many elements on either side.
 */
export type Padding = 'same' | 'valid' | number;

/** A window that moves over the spatial axes; one number is meant for each of them. */
export interface WindowOptions {
  readonly strides?: number | readonly number[];
  /** `valid` by default. */
  readonly padding?: Padding;
}

export interface ConvLayerOptions extends WindowOptions, KernelPenalties {
  /** 3 by default. */
  readonly kernelSize?: number | readonly number[];
  readonly activation?: ActivationName;
  readonly initializer?: InitializerName;
  readonly bias?: boolean;
}

export interface ConvTransposeLayerOptions extends ConvLayerOptions {
  /**
   * Spatial sizes of the output. A strided convolution takes several sizes to one; this says which of them to go back
   * to. By default input · stride where padding is `same`, and otherwise the smallest.
   */
  readonly size?: readonly number[];
}

/** One number for each spatial axis of a tensor [batch, channels, …space]. */
export function perAxis(value: number | readonly number[], x: Expr, what: string): readonly number[] {
  const rank = x.rank - 2;
  if (rank !== 1 && rank !== 2)
    throw new ShapeError(
      `${what} in ${currentPlace() || 'the model'}: [batch, channels, length] or [batch, channels, height, width] is expected, got ${formatShape(x.shape)}`,
    );
  const list = typeof value === 'number' ? Array.from({ length: rank }, () => value) : value;
  if (list.length === rank && list.every(isPositiveInteger)) return list;
  throw new UserError(
    `${what}: a whole number from 1 for each of ${rank} axes is expected, got ${shown(value)}`,
  );
}

/** Sizes of the spatial axes of [batch, channels, …space]. */
export function spaceOf(shape: Shape): number[] {
  return shape.slice(2).map((dim) => sizeOf([dim]));
}

/** The length to which a convolution takes an axis; less than 1 where the window does not fit. */
export function convolvedLength(length: number, kernel: number, stride: number, padding: Padding): number {
  if (padding === 'same') return Math.ceil(length / stride);
  return Math.floor((length + 2 * (padding === 'valid' ? 0 : padding) - kernel) / stride) + 1;
}

/** Pads of a window on axes of these lengths: before each, then after each, as ONNX has them. */
export function padsFor(
  lengths: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  padding: Padding,
): number[] {
  if (padding !== 'same' && padding !== 'valid' && !isCount(padding))
    throw new UserError(
      `padding: 'same', 'valid' or a whole number from 0 is expected, got ${shown(padding)}`,
    );
  const total = lengths.map((length, i) => {
    if (padding !== 'same') return 2 * (padding === 'valid' ? 0 : padding);
    return Math.max((Math.ceil(length / strides[i]!) - 1) * strides[i]! + kernel[i]! - length, 0);
  });
  return [...total.map((n) => Math.floor(n / 2)), ...total.map((n) => Math.ceil(n / 2))];
}

function kernelOf(shape: readonly number[], options: ConvLayerOptions, scope: Scope): Expr {
  const kernel = scope.parameter('kernel', shape, initializers[options.initializer ?? 'glorotUniform']);
  penalize(kernel, options, scope);
  return kernel;
}

function finish(y: Expr, filters: number, options: ConvLayerOptions, scope: Scope): Expr {
  const { activation = 'linear', bias = true } = options;
  if (!bias) return activations[activation](y);
  const offset = scope.parameter('bias', [filters], initializers.zeros);
  return activations[activation](add(y, reshape(offset, [1, filters, ...y.shape.slice(2).map(() => 1)])));
}

/**
 * Convolution: [batch, channels, …space] → [batch, filters, …space], with one or two spatial axes. Kernel
 * [filters, channels, …kernelSize], Glorot-uniform; bias 0.
 */
export function conv(filters: number, options: ConvLayerOptions = {}): Layer {
  return (x, scope) => {
    const kernel = perAxis(options.kernelSize ?? 3, x, 'conv: kernelSize');
    const strides = perAxis(options.strides ?? 1, x, 'conv: strides');
    const pads = padsFor(spaceOf(x.shape), kernel, strides, options.padding ?? 'valid');
    const weights = kernelOf([filters, sizeOf([x.shape[1]!]), ...kernel], options, scope);
    const out = spaceOf(x.shape).map((n, i) =>
      convolvedLength(n, kernel[i]!, strides[i]!, options.padding ?? 'valid'),
    );
    const y = out.every((n) => n === 1)
      ? onePosition(x, weights, kernel, pads)
      : convolve(x, weights, { strides, pads });
    return finish(y, filters, options, scope);
  };
}

/** A convolution whose window has one position is a dense layer, and as such several times faster. */
function onePosition(x: Expr, weights: Expr, kernel: readonly number[], pads: readonly number[]): Expr {
  const ends = [pads.slice(0, kernel.length), pads.slice(kernel.length)].map((list) => [0, 0, ...list]);
  const seen = sliceAxes(
    pad(x, ends[0]!, ends[1]!),
    kernel.map((end, i) => ({ axis: i + 2, start: 0, end, step: 1 })),
  );
  const [filters, inputs] = [sizeOf([weights.shape[0]!]), sizeOf(weights.shape.slice(1))];
  const rows = reshape(seen, [x.shape[0]!, inputs]);
  const y = gemm(rows, reshape(weights, [filters, inputs]), null, { transB: true });
  return reshape(y, [x.shape[0]!, filters, ...kernel.map(() => 1)]);
}

/**
 * Transposed convolution: undoes the shape of a `conv` with the same window. Kernel [channels, filters, …kernelSize],
 * Glorot-uniform, its fan-in counted as Keras and PyTorch do (that of the convolution backwards); bias 0.
 * @throws {ShapeError} when no such convolution takes `size` to the input's size
 */
export function convTranspose(filters: number, options: ConvTransposeLayerOptions = {}): Layer {
  return (x, scope) => {
    const kernel = perAxis(options.kernelSize ?? 3, x, 'convTranspose: kernelSize');
    const strides = perAxis(options.strides ?? 1, x, 'convTranspose: strides');
    const padding = options.padding ?? 'valid';
    const before = spaceOf(x.shape);
    const size = options.size ?? before.map((n, i) => restoredLength(n, kernel[i]!, strides[i]!, padding));
    const back = size.map((n, i) => convolvedLength(n, kernel[i]!, strides[i]!, padding));
    if (String(back) !== String(before))
      throw new ShapeError(
        `convTranspose in ${currentPlace() || 'the model'}: a convolution takes ${formatShape(size)} to ${formatShape(back)}, not to the input's ${formatShape(before)}`,
      );
    const pads = padsFor(size, kernel, strides, padding);
    const weights = kernelOf([sizeOf([x.shape[1]!]), filters, ...kernel], options, scope);
    return finish(convInput(x, weights, size, { strides, pads }), filters, options, scope);
  };
}

/** The length that an axis had before a convolution, where nothing else is known. */
function restoredLength(length: number, kernel: number, stride: number, padding: Padding): number {
  if (padding === 'same') return length * stride;
  return (length - 1) * stride + kernel - 2 * (padding === 'valid' ? 0 : padding);
}

/**
 * Adds what layers make of their input to the input (He et al. 2016). Where they change channels or make the picture
 * smaller, the input goes through a convolution with a kernel of 1, without bias; where they change features
 * [batch, features], through a product without bias.
 * @throws {ShapeError} where the layers make the picture larger
 */
export function residual(...layers: readonly Layer[]): Layer {
  return (x, scope) => {
    const y = layers.reduce((value, layer, i) => scope.in(String(i), (inner) => layer(value, inner)), x);
    if (String(y.shape) === String(x.shape)) return add(x, y);
    return add(
      scope.in('shortcut', (inner) => shortcut(x, y.shape, inner)),
      y,
    );
  };
}

function shortcut(x: Expr, to: Shape, scope: Scope): Expr {
  if (x.rank === 2 && to.length === 2) {
    const flat = reshape(x, [...x.shape, 1]);
    return reshape(conv(sizeOf([to[1]!]), { kernelSize: 1, bias: false })(flat, scope), to);
  }
  const [before, after] = [spaceOf(x.shape), spaceOf(to)];
  const strides = before.map((n, i) => Math.ceil(n / after[i]!));
  if (to.length !== x.rank || before.some((n, i) => Math.ceil(n / strides[i]!) !== after[i]))
    throw new ShapeError(
      `residual in ${currentPlace() || 'the model'}: layers that keep the size or divide it are expected, these take ${formatShape(x.shape)} to ${formatShape(to)}`,
    );
  return conv(sizeOf([to[1]!]), { kernelSize: 1, strides, padding: 'same', bias: false })(x, scope);
}
