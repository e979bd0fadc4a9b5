import { UserError } from '../errors.js';
import { currentPlace, type Expr } from '../graph/expr.js';
import {
  abs,
  add,
  cast,
  div,
  greaterOrEqual,
  mul,
  sqrt,
  stopGradient,
  sub,
} from '../graph/ops/elementwise.js';
import { gemm } from '../graph/ops/linear.js';
import { mean, sum, variance } from '../graph/ops/reducing.js';
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
  if (l1 !== 0) scope.penalty(mul(sum(abs(kernel)), l1));
  if (l2 !== 0) scope.penalty(mul(sum(mul(kernel, kernel)), l2));
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

export interface NormOptions {
  /** Keeps the division finite where a feature is constant. */
  readonly epsilon?: number;
}

export interface BatchNormOptions extends NormOptions {
  /** What of the running statistics remains at each step (Keras' convention; PyTorch's momentum is 1 minus this). */
  readonly momentum?: number;
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015) over all axes but the channels, which are axis 1: [batch, features]
 * or [batch, channels, …space]. In training by the statistics of the batch, otherwise by running ones, which
 * hold the unbiased variance as PyTorch's do.
 */
export function batchNorm({ epsilon = 1e-5, momentum = 0.9 }: BatchNormOptions = {}): Layer {
  return (x, scope) => {
    const features = sizeOf([x.shape[1]!]);
    const shape = [features, ...x.shape.slice(2).map(() => 1)];
    const gamma = scope.parameter('gamma', shape, initializers.ones);
    const beta = scope.parameter('beta', shape, initializers.zeros);
    const runningMean = scope.state('runningMean', shape, initializers.zeros);
    const runningVariance = scope.state('runningVariance', shape, initializers.ones);
    let [center, spread] = [runningMean, runningVariance];
    if (scope.training) {
      const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
      [center, spread] = [mean(x, axes, true), variance(x, axes, true)];
      const count = sizeOf(axes.map((axis) => x.shape[axis]!));
      const blend = (old: Expr, now: Expr) => add(mul(old, momentum), mul(stopGradient(now), 1 - momentum));
      const flat = (value: Expr) => sum(value, 0);
      scope.update('runningMean', blend(runningMean, flat(center)));
      scope.update(
        'runningVariance',
        blend(runningVariance, mul(flat(spread), count / Math.max(count - 1, 1))),
      );
    }
    return add(mul(div(sub(x, center), sqrt(add(spread, epsilon))), gamma), beta);
  };
}

/** Layer normalisation over the last axis (Ba et al. 2016). */
export function layerNorm({ epsilon = 1e-5 }: NormOptions = {}): Layer {
  return (x, scope) => {
    const features = sizeOf([x.shape[x.rank - 1]!]);
    const gamma = scope.parameter('gamma', [features], initializers.ones);
    const beta = scope.parameter('beta', [features], initializers.zeros);
    const centered = sub(x, mean(x, -1, true));
    const deviation = sqrt(add(mean(mul(centered, centered), -1, true), epsilon));
    return add(mul(div(centered, deviation), gamma), beta);
  };
}
