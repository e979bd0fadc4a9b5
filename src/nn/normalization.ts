import { UserError } from '../errors.js';
import type { Expr } from '../graph/expr.js';
import { add, div, mul, sqrt, stopGradient, sub } from '../graph/ops/elementwise.js';
import { mean, sum, variance } from '../graph/ops/reducing.js';
import { reshape } from '../graph/ops/shaping.js';
import { sizeOf } from '../graph/shape.js';
import { initializers } from './initializers.js';
import type { Layer } from './layers.js';

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
    const deviation = sqrt(add(spread, epsilon));
    const centered = sub(x, center);
    // Of maps each channel is divided once instead of each element; rows of features are as they always were, to the bit.
    const maps = x.rank > 2;
    return add(maps ? mul(centered, div(gamma, deviation)) : mul(div(centered, deviation), gamma), beta);
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

export interface GroupNormOptions extends NormOptions {
  /** Into how many groups channels are divided, 8 by default; 1 is layer normalisation over channels and space. */
  readonly groups?: number;
}

/**
 * Group normalisation (Wu and He 2018): [batch, channels, …space], each group of channels of each sample by its own mean
 * and variance, so that nothing depends on the batch.
 * @throws {UserError} when channels are not divisible into the groups
 */
export function groupNorm({ groups = 8, epsilon = 1e-5 }: GroupNormOptions = {}): Layer {
  return (x, scope) => {
    const channels = sizeOf([x.shape[1]!]);
    if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0)
      throw new UserError(
        `group normalization: ${channels} channels cannot be divided into ${groups} groups`,
      );
    const shape = [channels, ...x.shape.slice(2).map(() => 1)];
    const gamma = scope.parameter('gamma', shape, initializers.ones);
    const beta = scope.parameter('beta', shape, initializers.zeros);
    const grouped = reshape(x, [x.shape[0]!, groups, sizeOf(x.shape.slice(1)) / groups]);
    const centered = sub(grouped, mean(grouped, -1, true));
    const deviation = sqrt(add(mean(mul(centered, centered), -1, true), epsilon));
    return add(mul(reshape(div(centered, deviation), x.shape), gamma), beta);
  };
}
