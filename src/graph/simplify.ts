import { constantNumber, type Expr } from './expr.js';
import { add, div, mul, neg, sqrt, sub } from './ops/elementwise.js';
import { gemm } from './ops/linear.js';
import { reshape, transpose } from './ops/shaping.js';
import { type Shape, sameShape } from './shape.js';

/** One algebraic step to a simpler expression of equal value, or the node itself. */
export function simplify(node: Expr): Expr {
  const rule = rules[node.row.name];
  const result = rule?.(node, node.inputs) ?? node;
  // A rule must keep the type: `x · 1` where the 1 broadcasts x to a larger shape is no identity.
  return sameShape(result.shape, node.shape) && result.dtype === node.dtype ? result : node;
}

type Rule = (node: Expr, inputs: readonly Expr[]) => Expr | undefined;

const rules: Readonly<Record<string, Rule>> = {
  add: (_, [a, b]) => {
    if (constantNumber(a!) === 0) return b;
    if (constantNumber(b!) === 0) return a;
    if (a === b) return mul(a!, 2);
    if (is(b!, 'neg')) return sub(a!, b!.inputs[0]!);
    if (is(a!, 'neg')) return sub(b!, a!.inputs[0]!);
    return undefined;
  },
  sub: (_, [a, b]) => {
    if (constantNumber(b!) === 0) return a;
    if (constantNumber(a!) === 0) return neg(b!);
    return is(b!, 'neg') ? add(a!, b!.inputs[0]!) : undefined;
  },
  mul: (_, [a, b]) => {
    const [factor, rest] = scaled(a!, b!) ?? scaled(b!, a!) ?? [];
    if (rest === undefined || factor === undefined) return floatScaleOut(a!, b!) ?? floatScaleOut(b!, a!);
    if (factor === 1) return rest;
    if (factor === -1) return neg(rest);
    if (is(rest, 'neg')) return mul(rest.inputs[0]!, -factor);
    const inner = scaleOf(rest);
    if (inner === undefined || (factor !== 0 && !isNormal(inner.factor * factor))) return undefined;
    return mul(inner.rest, Math.fround(inner.factor * factor));
  },
  div: (_, [a, b]) => {
    const divisor = constantNumber(b!);
    if (divisor === undefined || b!.dtype !== 'float32') return undefined;
    if (divisor === 1) return a;
    return isNormal(1 / divisor) ? mul(a!, Math.fround(1 / divisor)) : undefined;
  },
  neg: (_, [x]) => {
    if (is(x!, 'neg')) return x!.inputs[0];
    if (is(x!, 'sub')) return sub(x!.inputs[1]!, x!.inputs[0]!);
    const inner = scaleOf(x!);
    return inner && mul(inner.rest, -inner.factor);
  },
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
  reshape: (node, [x]) => {
    if (sameShape(x!.shape, node.shape)) return x;
    return is(x!, 'reshape') ? reshape(x!.inputs[0]!, node.shape) : undefined;
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
  sum: (node, [x]) =>
    reducesNothing(x!.shape, node.attributes.axes as number[]) ? reshape(x!, node.shape) : undefined,
  mean: (node, [x]) =>
    reducesNothing(x!.shape, node.attributes.axes as number[]) ? reshape(x!, node.shape) : undefined,
  max: (node, [x]) =>
    reducesNothing(x!.shape, node.attributes.axes as number[]) ? reshape(x!, node.shape) : undefined,
  slice: (_, [x]) => x,
  matMul: (_, [a, b]) => (a!.rank === 2 && b!.rank === 2 ? gemm(a!, b!) : undefined),
  gemm: (node, [a, b, c]) => {
    const { transA, transB, alpha } = node.attributes as { transA: boolean; transB: boolean; alpha: number };
    if (is(a!, 'transpose')) return gemm(a!.inputs[0]!, b!, c ?? null, { transA: !transA, transB, alpha });
    if (is(b!, 'transpose')) return gemm(a!, b!.inputs[0]!, c ?? null, { transA, transB: !transB, alpha });
    return undefined;
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

function scaleOf(node: Expr): { factor: number; rest: Expr } | undefined {
  if (!is(node, 'mul')) return undefined;
  const [factor, rest] =
    scaled(node.inputs[0]!, node.inputs[1]!) ?? scaled(node.inputs[1]!, node.inputs[0]!) ?? [];
  return factor === undefined || rest === undefined ? undefined : { factor, rest };
}

/** (x · number) · y = (x · y) · number: numbers meet on the outside, where they become one. */
function floatScaleOut(a: Expr, b: Expr): Expr | undefined {
  const inner = scaleOf(a);
  return inner && mul(mul(inner.rest, b), inner.factor);
}
