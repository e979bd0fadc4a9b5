import { constantNumber, type Expr } from './expr.js';
import { add, type Binary, div, mul, neg, sqrt, sub, where } from './ops/elementwise.js';
import { gemm } from './ops/linear.js';
import { type Reduction, sum, sumOfSquares } from './ops/reducing.js';
import { reshape, transpose } from './ops/shaping.js';
import { type Shape, sameShape, sizeOf } from './shape.js';

/** Whether a node has one user: only then does moving work behind it save anything. */
export type UsedOnce = (node: Expr) => boolean;

/** One algebraic step to a simpler expression of equal value, or the node itself. */
export function simplify(node: Expr, usedOnce: UsedOnce): Expr {
  const rule = rules[node.row.name];
  const result = rule?.(node, node.inputs, usedOnce) ?? node;
  // A rule must keep the type: `x · 1` where the 1 broadcasts x to a larger shape is no identity.
  return sameShape(result.shape, node.shape) && result.dtype === node.dtype ? result : node;
}

type Rule = (node: Expr, inputs: readonly Expr[], usedOnce: UsedOnce) => Expr | undefined;

// Numbers travel outwards through linear operations, until they meet and become one, or are taken up where they
// cost nothing: in the factor of a matrix product, or behind a sum, where little is left to multiply.
const rules: Readonly<Record<string, Rule>> = {
  add: (_, [a, b], usedOnce) => {
    if (constantNumber(a!) === 0) return b;
    if (constantNumber(b!) === 0) return a;
    if (a === b) return mul(a!, 2);
    if (is(b!, 'neg')) return sub(a!, b!.inputs[0]!);
    if (is(a!, 'neg')) return sub(b!, a!.inputs[0]!);
    return commonFactor(a!, b!, usedOnce, add, sub);
  },
  sub: (_, [a, b], usedOnce) => {
    if (constantNumber(b!) === 0) return a;
    if (constantNumber(a!) === 0) return neg(b!);
    if (is(b!, 'neg')) return add(a!, b!.inputs[0]!);
    return commonFactor(a!, b!, usedOnce, sub, add);
  },
  mul: (_, [a, b], usedOnce) => {
    const [factor, rest] = scaled(a!, b!) ?? scaled(b!, a!) ?? [];
    if (rest === undefined || factor === undefined) {
      return factorOut(a!, usedOnce, (x) => mul(x, b!)) ?? factorOut(b!, usedOnce, (x) => mul(a!, x));
    }
    if (factor === 1) return rest;
    if (factor === -1) return neg(rest);
    if (is(rest, 'neg')) return mul(rest.inputs[0]!, -factor);
    const inner = usedOnce(rest) ? scaleOf(rest) : undefined;
    if (inner === undefined || (factor !== 0 && !isNormal(inner.factor * factor))) return undefined;
    return mul(inner.rest, Math.fround(inner.factor * factor));
  },
  div: (_, [a, b]) => {
    const divisor = constantNumber(b!);
    if (divisor === undefined || b!.dtype !== 'float32') return undefined;
    if (divisor === 1) return a;
    return isNormal(1 / divisor) ? mul(a!, Math.fround(1 / divisor)) : undefined;
  },
  neg: (_, [x], usedOnce) => {
    if (is(x!, 'neg')) return x!.inputs[0];
    if (is(x!, 'sub')) return sub(x!.inputs[1]!, x!.inputs[0]!);
    const inner = usedOnce(x!) ? scaleOf(x!) : undefined;
    return inner && mul(inner.rest, -inner.factor);
  },
  where: (_, [condition, a, b], usedOnce) =>
    constantNumber(b!) === 0 ? factorOut(a!, usedOnce, (x) => where(condition!, x, b!)) : undefined,
  pow: (_, [base, exponent]) => {
    const power = constantNumber(exponent!);
    if (power === 1) return base;
    if (power === 2) return mul(base!, base!);
    if (power === 0.5) return sqrt(base!);
    return power === -1 ? div(1, base!) : undefined;
  },
  cast: (node, [x]) => (x!.dtype === node.dtype ? x : undefined),
  stopGradient: (_, [x]) => x,
  expand: (_, [x]) => x,
  reshape: (node, [x], usedOnce) => {
    if (sameShape(x!.shape, node.shape)) return x;
    if (is(x!, 'reshape')) return reshape(x!.inputs[0]!, node.shape);
    const total = sums[x!.row.name];
    if (total !== undefined) {
      const bare = total(x!.inputs[0]!, (x!.attributes as unknown as SumAttributes).axes);
      if (sameShape(bare.shape, node.shape)) return bare;
    }
    return factorOut(x!, usedOnce, (rest) => reshape(rest, node.shape));
  },
  transpose: (node, [x]) => {
    const order = node.attributes.order as readonly number[];
    if (order.every((axis, i) => axis === i)) return x;
    if (!is(x!, 'transpose')) return undefined;
    const inner = x!.attributes.order as readonly number[];
    return transpose(
      x!.inputs[0]!,
      order.map((axis) => inner[axis]!),
    );
  },
  sum: (node, [x], usedOnce) => {
    const { axes, keepDims } = node.attributes as unknown as SumAttributes;
    if (reducesNothing(x!.shape, axes)) return reshape(x!, node.shape);
    const inner = scaleOf(x!);
    if (inner !== undefined && sameShape(inner.rest.shape, x!.shape))
      return mul(sum(inner.rest, axes, keepDims), inner.factor);
    if (!usedOnce(x!)) return undefined;
    if (is(x!, 'mul') && x!.inputs[0] === x!.inputs[1]) return sumOfSquares(x!.inputs[0]!, axes, keepDims);
    return axes.length === x!.rank ? wholeSum(x!, node.shape) : undefined;
  },
  mean: (node, [x]) => {
    const { axes, keepDims } = node.attributes as { axes: number[]; keepDims: boolean };
    if (reducesNothing(x!.shape, axes)) return reshape(x!, node.shape);
    const lengths = axes.map((axis) => x!.shape[axis]!);
    // Of whole numbers 1 / n is none.
    if (x!.dtype !== 'float32' || lengths.some((length) => typeof length === 'string')) return undefined;
    return mul(sum(x!, axes, keepDims), 1 / sizeOf(lengths));
  },
  max: (node, [x]) =>
    reducesNothing(x!.shape, node.attributes.axes as number[]) ? reshape(x!, node.shape) : undefined,
  slice: (_, [x]) => x,
  matMul: (_, [a, b]) => (a!.rank === 2 && b!.rank === 2 ? gemm(a!, b!) : undefined),
  gemm: (node, [a, b, c]) => {
    const { transA, transB, alpha } = node.attributes as { transA: boolean; transB: boolean; alpha: number };
    if (is(a!, 'transpose')) return gemm(a!.inputs[0]!, b!, c ?? null, { transA: !transA, transB, alpha });
    if (is(b!, 'transpose')) return gemm(a!, b!.inputs[0]!, c ?? null, { transA, transB: !transB, alpha });
    const absorb = (operand: Expr, build: (rest: Expr, alpha: number) => Expr) => {
      const inner = scaleOf(operand);
      const fits =
        inner !== undefined && sameShape(inner.rest.shape, operand.shape) && isNormal(inner.factor * alpha);
      return fits ? build(inner.rest, Math.fround(inner.factor * alpha)) : undefined;
    };
    return (
      absorb(a!, (rest, factor) => gemm(rest, b!, c ?? null, { transA, transB, alpha: factor })) ??
      absorb(b!, (rest, factor) => gemm(a!, rest, c ?? null, { transA, transB, alpha: factor }))
    );
  },
};

function is(node: Expr, name: string): boolean {
  return node.row.name === name;
}

function reducesNothing(shape: Shape, axes: readonly number[]): boolean {
  return axes.every((axis) => shape[axis] === 1);
}

/** Whether float32 holds the number to full precision: a product of factors may leave its range. */
function isNormal(value: number): boolean {
  return Math.abs(value) >= 2 ** -126 && Math.abs(value) <= 3.4e38;
}

/** `number · rest`, when the first operand is a float32 number. */
function scaled(factor: Expr, rest: Expr): [factor: number, rest: Expr] | undefined {
  const number = factor.dtype === 'float32' ? constantNumber(factor) : undefined;
  return number === undefined ? undefined : [number, rest];
}

/** A node as a number times the rest, `undefined` where it is none. */
function scaleOf(node: Expr): { factor: number; rest: Expr } | undefined {
  if (is(node, 'neg')) return { factor: -1, rest: node.inputs[0]! };
  if (!is(node, 'mul')) return undefined;
  const [factor, rest] =
    scaled(node.inputs[0]!, node.inputs[1]!) ?? scaled(node.inputs[1]!, node.inputs[0]!) ?? [];
  return factor === undefined || rest === undefined ? undefined : { factor, rest };
}

interface SumAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

const sums: Readonly<Record<string, Reduction>> = { sum, sumOfSquares };

/** Of more numbers than this, a sum in two stages is the more exact one: some runtimes add them one by one. */
const fewNumbers = 1 << 15;

/** A sum of sums over everything is one sum. */
function wholeSum(x: Expr, shape: Shape): Expr | undefined {
  const total = sums[x.row.name];
  const input = x.inputs[0];
  if (total === undefined || input!.shape.some((dim) => typeof dim === 'string')) return undefined;
  return sizeOf(input!.shape) <= fewNumbers ? reshape(total(input!), shape) : undefined;
}

/** f(number · x) = number · f(x), for a linear f. */
function factorOut(operand: Expr, usedOnce: UsedOnce, linear: (x: Expr) => Expr): Expr | undefined {
  const inner = usedOnce(operand) ? scaleOf(operand) : undefined;
  const fits = inner !== undefined && sameShape(inner.rest.shape, operand.shape);
  return fits ? mul(linear(inner.rest), inner.factor) : undefined;
}

/** number · a ± number · b = number · (a ± b). */
function commonFactor(
  a: Expr,
  b: Expr,
  usedOnce: UsedOnce,
  same: Binary,
  opposite: Binary,
): Expr | undefined {
  if (!usedOnce(a) || !usedOnce(b)) return undefined;
  const [left, right] = [scaleOf(a), scaleOf(b)];
  if (left === undefined || right === undefined) return undefined;
  if (left.factor === right.factor) return mul(same(left.rest, right.rest), left.factor);
  return left.factor === -right.factor ? mul(opposite(left.rest, right.rest), left.factor) : undefined;
}
