import {
  type Attributes,
  asExpr,
  type Expr,
  type Operand,
  type Operation,
  operation,
  type Row,
} from '../expr.js';
import {
  broadcast,
  formatShape,
  normalizeAxes,
  type Shape,
  ShapeError,
  sameShape,
  sizeOf,
} from '../shape.js';
import { add, cast, div, equal, exp, expectFloats, log, mul, stopGradient, sub } from './elementwise.js';
import { knownShape, reshape } from './shaping.js';

type Axes = number | readonly number[] | null;

// Reductions and their mirror image, expansion

interface Reduce extends Attributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

export type Reduction = Operation<[x: Operand, axes?: Axes, keepDims?: boolean]>;

function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  return shape.flatMap((dim, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [dim]));
}

/** The gradient of a reduction, with the reduced axes back as 1, so that it broadcasts against the input. */
function withKeptAxes(g: Expr, input: Expr, { axes, keepDims }: Reduce): Expr {
  return keepDims ? g : reshape(g, reducedShape(input.shape, axes, true));
}

function reduction(name: string, onnx: Row<Reduce>['onnx'], vjp: Row<Reduce>['vjp']): Reduction {
  const row: Row<Reduce> = {
    name,
    type: ([x], { axes, keepDims }) => ({ shape: reducedShape(x!.shape, axes, keepDims), dtype: x!.dtype }),
    onnx,
    vjp,
  };
  return operation(row, (x: Operand, axes: Axes = null, keepDims = false) => {
    const input = asExpr(x);
    return [[input], { axes: normalizeAxes(axes, input.rank), keepDims }] as const;
  });
}

/** The sum over the given axes (all by default). */
export const sum: Reduction = reduction(
  'sum',
  (emit, [x], _node, { axes, keepDims }) =>
    emit.node('ReduceSum', [x!, emit.integers(axes)], {
      keepdims: keepDims ? 1 : 0,
      noop_with_empty_axes: 1,
    }),
  (g, [x], _y, attributes) => [expand(withKeptAxes(g, x!, attributes), x!.shape)],
);

/** Σ x² over the given axes (all by default), in one pass. */
export const sumOfSquares: Reduction = reduction(
  'sumOfSquares',
  (emit, [x], _node, attributes) => emit.node('ReduceSumSquare', [x!], axesAttributes(attributes)),
  (g, [x], _y, attributes) => [mul(mul(x!, 2), withKeptAxes(g, x!, attributes))],
);

const axesAttributes = ({ axes, keepDims }: Reduce) => ({ axes, keepdims: keepDims ? 1 : 0 });

/** The mean over the given axes (all by default). */
export const mean: Reduction = reduction(
  'mean',
  (emit, [x], _node, attributes) => emit.node('ReduceMean', [x!], axesAttributes(attributes)),
  (g, [x], _y, attributes) => {
    const count = sizeOf(attributes.axes.map((axis) => x!.shape[axis]!));
    return [expand(mul(withKeptAxes(g, x!, attributes), 1 / count), x!.shape)];
  },
);

/** The largest over the given axes (all by default); elements that tie share the gradient. */
export const max: Reduction = reduction(
  'max',
  (emit, [x], _node, attributes) => emit.node('ReduceMax', [x!], axesAttributes(attributes)),
  (g, [x], y, attributes) => {
    const isLargest = cast(equal(x!, withKeptAxes(y, x!, attributes)), 'float32');
    const share = div(isLargest, sum(isLargest, attributes.axes, true));
    return [mul(withKeptAxes(g, x!, attributes), share)];
  },
);

/** Repeats along axes of length 1 (and new axes in front) up to `shape`. */
export const expand: Operation<[x: Operand, shape: Shape]> = operation<{ shape: Shape }, [Operand, Shape]>(
  {
    name: 'expand',
    type([x], { shape }) {
      const result = broadcast(x!.shape, shape);
      if (result === null || !sameShape(result, shape))
        throw new ShapeError(`cannot expand to ${formatShape(shape)}`);
      return { shape, dtype: x!.dtype };
    },
    onnx: (emit, [x], _node, { shape }) =>
      emit.node('Expand', [x!, emit.integers(knownShape(shape, 'expand'))]),
    vjp: (g, [x]) => [sumTo(g, x!.shape)],
  },
  (x, shape) => [[x], { shape }],
);

/** Sums over the axes along which something of `shape` was broadcast: the transpose of broadcasting. */
export function sumTo(x: Expr, shape: Shape): Expr {
  if (sameShape(x.shape, shape)) return x;
  const extra = x.rank - shape.length;
  const axes = x.shape.flatMap((dim, axis) =>
    axis < extra || (shape[axis - extra] === 1 && dim !== 1) ? [axis] : [],
  );
  return reshape(sum(x, axes, true), shape);
}

// Safe compositions

/** log Σ eˣ over the given axes, finite for every x: the largest is taken out first. */
export function logSumExp(x: Operand, axes: Axes = null, keepDims = false): Expr {
  const node = asExpr(x);
  const largest = stopGradient(max(node, axes, true));
  const kept = add(log(sum(exp(sub(node, largest)), axes, true)), largest);
  return keepDims ? kept : reshape(kept, sum(node, axes).shape);
}

/** log of the mean of eˣ over the given axes, finite for every x, also where their lengths are not known yet. */
export function logMeanExp(x: Operand, axes: Axes = null, keepDims = false): Expr {
  const node = asExpr(x);
  const largest = stopGradient(max(node, axes, true));
  const kept = add(log(mean(exp(sub(node, largest)), axes, true)), largest);
  return keepDims ? kept : reshape(kept, mean(node, axes).shape);
}

/** The mean of squared deviations over the given axes (divided by n, not n - 1). */
export function variance(x: Operand, axes: Axes = null, keepDims = false): Expr {
  const node = asExpr(x);
  const deviation = sub(node, mean(node, axes, true));
  return mean(mul(deviation, deviation), axes, keepDims);
}

interface OneAxis extends Attributes {
  readonly axis: number;
}

function alongAxis(
  name: string,
  onnx: string,
  vjp: Row<OneAxis>['vjp'],
): Operation<[x: Operand, axis?: number]> {
  const row: Row<OneAxis> = {
    name,
    type([x]) {
      expectFloats([x!]);
      return { shape: x!.shape, dtype: x!.dtype };
    },
    onnx: (emit, inputs, _node, { axis }) => emit.node(onnx, inputs, { axis }),
    vjp,
  };
  return operation(row, (x: Operand, axis = -1) => {
    const node = asExpr(x);
    return [[node], { axis: normalizeAxes(axis, node.rank)[0]! }] as const;
  });
}

/** eˣ / Σ eˣ along one axis (the last by default). */
export const softmax = alongAxis('softmax', 'Softmax', (g, _x, y, { axis }) => [
  mul(y, sub(g, sum(mul(g, y), axis, true))),
]);

/** x - log Σ eˣ along one axis (the last by default), finite for every x. */
export const logSoftmax = alongAxis('logSoftmax', 'LogSoftmax', (g, _x, y, { axis }) => [
  sub(g, mul(exp(y), sum(g, axis, true))),
]);

/** The index of the largest along one axis, as int32; at a tie the first. */
export const argMax: Operation<[x: Operand, axis?: number]> = operation<OneAxis, [Operand, number?]>(
  {
    name: 'argMax',
    type: ([x], { axis }) => ({ shape: reducedShape(x!.shape, [axis], false), dtype: 'int32' }),
    onnx: (emit, [x], _node, { axis }) =>
      emit.node('Cast', [emit.node('ArgMax', [x!], { axis, keepdims: 0 })], { to: 6 }),
    vjp: null,
  },
  (x, axis = -1) => {
    const node = asExpr(x);
    return [[node], { axis: normalizeAxes(axis, node.rank)[0]! }];
  },
);
