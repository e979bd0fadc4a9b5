import { constant, type Expr } from '../graph/expr.js';
import { add, mul, relu, tanh } from '../graph/ops/elementwise.js';
import { gemm } from '../graph/ops/linear.js';
import { initializers } from './initializers.js';
import { dense } from './layers.js';
import type { Scope } from './scope.js';

/** The logarithm of a scale lies within ± this: one step of training cannot make a density explode. */
const largestLogScale = 3;

/** The sizes of a masked network. */
export interface MadeOptions {
  /** Numbers that go in, and numbers of each kind that come out. */
  readonly width: number;
  /** Units of each of its two hidden layers. */
  readonly hidden: number;
  /** Whether number i depends on those after it instead of those before it. */
  readonly reversed: boolean;
  /** What all numbers may depend on, [batch, any]; nothing by default. */
  readonly context?: Expr;
}

/** For each number the shift and the logarithm of the scale, [batch, width]. */
export interface Conditional {
  readonly shift: Expr;
  readonly logScale: Expr;
}

/**
 * A masked network for density estimation (MADE, Germain et al. 2015): shift and scale of number i depend on the numbers
 * before it alone. Each unit has a degree, the last number that it may have seen; the masks leave out every connection
 * that would break this. Output kernels start at zero, so that an untrained network says shift 0 and scale 1.
 */
export function made(x: Expr, { width, hidden, reversed, context }: MadeOptions, scope: Scope): Conditional {
  const places = inputDegrees(width, reversed);
  const units = Array.from({ length: hidden }, (_, unit) => (width === 1 ? 0 : 1 + (unit % (width - 1))));
  const sees = (to: number, from: number) => to >= from;
  const follows = (to: number, from: number) => to > from;
  let value = x;
  [places, units].forEach((from, layer) => {
    const seen = scope.in(`${layer}`, (inner) =>
      masked(value, mask(from, units, sees), 'glorotUniform', inner),
    );
    const known =
      layer > 0 || context === undefined
        ? null
        : scope.in('context', (inner) => dense(hidden, { bias: false })(context, inner));
    value = relu(known === null ? seen : add(seen, known));
  });
  const output = (name: string) =>
    scope.in(name, (inner) => masked(value, mask(units, places, follows), 'zeros', inner));
  const bounded = tanh(mul(output('logScale'), 1 / largestLogScale));
  return { shift: output('shift'), logScale: mul(bounded, largestLogScale) };
}

/** The degree of each number: its place, from 1, in the order in which they depend on one another. */
export function inputDegrees(width: number, reversed: boolean): number[] {
  return Array.from({ length: width }, (_, i) => (reversed ? width - i : i + 1));
}

/** A kernel's mask, [from, to]. */
interface Mask {
  readonly shape: readonly [number, number];
  readonly data: Float32Array;
}

function mask(
  from: readonly number[],
  to: readonly number[],
  connects: (to: number, from: number) => boolean,
): Mask {
  const data = Float32Array.from({ length: from.length * to.length }, (_, i) =>
    connects(to[i % to.length]!, from[Math.floor(i / to.length)]!) ? 1 : 0,
  );
  return { shape: [from.length, to.length], data };
}

/** A dense layer whose kernel is multiplied by a mask. */
function masked(x: Expr, { shape, data }: Mask, initializer: 'glorotUniform' | 'zeros', scope: Scope): Expr {
  const kernel = scope.parameter('kernel', shape, initializers[initializer]);
  const bias = scope.parameter('bias', [shape[1]], initializers.zeros);
  return gemm(x, mul(kernel, constant(data, shape)), bias);
}
