import { UserError } from '../errors.js';
import { currentPlace, type Expr } from '../graph/expr.js';
import { abs, add, cast, greaterOrEqual, mul } from '../graph/ops/elementwise.js';
import { gemm } from '../graph/ops/linear.js';
import { sum } from '../graph/ops/reducing.js';
import { reshape } from '../graph/ops/shaping.js';
import { formatShape, ShapeError, sizeOf } from '../graph/shape.js';
import { type ActivationName, activations } from './activations.js';
import { type InitializerName, initializers } from './initializers.js';
import type { Scope } from './scope.js';

/** A layer maps an expression to an expression and finds its weights in the scope it is called in. */
export type Layer = (x: Expr, scope: Scope) => Expr;

/** Layers one after another; their variables are named by position: `0.kernel`, `1.kernel`. */
export function sequential(...layers: readonly Layer[]): Layer {
  return (x, scope) =>
    layers.reduce((value, layer, i) => scope.in(String(i), (inner) => layer(value, inner)), x);
}

/** Penalties on a layer's kernel, added to the training loss. */
export interface KernelPenalties {
  /** Factor on the sum of absolute weights. */
  readonly l1?: number;
  /** Factor on the sum of squared weights. */
  readonly l2?: number;
}

export interface DenseOptions extends KernelPenalties {
  readonly activation?: ActivationName;
  readonly initializer?: InitializerName;
  readonly bias?: boolean;
}

/** activation(x · kernel + bias): [batch, in] → [batch, units]. Kernel [in, units], Glorot-uniform; bias 0. */
export function dense(units: number, options: DenseOptions = {}): Layer {
  const { activation = 'linear', initializer = 'glorotUniform', bias = true } = options;
  return (x, scope) => {
    if (x.rank !== 2)
      throw new ShapeError(
        `dense in ${currentPlace() || 'the model'}: [batch, features] is expected, got ${formatShape(x.shape)}; flatten it first`,
      );
    const kernel = scope.parameter('kernel', [sizeOf([x.shape[1]!]), units], initializers[initializer]);
    const offset = bias ? scope.parameter('bias', [units], initializers.zeros) : null;
    penalize(kernel, options, scope);
    return activations[activation](gemm(x, kernel, offset));
  };
}

/** Adds L1 and L2 penalties on a kernel to the training loss. */
export function penalize(kernel: Expr, { l1 = 0, l2 = 0 }: KernelPenalties, scope: Scope): void {
  if (!scope.training) return;
  if (l1 !== 0) scope.penalty('kernel.l1', mul(sum(abs(kernel)), l1));
  if (l2 !== 0) scope.penalty('kernel.l2', mul(sum(mul(kernel, kernel)), l2));
}

/** The activation alone. */
export function activation(name: ActivationName): Layer {
  return (x) => activations[name](x);
}

/** In training sets a fraction `rate` of the elements to 0 and scales the rest by 1 / (1 - rate) (Srivastava 2014). */
export function dropout(rate: number): Layer {
  if (!(rate >= 0 && rate < 1))
    throw new UserError(`dropout: a rate from 0 to below 1 is expected, got ${rate}`);
  return (x, scope) => {
    if (!scope.training || rate === 0) return x;
    const keep = greaterOrEqual(scope.noise('dropout', 'uniform', x.shape), rate);
    return mul(x, mul(cast(keep, 'float32'), 1 / (1 - rate)));
  };
}

/** In training adds normal noise of this standard deviation. */
export function gaussianNoise(deviation: number): Layer {
  if (!(deviation >= 0 && deviation < Infinity))
    throw new UserError(`gaussianNoise: a standard deviation of 0 or more is expected, got ${deviation}`);
  return (x, scope) => {
    if (!scope.training || deviation === 0) return x;
    return add(x, mul(scope.noise('gaussian', 'normal', x.shape), deviation));
  };
}

/** Everything but the batch on one axis: [batch, …] → [batch, features], channels before space. */
export function flatten(): Layer {
  return (x) => reshape(x, [x.shape[0]!, sizeOf(x.shape.slice(1))]);
}

/** The same numbers under another shape of a sample: [batch, …] → [batch, …shape]. */
export function reshapeTo(...shape: readonly number[]): Layer {
  return (x) => reshape(x, [x.shape[0]!, ...shape]);
}
