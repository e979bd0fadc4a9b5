import type { Expr } from '../graph/expr.js';
import {
  add,
  cast,
  exp,
  less,
  log,
  maximum,
  mul,
  neg,
  sigmoid,
  stopGradient,
} from '../graph/ops/elementwise.js';
import { argMax, logSoftmax, mean as meanOf, softmax } from '../graph/ops/reducing.js';
import { oneHot, reshape } from '../graph/ops/shaping.js';
import { type Shape, sizeOf } from '../graph/shape.js';
import { type ActivationName, activationRange, activations } from './activations.js';
import { log2Pi } from './draws.js';
import { initializers } from './initializers.js';
import { losses, sumFeatures } from './losses.js';
import type { Scope } from './scope.js';

/** p(x | z): what the numbers that a decoder gives, [batch, features], mean as a distribution over the data. */
export interface Likelihood {
  /** -log p(x | z) for each sample, in nats, with every constant; [batch]. */
  negativeLogLikelihood(x: Expr, output: Expr, scope: Scope): Expr;
  /** The mean of p(x | z), [batch, features]. */
  mean(output: Expr): Expr;
  /** One draw from p(x | z), [batch, features]. */
  sample(output: Expr, scope: Scope): Expr;
  /** Where data must lie; the ends are included. */
  readonly support: readonly [low: number, high: number];
  /** Where means can lie. */
  readonly range: readonly [low: number, high: number];
  /** Numbers that the decoder gives, where they are not as many as there are features. */
  readonly outputs?: number;
  /** What the encoder is shown of the features; all of them by default. */
  readonly visible?: (x: Expr) => Expr;
  /** 1 for each feature that was observed, 0 for each that is missing, [batch, features]; all 1 by default. */
  readonly observed?: (x: Expr) => Expr;
  /** Of each field of a table's row twice how far -log p lies above the least it can be, [batch, fields]; 0 if missing. */
  readonly deviances?: (x: Expr, output: Expr, scope: Scope) => Expr;
  /** The least that -log p of a table's row can be, [batch]: it depends on which fields are present. */
  readonly constants?: (x: Expr, scope: Scope) => Expr;
}

/** The variance of a normal likelihood: given, a weight that is learned, or at each step the best for the batch. */
export type Variance = number | 'learned' | 'optimal';

/** A likelihood as it is written in options and in a manifest. */
export type LikelihoodConfig =
  | { readonly type: 'bernoulli' }
  | { readonly type: 'gaussian'; readonly variance: Variance; readonly activation: ActivationName }
  | { readonly type: 'categorical'; readonly classes: number };

const anything = [-Infinity, Infinity] as const;

/** Data in [0, 1]; the decoder gives logits. Grey values count as probabilities, as is usual for images. */
function bernoulli(): Likelihood {
  return {
    negativeLogLikelihood: (x, logits) => sumFeatures(losses.bce(x, logits)),
    mean: (logits) => sigmoid(logits),
    sample: (logits, scope) =>
      cast(less(scope.noise('observation', 'uniform', logits.shape), sigmoid(logits)), 'float32'),
    support: [0, 1],
    range: [0, 1],
  };
}

/** What of the running variance remains at each step where the best for each batch is taken. */
const varianceMomentum = 0.9;

/**
 * ‖x - mean‖² / (2σ²) + (D / 2) log(2πσ²). σ² is given, or one number for all features (σ-VAE, Rybkin et al. 2021):
 * learned, its logarithm the parameter `logVar`; or `optimal`, the mean squared error of the batch, of which the running
 * mean is kept for when training is over.
 */
function gaussian(variance: Variance, activation: ActivationName): Likelihood {
  const logVariance = (scope: Scope): Expr | number => {
    if (variance === 'learned') return scope.parameter('logVar', [], initializers.zeros);
    return variance === 'optimal'
      ? log(maximum(scope.state('variance', [], initializers.ones), 1e-12))
      : Math.log(variance);
  };
  /** The logarithm of the least mean squared error that the batch allows; no gradient passes, since its own there is 0. */
  const optimal = (squares: Expr, features: number, scope: Scope): Expr => {
    const now = stopGradient(mul(meanOf(squares), 1 / features));
    const running = scope.state('variance', [], initializers.ones);
    scope.update('variance', add(mul(running, varianceMomentum), mul(now, 1 - varianceMomentum)));
    return log(maximum(now, 1e-12));
  };
  const mean = (output: Expr) => activations[activation](output);
  return {
    negativeLogLikelihood(x, output, scope) {
      const features = sizeOf(output.shape.slice(1));
      const squares = sumFeatures(losses.mse(x, mean(output)));
      if (typeof variance === 'number')
        return add(mul(squares, 1 / (2 * variance)), (features / 2) * (log2Pi + Math.log(variance)));
      const isBest = variance === 'optimal' && scope.training;
      const logVar = isBest ? optimal(squares, features, scope) : (logVariance(scope) as Expr);
      return add(mul(mul(squares, 0.5), exp(neg(logVar))), mul(add(logVar, log2Pi), features / 2));
    },
    mean,
    sample(output, scope) {
      const deviation =
        typeof variance === 'number' ? Math.sqrt(variance) : exp(mul(logVariance(scope), 0.5));
      return add(mean(output), mul(scope.noise('observation', 'normal', output.shape), deviation));
    },
    support: activationRange[activation] ?? anything,
    range: activationRange[activation] ?? anything,
  };
}

/** Groups of `classes` features, each one-hot; the decoder gives a logit for each feature. */
function categorical(classes: number): Likelihood {
  const grouped = (x: Expr) => reshape(x, [x.shape[0]!, sizeOf([x.shape[1]!]) / classes, classes]);
  return {
    negativeLogLikelihood: (x, logits) => neg(sumFeatures(mul(grouped(x), logSoftmax(grouped(logits))))),
    mean: (logits) => reshape(softmax(grouped(logits)), logits.shape),
    sample: (logits, scope) => reshape(gumbel(grouped(logits), scope, 'observation'), logits.shape),
    support: [0, 1],
    range: [0, 1],
  };
}

/** A draw from the softmax of logits, one-hot: the largest of logits plus Gumbel noise (the Gumbel-max trick). */
export function gumbel(logits: Expr, scope: Scope, name: string): Expr {
  const noise = gumbelNoise(scope, name, logits.shape);
  return oneHot(argMax(add(logits, noise)), sizeOf(logits.shape.slice(-1)));
}

/** Draws from the standard Gumbel distribution, always finite. */
export function gumbelNoise(scope: Scope, name: string, shape: Shape): Expr {
  const uniform = scope.noise(name, 'uniform', shape);
  return neg(log(neg(log(add(mul(uniform, 1 - 2 ** -24), 2 ** -25)))));
}

/** The likelihood that a configuration names. */
export function likelihood(config: LikelihoodConfig): Likelihood {
  switch (config.type) {
    case 'bernoulli':
      return bernoulli();
    case 'gaussian':
      return gaussian(config.variance, config.activation);
    case 'categorical':
      return categorical(config.classes);
  }
}
