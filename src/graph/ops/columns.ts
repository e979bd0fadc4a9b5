import { mlDomain } from '../emitter.js';
import type { Expr, Operation, Row } from '../expr.js';
import { operation } from '../expr.js';
import { type DType, type Shape, ShapeError } from '../shape.js';

// Raw columns, [batch, 1], on their way into a model and out of it. They are computed in double precision, so that a
// large number keeps its low digits until its centre is taken off. Nothing flows back through them.

/** A row for one raw column: what it takes, what it gives, and its ONNX nodes. */
function columnRow<A extends Readonly<Record<string, unknown>>>(
  name: string,
  takes: readonly DType[],
  gives: (input: DType, attributes: A) => DType,
  onnx: Row<A>['onnx'],
): Row<A> {
  return {
    name,
    type([x], attributes): { shape: Shape; dtype: DType } {
      if (!takes.includes(x!.dtype))
        throw new ShapeError(`${name}: ${takes.join(' or ')} is expected, got ${x!.dtype}`);
      if (x!.rank !== 2 || x!.shape[1] !== 1) throw new ShapeError('a column [batch, 1] is expected');
      return { shape: x!.shape, dtype: gives(x!.dtype, attributes) };
    },
    onnx,
    vjp: null,
  };
}

const toType = { float32: 1, float64: 11, int64: 7 } as const;

/** The largest size of a standardised number: beyond it float32 has no room left for arithmetic. */
const limit = 1e30;

/** Up to here a difference or a sum is taken in int64; what is larger would wrap, and loses nothing in float64. */
const exact = 2 ** 62;

/** The largest int64; as float64 the largest of those below it. */
const largestInteger = 2n ** 63n - 1n;
const largestIntegerDouble = 2 ** 63 - 1024;

/** The least int64, which stands for a missing value in columns of whole numbers. */
export const missingInteger = -(2n ** 63n);

/**
 * (x - center) / scale as float32, cut to ±1e30, so that infinities are very large numbers. The difference is taken in
 * float64, of int64 in int64 where it is one. NaN stays NaN, and the least int64 becomes NaN.
 */
export const standardize: Operation<[x: Expr, center: number | bigint, scale: number]> = operation<
  { center: string; scale: number },
  [Expr, number | bigint, number]
>(
  columnRow(
    'standardize',
    ['float64', 'int64'],
    () => 'float32',
    (emit, [x], node, { center, scale }) => {
      const whole = node.inputs[0]!.dtype === 'int64';
      const double = whole ? emit.node('Cast', [x!], { to: toType.float64 }) : x!;
      const wide = emit.node('Sub', [double, emit.doubles([Number(center)], [])]);
      const difference = () =>
        emit.node('Cast', [emit.node('Sub', [x!, emit.bigint(BigInt(center))])], { to: toType.float64 });
      const offset = whole ? emit.node('Where', [isWide(emit, wide), wide, difference()]) : wide;
      const value = emit.node('Div', [offset, emit.doubles([scale], [])]);
      const single = emit.node('Cast', [cut(emit, value, limit)], { to: toType.float32 });
      if (!whole) return single;
      const missing = emit.node('Equal', [x!, emit.bigint(missingInteger)]);
      return emit.node('Where', [missing, emit.constant(Number.NaN, [], 'float32'), single]);
    },
  ),
  (x, center, scale) => [[x], { center: String(center), scale }],
);

/** Whether a difference or a sum is too large for int64 arithmetic. */
function isWide(emit: Parameters<Row['onnx']>[0], x: string): string {
  return emit.node('Greater', [emit.node('Abs', [x]), emit.doubles([exact], [])]);
}

/** A number cut to ±size; NaN stays. */
function cut(emit: Parameters<Row['onnx']>[0], x: string, size: number): string {
  const [most, least] = [emit.doubles([size], []), emit.doubles([-size], [])];
  const below = emit.node('Where', [emit.node('Less', [x, least]), least, x]);
  return emit.node('Where', [emit.node('Greater', [x, most]), most, below]);
}

/** The nearest whole number, of two the larger, as `Math.round` gives it; `Round` would take the even one. */
function nearest(emit: Parameters<Row['onnx']>[0], x: string): string {
  const floor = emit.node('Floor', [x]);
  const isBelow = emit.node('Less', [emit.node('Sub', [x, floor]), emit.doubles([0.5], [])]);
  return emit.node('Where', [isBelow, floor, emit.node('Add', [floor, emit.doubles([1], [])])]);
}

/** The nearest whole number, of two the larger; float64. */
export const roundWhole: Operation<[x: Expr]> = operation<Record<string, never>, [Expr]>(
  columnRow(
    'roundWhole',
    ['float64'],
    () => 'float64',
    (emit, [x]) => nearest(emit, x!),
  ),
  (x) => [[x], {}],
);

/**
 * x · scale + center, from float32 back to float64, or to int64, rounded to the nearest. What is beyond is the largest
 * number of its type, or the largest below 0 that is none for a missing value.
 */
export const unstandardize: Operation<
  [x: Expr, center: number | bigint, scale: number, dtype: 'float64' | 'int64']
> = operation<
  { center: string; scale: number; dtype: 'float64' | 'int64' },
  [Expr, number | bigint, number, 'float64' | 'int64']
>(
  columnRow(
    'unstandardize',
    ['float32'],
    (_input, { dtype }) => dtype,
    (emit, [x], _node, { center, scale, dtype }) => {
      const double = emit.node('Cast', [x!], { to: toType.float64 });
      const scaled = emit.node('Mul', [double, emit.doubles([scale], [])]);
      const wide = emit.node('Add', [scaled, emit.doubles([Number(center)], [])]);
      if (dtype === 'float64') return cut(emit, wide, Number.MAX_VALUE);
      const integer = (value: string) => emit.node('Cast', [value], { to: toType.int64 });
      const middle = BigInt(center);
      const offset = integer(cut(emit, nearest(emit, scaled), exact));
      const within =
        middle > 0n
          ? emit.node('Min', [offset, emit.bigint(largestInteger - middle)])
          : emit.node('Max', [offset, emit.bigint(-largestInteger - middle)]);
      return emit.node('Where', [
        isWide(emit, scaled),
        integer(cut(emit, wide, largestIntegerDouble)),
        emit.node('Add', [within, emit.bigint(middle)]),
      ]);
    },
  ),
  (x, center, scale, dtype) => [[x], { center: String(center), scale, dtype }],
);

/** Where x stands in a period that begins at 0: x mod period over period, in [0, 1), as float32. */
export const phase: Operation<[x: Expr, period: number]> = operation<{ period: number }, [Expr, number]>(
  columnRow(
    'phase',
    ['float64'],
    () => 'float32',
    (emit, [x], _node, { period }) => {
      const turns = emit.node('Div', [x!, emit.doubles([period], [])]);
      const part = emit.node('Sub', [turns, emit.node('Floor', [turns])]);
      return emit.node('Cast', [part], { to: toType.float32 });
    },
  ),
  (x, period) => [[x], { period }],
);

/**
 * The piecewise linear function through (knots[i], values[i]), ends prolonged, in float64; then as float32 cut to
 * ±1e30. Knots rise strictly.
 */
export const interpolate: Operation<[x: Expr, knots: readonly number[], values: readonly number[]]> =
  operation<
    { knots: readonly number[]; values: readonly number[] },
    [Expr, readonly number[], readonly number[]]
  >(
    columnRow(
      'interpolate',
      ['float64'],
      () => 'float32',
      (emit, [x], _node, { knots, values }) =>
        // Min and Max need not keep NaN.
        emit.node('Where', [
          emit.node('IsNaN', [x!]),
          emit.constant(Number.NaN, [], 'float32'),
          emit.node('Cast', [cut(emit, piecewise(emit, x!, knots, values), limit)], { to: toType.float32 }),
        ]),
    ),
    (x, knots, values) => [[x], { knots, values }],
  );

/** The same from float32 to float64: the way back. */
export const uninterpolate: Operation<[x: Expr, knots: readonly number[], values: readonly number[]]> =
  operation<
    { knots: readonly number[]; values: readonly number[] },
    [Expr, readonly number[], readonly number[]]
  >(
    columnRow(
      'uninterpolate',
      ['float32'],
      () => 'float64',
      (emit, [x], _node, { knots, values }) =>
        piecewise(emit, emit.node('Cast', [x!], { to: toType.float64 }), knots, values),
    ),
    (x, knots, values) => [[x], { knots, values }],
  );

/** Adds up what each piece contributes: its slope times how far x has come into it. */
function piecewise(
  emit: Parameters<Row['onnx']>[0],
  x: string,
  knots: readonly number[],
  values: readonly number[],
): string {
  const pieces = knots.length - 1;
  const at = (i: number) => (i < 0 ? Number.NEGATIVE_INFINITY : knots[i]!);
  const starts = knots.slice(0, pieces);
  const slopes = starts.map((start, i) => (values[i + 1]! - values[i]!) / (at(i + 1) - start));
  const lows = starts.map((_, i) => (i === 0 ? -limit : 0));
  const highs = starts.map((start, i) => (i === pieces - 1 ? limit : at(i + 1) - start));
  const past = emit.node('Sub', [x, emit.doubles(starts, [1, pieces])]);
  const within = emit.node('Max', [
    emit.node('Min', [past, emit.doubles(highs, [1, pieces])]),
    emit.doubles(lows, [1, pieces]),
  ]);
  const sum = emit.node('MatMul', [within, emit.doubles(slopes, [pieces, 1])]);
  return emit.node('Add', [sum, emit.doubles([values[0]!], [])]);
}

/** The number of each text: `codes[i]` for `keys[i]`, `other` for every text that is not among the keys; float32. */
export const labelEncode: Operation<
  [x: Expr, keys: readonly string[], codes: readonly number[], other: number]
> = operation<
  { keys: readonly string[]; codes: readonly number[]; other: number },
  [Expr, readonly string[], readonly number[], number]
>(
  columnRow(
    'labelEncode',
    ['string'],
    () => 'float32',
    (emit, [x], _node, { keys, codes, other }) =>
      emit.node(
        'LabelEncoder',
        [x!],
        {
          keys_strings: { strings: keys },
          values_floats: { floats: codes },
          default_float: { float: other },
        },
        mlDomain,
      ),
  ),
  (x, keys, codes, other) => [[x], { keys, codes, other }],
);

/** The text of each whole number from 0: `labels[i]`; float32 to string. */
export const labelDecode: Operation<[x: Expr, labels: readonly string[]]> = operation<
  { labels: readonly string[] },
  [Expr, readonly string[]]
>(
  columnRow(
    'labelDecode',
    ['float32'],
    () => 'string',
    (emit, [x], _node, { labels }) =>
      emit.node(
        'LabelEncoder',
        [emit.node('Cast', [x!], { to: toType.int64 })],
        {
          keys_int64s: labels.map((_, i) => i),
          values_strings: { strings: labels },
          default_string: '',
        },
        mlDomain,
      ),
  ),
  (x, labels) => [[x], { labels }],
);
