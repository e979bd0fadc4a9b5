/**
 * Element types that expressions may have. The last three are those of raw columns, before a model and after it: only
 * the operations in `ops/columns.ts` take them.
 */
export type DType = 'float32' | 'int32' | 'uint8' | 'bool' | 'float64' | 'int64' | 'string';

/**
 * One axis: its length, or the name of a length that is known only when the exported model runs, or a multiple of such a
 * length: `5·batch`.
 */
export type Dim = number | string;

/** The lengths of all axes, outermost first. A scalar has shape `[]`. */
export type Shape = readonly Dim[];

/** A shape that does not fit: the message names the operation, the shapes and the place in the model. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

/** `[32, 784]` as text; symbolic axes by their name. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** An axis so many times as long. */
export function times(dim: Dim, factor: number): Dim {
  if (typeof dim === 'number') return dim * factor;
  return factor === 1 ? dim : `${factor}·${dim}`;
}

/** Whether two shapes are equal, axis by axis. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/**
 * The number of elements.
 * @throws {ShapeError} when an axis is symbolic.
 */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const dim of shape) {
    if (typeof dim !== 'number')
      throw new ShapeError(`the size of ${formatShape(shape)} is not known: axis '${dim}' is symbolic`);
    size *= dim;
  }
  return size;
}

/**
 * The shape to which both broadcast by the rules of NumPy and ONNX, or `null` where they do not fit.
 * A symbolic axis fits itself and 1.
 */
export function broadcast(a: Shape, b: Shape): Shape | null {
  const rank = Math.max(a.length, b.length);
  const out: Dim[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) return null;
    out.push(left === 1 ? right : left);
  }
  return out;
}

/** Brings axes counted from the end (-1 is the last) into `0 … rank - 1`, sorted, each once. `null`: all axes. */
export function normalizeAxes(axes: number | readonly number[] | null, rank: number): number[] {
  if (axes === null) return Array.from({ length: rank }, (_, axis) => axis);
  const list = (typeof axes === 'number' ? [axes] : axes).map((axis) => {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
      throw new ShapeError(`axis ${axis} does not exist in a tensor of rank ${rank}`);
    }
    return axis < 0 ? axis + rank : axis;
  });
  return [...new Set(list)].sort((a, b) => a - b);
}
