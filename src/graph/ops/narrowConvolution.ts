import type { Emitter } from '../emitter.js';
import type { Expr } from '../expr.js';
import { type Shape, sizeOf } from '../shape.js';
import { offsets, type Window } from './convolutionProducts.js';

/**
 * Whether a convolution makes so few channels from many that a map for each tap of the kernel is smaller than a copy of
 * the input for each tap. Exported models, whose batch is a symbol, keep the operator that says what is meant.
 */
export function isNarrow(
  x: Shape,
  w: Shape,
  { strides, groups }: Window & { readonly groups: number },
): boolean {
  const [filters, channels] = [sizeOf([w[0]!]), sizeOf([w[1]!])];
  const small = filters <= 4 && 8 * filters <= channels && sizeOf(w.slice(2)) > 1;
  return small && groups === 1 && strides.every((n) => n === 1) && typeof x[0] === 'number';
}

/** A convolution with strides of 1 as one product for all taps, whose maps are moved by their taps and added. */
export function emitTapMaps(
  emit: Emitter,
  [x, w]: readonly string[],
  node: Expr,
  { pads, dilations }: Window,
): string {
  const [image, kernel] = node.inputs.map(({ shape }) => shape as number[]) as [number[], number[]];
  const [taps, space, out] = [kernel, image, node.shape as number[]].map((shape) =>
    shape.slice(2),
  ) as number[][];
  const rank = taps!.length;
  const reshaped = (value: string, shape: readonly number[]) =>
    emit.node('Reshape', [value, emit.integers(shape)]);
  const tapsFirst = emit.node('Transpose', [w!], { perm: [...taps!.map((_, i) => i + 2), 0, 1] });
  const maps = emit.node('MatMul', [
    reshaped(tapsFirst, [sizeOf(taps!) * kernel[0]!, kernel[1]!]),
    reshaped(x!, [image[0]!, image[1]!, sizeOf(space!)]),
  ]);
  const padded = emit.node('Pad', [
    reshaped(maps, [image[0]!, sizeOf(taps!) * kernel[0]!, ...space!]),
    emit.integers([0, 0, ...pads.slice(0, rank), 0, 0, ...pads.slice(rank)]),
  ]);
  const moved = offsets(taps!).map((offset, i) => {
    const start = offset.map((tap, axis) => tap * dilations[axis]!);
    return emit.node('Slice', [
      padded,
      emit.integers([i * kernel[0]!, ...start]),
      emit.integers([(i + 1) * kernel[0]!, ...start.map((n, axis) => n + out![axis]!)]),
      emit.integers([1, ...start.map((_, axis) => axis + 2)]),
    ]);
  });
  return emit.node('Sum', moved);
}
