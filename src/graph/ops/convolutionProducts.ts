import type { Expr } from '../expr.js';
import { type Shape, sizeOf } from '../shape.js';
import { add } from './elementwise.js';
import { gemm, matMul } from './linear.js';
import { sum } from './reducing.js';
import { type Cut, concat, flip, pad, reshape, sliceAxes, transpose } from './shaping.js';

/** A convolution's geometry; pads before each axis, then after each. */
export interface Window {
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
}

/** All positions within a window, in row-major order. */
export function offsets(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>(
    (list, k) => list.flatMap((head) => Array.from({ length: k }, (_, i) => [...head, i])),
    [[]],
  );
}

const spaceOf = (shape: Shape) => shape.slice(2).map((dim) => sizeOf([dim]));

/** The axes of [batch, channels, …space] with the channels last. */
const channelsLast = (rank: number) => [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];

/** What one tap sees of padded images at so many positions; space begins at the axis `first`. */
export function cutsOf(
  offset: readonly number[],
  first: number,
  positions: readonly number[],
  { strides, dilations }: Window,
): Cut[] {
  return offset.map((tap, i) => {
    const start = tap * dilations[i]!;
    const end = start + (positions[i]! - 1) * strides[i]! + 1;
    return { axis: first + i, start, end, step: strides[i]! };
  });
}

/**
 * The gradient of a convolution with respect to its kernel, [out, channels, …kernel], as one matrix product for each
 * tap: the output's gradient by the part of the input that the tap has seen.
 */
export function kernelProducts(x: Expr, g: Expr, kernel: Shape, window: Window): Expr {
  const { pads } = window;
  const [filters, channels] = [sizeOf([kernel[0]!]), sizeOf([kernel[1]!])];
  const [taps, out] = [spaceOf(kernel), spaceOf(g.shape)];
  const rows = sizeOf([g.shape[0]!, ...out]);
  const order = channelsLast(x.rank);
  // Not channels last: matrix products read a first factor that is not transposed without copying it.
  const gradients = reshape(transpose(g, [1, 0, ...order.slice(1, -1)]), [filters, rows]);
  const edges = [pads.slice(0, taps.length), pads.slice(taps.length)].map((list) => [0, ...list, 0]);
  const images = pad(transpose(x, order), edges[0]!, edges[1]!);
  const products = offsets(taps).map((offset) => {
    const seen = reshape(sliceAxes(images, cutsOf(offset, 1, out, window)), [rows, channels]);
    return reshape(gemm(gradients, seen), [filters, 1, channels]);
  });
  const stacked = reshape(concat(products, 1), [filters, ...taps, channels]);
  return transpose(stacked, [0, taps.length + 1, ...taps.map((_, i) => i + 1)]);
}

/**
 * The sums over images and positions of what lies under each tap, times `wide`: `narrow` [batch, few, …space] is padded
 * and seen through each tap at the positions of `wide` [batch, many, …space] → [few, many, …taps]. For so few channels
 * that a copy for each tap costs little; one product for each image then needs neither operand with channels last.
 */
function tapProducts(narrow: Expr, wide: Expr, taps: readonly number[], window: Window): Expr {
  const { pads } = window;
  const [few, many, positions] = [narrow.shape[1]!, wide.shape[1]!, spaceOf(wide.shape)];
  const edges = [pads.slice(0, taps.length), pads.slice(taps.length)].map((list) => [0, 0, ...list]);
  const images = pad(narrow, edges[0]!, edges[1]!);
  const seen = offsets(taps).map((offset) =>
    reshape(sliceAxes(images, cutsOf(offset, 2, positions, window)), [
      ...narrow.shape.slice(0, 2),
      sizeOf(positions),
    ]),
  );
  const columns = transpose(reshape(wide, [...wide.shape.slice(0, 2), sizeOf(positions)]), [0, 2, 1]);
  const total = sum(matMul(concat(seen, 1), columns), 0);
  const rank = taps.length;
  return transpose(reshape(total, [...taps, few, many]), [rank, rank + 1, ...taps.map((_, i) => i)]);
}

/** The gradient of a convolution of few channels with respect to its kernel, [out, channels, …kernel]. */
export function fewChannelProducts(x: Expr, g: Expr, kernel: Shape, window: Window): Expr {
  return transpose(tapProducts(x, g, spaceOf(kernel), window), [
    1,
    0,
    ...spaceOf(kernel).map((_, i) => i + 2),
  ]);
}

/**
 * The gradient of a convolution to few channels with respect to its kernel, [out, channels, …kernel]. Its strides are 1,
 * so that the small gradient of the output can be moved against the input instead of the input against it. Pads are
 * below the kernel's reach.
 */
export function fewFilterProducts(x: Expr, g: Expr, kernel: Shape, window: Window): Expr {
  const taps = spaceOf(kernel);
  const products = tapProducts(g, x, taps, { ...window, pads: oppositePads(taps, window) });
  return flip(
    products,
    taps.map((_, i) => i + 2),
  );
}

/** The pads of the convolution that is the transpose of one with strides of 1; negative where that one pads further. */
export function oppositePads(
  taps: readonly number[],
  { pads, dilations }: Omit<Window, 'strides'>,
): number[] {
  return pads.map((n, i) => dilations[i % taps.length]! * (taps[i % taps.length]! - 1) - n);
}

/**
 * The gradient of a convolution without dilations with respect to its input, of which `size` gives the spatial axes: one
 * matrix product gives what each output adds to all that its window sees, and windows are added where they overlap. A
 * kernel is taken as blocks of one stride, so that within a block nothing overlaps.
 */
export function inputProducts(g: Expr, w: Expr, size: readonly number[], { strides, pads }: Window): Expr {
  const [batch, channels] = [sizeOf([g.shape[0]!]), sizeOf([w.shape[1]!])];
  const [taps, out] = [spaceOf(w.shape), spaceOf(g.shape)];
  const order = channelsLast(g.rank);
  const product = gemm(
    reshape(transpose(g, order), [batch * sizeOf(out), sizeOf([w.shape[0]!])]),
    reshape(transpose(w, order), [sizeOf([w.shape[0]!]), sizeOf(taps) * channels]),
  );
  const windows = reshape(product, [batch, ...out, ...taps, channels]);
  const blocks = taps.map((n, i) => Math.ceil(n / strides[i]!));
  const rank = taps.length;
  const placed = offsets(blocks).map((block) => {
    const cuts = block.map((at, i): Cut => {
      const [start, end] = [at * strides[i]!, Math.min((at + 1) * strides[i]!, taps[i]!)];
      return { axis: i + 1 + rank, start, end, step: 1 };
    });
    const missing = cuts.map(({ start, end }, i) => strides[i]! - (end - start));
    const behind = block.map((at, i) => blocks[i]! - 1 - at);
    return pad(
      sliceAxes(windows, cuts),
      [0, ...block, ...taps.map(() => 0), 0],
      [0, ...behind, ...missing, 0],
    );
  });
  const total = placed.reduce((a, b) => add(a, b));
  // [batch, …out, …stride, channels] → [batch, …out · stride, channels]: this moves whole runs of channels, which are put
  // in their place only at the end. One permutation for both is slower.
  const woven = transpose(total, [0, ...taps.flatMap((_, i) => [i + 1, i + 1 + rank]), 2 * rank + 1]);
  const whole = out.map((n, i) => (n + blocks[i]! - 1) * strides[i]!);
  const lacking = whole.map((n, i) => Math.max(pads[i]! + size[i]! - n, 0));
  const image = pad(
    reshape(woven, [batch, ...whole, channels]),
    [0, ...taps.map(() => 0), 0],
    [0, ...lacking, 0],
  );
  const cut = sliceAxes(
    image,
    size.map((n, i) => ({ axis: i + 1, start: pads[i]!, end: pads[i]! + n, step: 1 })),
  );
  return transpose(cut, [0, rank + 1, ...taps.map((_, i) => i + 1)]);
}
