import {
  type Attributes,
  asExpr,
  constant,
  constantNumber,
  Expr,
  type Operand,
  type Operation,
  operation,
  type Row,
} from '../expr.js';
import { broadcast, type DType, formatShape, type Shape, ShapeError } from '../shape.js';

export type Unary = Operation<[x: Operand]>;
export type Binary = Operation<[a: Operand, b: Operand]>;

type Vjp<A extends Attributes = Attributes> = NonNullable<Row<A>['vjp']>;

/** Operations that ONNX defines for other numbers than floats too, and the one on truth values. */
const dtypesOf: Readonly<Record<string, readonly DType[]>> = {
  ...{ neg: ['float32', 'int32'], abs: ['float32', 'int32', 'uint8'], sign: ['float32', 'int32', 'uint8'] },
  ...{ and: ['bool'], or: ['bool'], not: ['bool'], equal: ['float32', 'int32', 'uint8', 'bool'] },
};

/** For rules that ONNX defines on floats alone. */
export function expectFloats(inputs: readonly Expr[]): void {
  const other = inputs.find((input) => input.dtype !== 'float32');
  if (other !== undefined) throw new ShapeError(`float32 is expected, got ${other.dtype}; use cast`);
}

/** The type of `f(x)`, element by element; float32 unless listed. */
function unaryType(name: string, x: Expr): { shape: Shape; dtype: DType } {
  const allowed = dtypesOf[name] ?? ['float32'];
  if (!allowed.includes(x.dtype))
    throw new ShapeError(`${allowed.join(' or ')} is expected, got ${x.dtype}; use cast`);
  return { shape: x.shape, dtype: x.dtype };
}

/** A row for `f(x)`, element by element. */
function unaryRow<A extends Attributes>(
  name: string,
  onnx: string,
  scalar: ((x: number, attributes: A) => number) | null,
  vjp: Vjp<A> | null,
): Row<A> {
  return {
    name,
    type: ([x]) => unaryType(name, x!),
    onnx: (emit, inputs, _node, attributes) =>
      emit.node(onnx, inputs, attributes as Record<string, { float: number }>),
    vjp,
    scalar: scalar === null ? undefined : (x) => scalar(x!, {} as A),
  };
}

function unary(name: string, onnx: string, scalar: ((x: number) => number) | null, vjp: Vjp | null): Unary {
  return operation(unaryRow<Attributes>(name, onnx, scalar, vjp), (x) => [[x], {}]);
}

function matchNumbers(a: Operand, b: Operand): [Expr, Expr] {
  if (typeof a === 'number' && b instanceof Expr) return [constant(a, [], b.dtype), b];
  if (typeof b === 'number' && a instanceof Expr) return [a, constant(b, [], a.dtype)];
  return [asExpr(a), asExpr(b)];
}

function binary(
  name: string,
  onnx: string,
  scalar: (a: number, b: number) => number,
  vjp: Vjp | null,
  result?: DType,
): Binary {
  const row: Row = {
    name,
    type([a, b]) {
      if (a!.dtype !== b!.dtype)
        throw new ShapeError(`operands of one dtype are expected, got ${a!.dtype} and ${b!.dtype}`);
      const allowed = dtypesOf[name] ?? ['float32', 'int32', 'uint8'];
      if (!allowed.includes(a!.dtype))
        throw new ShapeError(`${allowed.join(' or ')} is expected, got ${a!.dtype}`);
      const shape = broadcast(a!.shape, b!.shape);
      if (shape === null)
        throw new ShapeError(`${formatShape(a!.shape)} and ${formatShape(b!.shape)} do not broadcast`);
      return { shape, dtype: result ?? a!.dtype };
    },
    onnx: (emit, inputs) => emit.node(onnx, inputs),
    vjp,
    scalar: scalar as (...values: number[]) => number,
  };
  return operation(row, (a, b) => [matchNumbers(a, b), {}]);
}

// Arithmetic

export const add: Binary = binary(
  'add',
  'Add',
  (a, b) => a + b,
  (g) => [g, g],
);
export const sub: Binary = binary(
  'sub',
  'Sub',
  (a, b) => a - b,
  (g) => [g, neg(g)],
);
export const mul: Binary = binary(
  'mul',
  'Mul',
  (a, b) => a * b,
  (g, [a, b]) => [mul(g, b!), mul(g, a!)],
);
export const div: Binary = binary(
  'div',
  'Div',
  (a, b) => a / b,
  (g, [, b], y) => [div(g, b!), neg(div(mul(g, y), b!))],
);
export const neg: Unary = unary(
  'neg',
  'Neg',
  (x) => -x,
  (g) => [neg(g)],
);

/** aᵇ. The gradient with respect to the exponent counts where the base is positive, and is 0 elsewhere. */
export const pow: Binary = binary(
  'pow',
  'Pow',
  (a, b) => a ** b,
  (g, [a, b], y) => [
    mul(g, powerRule(a!, b!)),
    where(greater(a!, 0), mul(g, mul(y, log(where(greater(a!, 0), a!, 1)))), 0),
  ],
);

/** b · aᵇ⁻¹, and 0 where both are 0, which would be 0 · ∞. */
function powerRule(a: Expr, b: Expr): Expr {
  const exponent = constantNumber(b);
  if (exponent === undefined) return mul(b, pow(a, where(and(equal(a, 0), equal(b, 0)), 0, sub(b, 1))));
  if (exponent === 0) return constant(0, [], a.dtype);
  return mul(b, pow(a, constant(exponent - 1, [], b.dtype)));
}

/** The larger of two, element by element. At a tie the gradient goes to the first. */
export const maximum: Binary = binary('maximum', 'Max', Math.max, (g, [a, b]) => {
  const first = greaterOrEqual(a!, b!);
  return [where(first, g, 0), where(first, 0, g)];
});

/** The smaller of two, element by element. At a tie the gradient goes to the first. */
export const minimum: Binary = binary('minimum', 'Min', Math.min, (g, [a, b]) => {
  const first = lessOrEqual(a!, b!);
  return [where(first, g, 0), where(first, 0, g)];
});

// Comparisons: bool results, no gradient

const truth = (value: boolean) => (value ? 1 : 0);
export const greater: Binary = binary('greater', 'Greater', (a, b) => truth(a > b), null, 'bool');
export const greaterOrEqual: Binary = binary(
  'greaterOrEqual',
  'GreaterOrEqual',
  (a, b) => truth(a >= b),
  null,
  'bool',
);
export const less: Binary = binary('less', 'Less', (a, b) => truth(a < b), null, 'bool');
export const lessOrEqual: Binary = binary(
  'lessOrEqual',
  'LessOrEqual',
  (a, b) => truth(a <= b),
  null,
  'bool',
);
export const equal: Binary = binary('equal', 'Equal', (a, b) => truth(a === b), null, 'bool');
export const and: Binary = binary('and', 'And', (a, b) => truth(a !== 0 && b !== 0), null, 'bool');
export const or: Binary = binary('or', 'Or', (a, b) => truth(a !== 0 || b !== 0), null, 'bool');
export const not: Unary = unary('not', 'Not', (x) => truth(x === 0), null);

/** Whether a number is NaN, which stands for a missing value; bool. */
export const isNan: Unary = operation<Attributes, [Operand]>(
  {
    name: 'isNan',
    type: ([x]) => ({ shape: unaryType('isNan', x!).shape, dtype: 'bool' }),
    onnx: (emit, inputs) => emit.node('IsNaN', inputs),
    vjp: null,
    scalar: (x) => truth(Number.isNaN(x)),
  },
  (x) => [[x], {}],
);

/** `a` where the condition holds, `b` elsewhere; all three broadcast. */
export const where: Operation<[condition: Operand, a: Operand, b: Operand]> = operation<
  Attributes,
  [Operand, Operand, Operand]
>(
  {
    name: 'where',
    type([condition, a, b]) {
      if (condition!.dtype !== 'bool')
        throw new ShapeError(`a bool condition is expected, got ${condition!.dtype}`);
      if (a!.dtype !== b!.dtype)
        throw new ShapeError(`branches of one dtype are expected, got ${a!.dtype} and ${b!.dtype}`);
      const branches = broadcast(a!.shape, b!.shape);
      const shape = branches && broadcast(condition!.shape, branches);
      if (!shape) throw new ShapeError('condition and branches do not broadcast');
      return { shape, dtype: a!.dtype };
    },
    onnx: (emit, inputs) => emit.node('Where', inputs),
    vjp: (g, [condition]) => [null, where(condition!, g, 0), where(condition!, 0, g)],
    scalar: (condition, a, b) => (condition !== 0 ? a! : b!),
  },
  (condition, a, b) => [[condition, ...matchNumbers(a, b)], {}],
);

/** To another dtype. Only from float32 to float32, where it changes nothing, does a gradient flow. */
export const cast: Operation<[x: Operand, dtype: DType]> = operation<{ dtype: DType }, [Operand, DType]>(
  {
    name: 'cast',
    type: ([x], { dtype }) => ({ shape: x!.shape, dtype }),
    onnx: (emit, inputs, _node, { dtype }) => emit.node('Cast', inputs, { to: onnxDType[dtype] }),
    vjp: (g, [x], y) => [x!.dtype === 'float32' && y.dtype === 'float32' ? g : null],
  },
  (x, dtype) => [[x], { dtype }],
);

/** The numbers by which ONNX knows the dtypes (TensorProto.DataType). */
export const onnxDType: Readonly<Record<DType, number>> = {
  ...{ float32: 1, uint8: 2, int32: 6, int64: 7, string: 8, bool: 9, float64: 11 },
};

// Exponentials and roots

export const exp: Unary = unary('exp', 'Exp', Math.exp, (g, _x, y) => [mul(g, y)]);
export const log: Unary = unary('log', 'Log', Math.log, (g, [x]) => [div(g, x!)]);
/** The sine, of an angle in radians. */
export const sin: Unary = unary('sin', 'Sin', Math.sin, (g, [x]) => [mul(g, sin(add(x!, Math.PI / 2)))]);
export const sqrt: Unary = unary('sqrt', 'Sqrt', Math.sqrt, (g, _x, y) => [div(mul(g, 0.5), y)]);

/** log(1 + x), exact also where 1 + x rounds to 1 (Kahan's form: x · log(u) / (u - 1) with u = 1 + x). */
export const log1p: Unary = operation<Attributes, [Operand]>(
  {
    name: 'log1p',
    type: ([x]) => unaryType('log1p', x!),
    onnx(emit, [x]) {
      const one = emit.constant(1, [], 'float32');
      const u = emit.node('Add', [x!, one]);
      const excess = emit.node('Sub', [u, one]);
      const rounded = emit.node('Equal', [excess, emit.constant(0, [], 'float32')]);
      const divisor = emit.node('Where', [rounded, one, excess]);
      const general = emit.node('Mul', [emit.node('Log', [u]), emit.node('Div', [x!, divisor])]);
      return emit.node('Where', [rounded, x!, general]);
    },
    vjp: (g, [x]) => [div(g, add(1, x!))],
    scalar: (x) => Math.log1p(x!),
  },
  (x) => [[x], {}],
);

// Absolute value and limits

export const abs: Unary = unary('abs', 'Abs', Math.abs, (g, [x]) => [mul(g, sign(x!))]);
/** -1, 0 or 1; the gradient is 0 everywhere. */
export const sign: Unary = unary('sign', 'Sign', Math.sign, null);
export const floor: Unary = unary('floor', 'Floor', Math.floor, null);

/** Limits to `low … high`; the gradient is 0 outside. */
export const clip: Operation<[x: Operand, low: number, high: number]> = operation<
  { low: number; high: number },
  [Operand, number, number]
>(
  {
    name: 'clip',
    type: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
    onnx: (emit, [x], node, { low, high }) =>
      emit.node('Clip', [x!, emit.constant(low, [], node.dtype), emit.constant(high, [], node.dtype)]),
    vjp: (g, [x], _y, { low, high }) => [where(and(greaterOrEqual(x!, low), lessOrEqual(x!, high)), g, 0)],
  },
  (x, low, high) => [[x], { low, high }],
);

// Squashing functions

const tanhVjp: Vjp = (g, _x, y) => [mul(g, sub(1, mul(y, y)))];
export const tanh: Unary = unary('tanh', 'Tanh', Math.tanh, tanhVjp);

/** 1 / (1 + e⁻ˣ), finite for every x. */
export const sigmoid: Unary = unary(
  'sigmoid',
  'Sigmoid',
  (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  (g, _x, y) => [mul(g, mul(y, sub(1, y)))],
);

/** The Gauss error function. */
export const erf: Unary = unary('erf', 'Erf', null, (g, [x]) => [
  mul(g, mul(2 / Math.sqrt(Math.PI), exp(neg(mul(x!, x!))))),
]);

/**
 * log(1 + eˣ) in the form max(x, 0) - log(max(s, 1 - s)) with s the sigmoid of x, finite for every x. The sigmoid is
 * the derivative too, so that a graph with both computes it once. ONNX's own Softplus took eight times as long.
 */
export const softplus: Unary = operation<Attributes, [Operand]>(
  {
    name: 'softplus',
    type: ([x]) => unaryType('softplus', x!),
    onnx(emit, [x]) {
      const s = emit.node('Sigmoid', [x!]);
      const larger = emit.node('Max', [s, emit.node('Sub', [emit.constant(1, [], 'float32'), s])]);
      return emit.node('Sub', [emit.node('Relu', [x!]), emit.node('Log', [larger])]);
    },
    vjp: (g, [x]) => [mul(g, sigmoid(x!))],
    scalar: (x) => Math.max(x!, 0) + Math.log1p(Math.exp(-Math.abs(x!))),
  },
  (x) => [[x], {}],
);

// Rectifiers

export const relu: Unary = unary(
  'relu',
  'Relu',
  (x) => Math.max(x, 0),
  // A product with the mask: ONNX Runtime takes a third less time for it than for `Where`.
  (g, _x, y) => [mul(g, cast(greater(y, 0), g.dtype))],
);

/** x, or alpha · x below 0. */
export const leakyRelu: Operation<[x: Operand, alpha?: number]> = operation<
  { alpha: { float: number } },
  [Operand, number?]
>(
  unaryRow('leakyRelu', 'LeakyRelu', null, (g, [x], _y, { alpha }) => [
    where(greater(x!, 0), g, mul(g, alpha.float)),
  ]),
  (x, alpha = 0.01) => [[x], { alpha: { float: alpha } }],
);

/** x, or alpha · (eˣ - 1) below 0 (Clevert et al. 2016). */
export const elu: Operation<[x: Operand, alpha?: number]> = operation<
  { alpha: { float: number } },
  [Operand, number?]
>(
  unaryRow('elu', 'Elu', null, (g, [x], y, { alpha }) => [
    where(greater(x!, 0), g, mul(g, add(y, alpha.float))),
  ]),
  (x, alpha = 1) => [[x], { alpha: { float: alpha } }],
);

/** The value itself, through which no gradient flows. */
export const stopGradient: Unary = operation<Attributes, [Operand]>(
  {
    name: 'stopGradient',
    type: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
    onnx: (_emit, [x]) => x!,
    vjp: null,
    scalar: (x) => x!,
  },
  (x) => [[x], {}],
);
