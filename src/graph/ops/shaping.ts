import {
  type Attributes,
  apply,
  asExpr,
  constant,
  type Expr,
  type Operand,
  type Operation,
  operation,
} from '../expr.js';
import { type Dim, formatShape, normalizeAxes, type Shape, ShapeError, sameShape, sizeOf } from '../shape.js';
import { cast, equal } from './elementwise.js';

interface OneAxis extends Attributes {
  readonly axis: number;
}

/** One symbolic axis at most may be left for ONNX to work out. */
export function knownShape(shape: Shape, what: string): number[] {
  const unknown = shape.filter((dim) => typeof dim === 'string');
  if (unknown.length > 1)
    throw new ShapeError(`${what}: at most one symbolic axis is possible, got ${formatShape(shape)}`);
  if (unknown.length === 1 && what === 'expand') {
    throw new ShapeError(
      `expand: the symbolic axis '${unknown[0]}' has no known length; let it broadcast instead`,
    );
  }
  return shape.map((dim) => (typeof dim === 'number' ? dim : -1));
}

/** The product of the known axes, and the names of the symbolic ones: equal for shapes of one size. */
function sizeKey(shape: Shape): string {
  const factors = shape.flatMap((dim) => String(dim).split('·'));
  const isKnown = (factor: string) => /^\d+$/.test(factor);
  const known = factors.filter(isKnown).reduce((product, factor) => product * Number(factor), 1);
  return [known, ...factors.filter((factor) => !isKnown(factor)).sort()].join('·');
}

/** The same elements in the same order under another shape; one axis may be -1, to be worked out. */
export const reshape: Operation<[x: Operand, shape: Shape]> = operation<{ shape: Shape }, [Operand, Shape]>(
  {
    name: 'reshape',
    type([x], { shape }) {
      if (sizeKey(x!.shape) !== sizeKey(shape))
        throw new ShapeError(`cannot reshape to ${formatShape(shape)}`);
      return { shape, dtype: x!.dtype };
    },
    onnx: (emit, [x], _node, { shape }) =>
      emit.node('Reshape', [x!, emit.integers(knownShape(shape, 'reshape'))]),
    vjp: (g, [x]) => [reshape(g, x!.shape)],
  },
  (x, shape) => {
    const node = asExpr(x);
    return [[node], { shape: shape.includes(-1) ? inferAxis(node.shape, shape) : shape }];
  },
);

function inferAxis(from: Shape, to: Shape): Shape {
  const rest: Dim[] = [...from];
  let known = 1;
  for (const dim of to) {
    if (typeof dim === 'number') known *= dim === -1 ? 1 : dim;
    else if (rest.includes(dim)) rest.splice(rest.indexOf(dim), 1);
  }
  const symbolic = rest.filter((dim) => typeof dim === 'string');
  const size = sizeOf(rest.filter((dim) => typeof dim === 'number'));
  if (symbolic.length === 1 && size === known) return to.map((dim) => (dim === -1 ? symbolic[0]! : dim));
  if (symbolic.length > 0 || !Number.isInteger(size / known)) {
    throw new ShapeError(`${formatShape(from)} does not fit ${formatShape(to)}`);
  }
  return to.map((dim) => (dim === -1 ? size / known : dim));
}

/** Axes in another order; reversed by default. */
export const transpose: Operation<[x: Operand, order?: readonly number[]]> = operation<
  { order: readonly number[] },
  [Operand, (readonly number[])?]
>(
  {
    name: 'transpose',
    type([x], { order }) {
      if ([...order].sort((a, b) => a - b).some((axis, i) => axis !== i) || order.length !== x!.rank) {
        throw new ShapeError(`order [${order.join(', ')}] does not name each of ${x!.rank} axes once`);
      }
      return { shape: order.map((axis) => x!.shape[axis]!), dtype: x!.dtype };
    },
    onnx: (emit, inputs, _node, { order }) => emit.node('Transpose', inputs, { perm: order }),
    vjp: (g, _x, _y, { order }) => [
      transpose(
        g,
        order.map((_, axis) => order.indexOf(axis)),
      ),
    ],
  },
  (x, order) => {
    const node = asExpr(x);
    return [[node], { order: order ?? node.shape.map((_, axis) => node.rank - 1 - axis) }];
  },
);

/** Puts tensors one after another along an axis. */
export const concat: Operation<[parts: readonly Operand[], axis: number]> = operation<
  OneAxis,
  [readonly Operand[], number]
>(
  {
    name: 'concat',
    type(parts, { axis }) {
      const first = parts[0]!;
      for (const part of parts) {
        const fits = part.rank === first.rank && part.dtype === first.dtype;
        if (!fits || part.shape.some((dim, i) => i !== axis && dim !== first.shape[i])) {
          throw new ShapeError(`parts must agree in dtype and in every axis but ${axis}`);
        }
      }
      const length = parts.reduce((total, part) => total + sizeOf([part.shape[axis]!]), 0);
      return { shape: first.shape.map((dim, i) => (i === axis ? length : dim)), dtype: first.dtype };
    },
    onnx: (emit, inputs, _node, { axis }) => emit.node('Concat', inputs, { axis }),
    vjp(g, parts, _y, { axis }) {
      let start = 0;
      return parts.map((part) => {
        const end = start + sizeOf([part.shape[axis]!]);
        const piece = slice(g, axis, start, end);
        start = end;
        return piece;
      });
    },
  },
  (parts, axis) => {
    if (parts.length === 0) throw new ShapeError('at least one part is expected');
    const nodes = parts.map(asExpr);
    return [nodes, { axis: normalizeAxes(axis, nodes[0]!.rank)[0]! }];
  },
);

/** The elements `start … end - 1` along an axis, each `step`-th of them. */
export interface Cut extends OneAxis {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

interface Slice extends Attributes {
  /** Of different axes. */
  readonly cuts: readonly Cut[];
}

/** The elements `start … end - 1` along an axis, each `step`-th of them. Negative positions count from the end. */
export const slice: Operation<[x: Operand, axis: number, start: number, end: number, step?: number]> =
  operation<Slice, [Operand, number, number, number, number?]>(
    {
      name: 'slice',
      type([x], { cuts }) {
        const shape = [...x!.shape];
        for (const { axis, start, end, step } of cuts) {
          const length = sizeOf([shape[axis]!]);
          if (!(start >= 0 && start < end && end <= length && step >= 1))
            throw new ShapeError(
              `slice ${start}:${end}:${step} does not fit axis ${axis} of length ${length}`,
            );
          shape[axis] = Math.ceil((end - start) / step);
        }
        return { shape, dtype: x!.dtype };
      },
      onnx: (emit, [x], _node, { cuts }) =>
        emit.node('Slice', [
          x!,
          emit.integers(cuts.map(({ start }) => start)),
          emit.integers(cuts.map(({ end }) => end)),
          emit.integers(cuts.map(({ axis }) => axis)),
          emit.integers(cuts.map(({ step }) => step)),
        ]),
      vjp: (g, [x], _y, { cuts }) => [putBack(g, x!.shape, cuts)],
    },
    (x, axis, start, end, step = 1) => {
      const node = asExpr(x);
      const at = normalizeAxes(axis, node.rank)[0]!;
      const fromEnd = (position: number) => (position < 0 ? position + sizeOf([node.shape[at]!]) : position);
      return [[node], { cuts: [{ axis: at, start: fromEnd(start), end: fromEnd(end), step }] }];
    },
  );

/** Slices along several axes at once, in one pass over memory. */
export function sliceAxes(x: Expr, cuts: readonly Cut[]): Expr {
  return cuts.length === 0 ? x : apply(slice.row, [x], { cuts });
}

/** The elements that `sliceAxes` took of this shape where they were, and zeros elsewhere: its transpose. */
export function putBack(x: Expr, shape: Shape, cuts: readonly Cut[]): Expr {
  const [before, after] = [shape.map(() => 0), shape.map(() => 0)];
  let spread = x;
  for (const { axis, start, step } of cuts) {
    spread = dilate(spread, axis, step);
    before[axis] = start;
    after[axis] = sizeOf([shape[axis]!]) - start - sizeOf([spread.shape[axis]!]);
  }
  return pad(spread, before, after);
}

interface Axes extends Attributes {
  readonly axes: readonly number[];
}

/** Reverses the order of the elements along the given axes. */
export const flip: Operation<[x: Operand, axes: number | readonly number[]]> = operation<
  Axes,
  [Operand, number | readonly number[]]
>(
  {
    name: 'flip',
    type: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
    onnx: (emit, [x], _node, { axes }) =>
      emit.node('Slice', [
        x!,
        emit.integers(axes.map(() => -1)),
        emit.integers(axes.map(() => Number.MIN_SAFE_INTEGER)),
        emit.integers(axes),
        emit.integers(axes.map(() => -1)),
      ]),
    vjp: (g, _inputs, _y, { axes }) => [flip(g, axes)],
  },
  (x, axes) => {
    const node = asExpr(x);
    return [[node], { axes: normalizeAxes(axes, node.rank) }];
  },
);

/** Puts `step - 1` zeros between neighbours along an axis: the transpose of a strided slice. */
export function dilate(x: Expr, axis: number, step: number): Expr {
  if (step === 1) return x;
  const length = sizeOf([x.shape[axis]!]);
  const spread = reshape(
    withZeros(x, axis, step - 1),
    x.shape.map((dim, i) => (i === axis ? length * step : dim)),
  );
  return slice(spread, axis, 0, (length - 1) * step + 1);
}

/** So many zeros behind each element along an axis. */
function withZeros(x: Expr, axis: number, count: number): Expr {
  const isKnown = x.shape.slice(1).every((dim) => typeof dim === 'number');
  // Behind single numbers: whole rows of zeros that are then transposed are several times as fast.
  if (axis > 0 && axis === x.rank - 1 && isKnown) {
    const rows = reshape(x, [x.shape[0]!, 1, sizeOf(x.shape.slice(1))]);
    return transpose(padAxis(rows, 1, 0, count), [0, 2, 1]);
  }
  const column = reshape(x, [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)]);
  return padAxis(column, axis + 1, 0, count);
}

function padAxis(x: Expr, axis: number, before: number, after: number): Expr {
  const at = (amount: number) => x.shape.map((_, i) => (i === axis ? amount : 0));
  return pad(x, at(before), at(after));
}

interface Pad extends Attributes {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
}

/** Adds elements of one value (0 by default) before and after each axis. */
export const pad: Operation<
  [x: Operand, before: readonly number[], after: readonly number[], value?: number]
> = operation<Pad, [Operand, readonly number[], readonly number[], number?]>(
  {
    name: 'pad',
    type([x], { before, after }) {
      const fits = before.length === x!.rank && after.length === x!.rank;
      if (!fits || [...before, ...after].some((n) => !Number.isInteger(n) || n < 0)) {
        throw new ShapeError(
          `pads [${before.join(', ')}] and [${after.join(', ')}] do not fit rank ${x!.rank}`,
        );
      }
      const extend = (dim: Dim, i: number) => {
        const extra = before[i]! + after[i]!;
        return extra === 0 ? dim : sizeOf([dim]) + extra;
      };
      return { shape: x!.shape.map(extend), dtype: x!.dtype };
    },
    onnx: (emit, [x], node, { before, after, value }) =>
      emit.node('Pad', [x!, emit.integers([...before, ...after]), emit.constant(value, [], node.dtype)]),
    vjp: (g, [x], _y, { before }) => [
      before.reduce<Expr>((rest, n, axis) => {
        const dim = x!.shape[axis]!;
        return dim === rest.shape[axis] ? rest : slice(rest, axis, n, n + sizeOf([dim]));
      }, g),
    ],
  },
  (x, before, after, value = 0) => [[x], { before, after, value }],
);

/** Rows of `x` along its first axis, picked by int32 indices of any shape. */
export const gather: Operation<[x: Operand, indices: Operand]> = operation<Attributes, [Operand, Operand]>(
  {
    name: 'gather',
    type([x, indices]) {
      if (indices!.dtype !== 'int32')
        throw new ShapeError(`int32 indices are expected, got ${indices!.dtype}`);
      if (x!.rank === 0) throw new ShapeError('a scalar has no rows to gather');
      return { shape: [...indices!.shape, ...x!.shape.slice(1)], dtype: x!.dtype };
    },
    onnx: (emit, inputs) => emit.node('Gather', inputs, { axis: 0 }),
    vjp: (g, [x, indices]) => [scatterAdd(g, indices!, sizeOf([x!.shape[0]!])), null],
  },
  (x, indices) => [[x, indices], {}],
);

/** `rows` rows of zeros, to which the rows of `x` are added at the given indices: the transpose of `gather`. */
export const scatterAdd: Operation<[x: Operand, indices: Operand, rows: number]> = operation<
  { rows: number },
  [Operand, Operand, number]
>(
  {
    name: 'scatterAdd',
    type([x, indices], { rows }) {
      const lead = x!.shape.slice(0, indices!.rank);
      if (indices!.dtype !== 'int32' || !sameShape(lead, indices!.shape)) {
        throw new ShapeError('int32 indices that match the leading axes are expected');
      }
      return { shape: [rows, ...x!.shape.slice(indices!.rank)], dtype: x!.dtype };
    },
    onnx(emit, [x, indices], node) {
      const at = emit.node('Unsqueeze', [emit.node('Cast', [indices!], { to: 7 }), emit.integers([-1])]);
      const zeros = emit.node('Expand', [
        emit.constant(0, [], node.dtype),
        emit.integers(node.shape as readonly number[]),
      ]);
      return emit.node('ScatterND', [zeros, at, x!], { reduction: 'add' });
    },
    vjp: (g, [, indices]) => [gather(g, indices!), null],
  },
  (x, indices, rows) => [[x, indices], { rows }],
);

/** The matrix [size, size] with 1 on its diagonal and 0 elsewhere, as float32. */
export function identity(size: number): Expr {
  const values = Float32Array.from({ length: size ** 2 }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
  return constant(values, [size, size]);
}

/** 1 at the index and 0 elsewhere, on a new last axis of length `depth`, as float32. */
export function oneHot(indices: Expr, depth: number): Expr {
  const positions = constant(
    Int32Array.from({ length: depth }, (_, i) => i),
    [depth],
    'int32',
  );
  return cast(equal(reshape(indices, [...indices.shape, 1]), positions), 'float32');
}
