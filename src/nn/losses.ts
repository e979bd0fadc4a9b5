import type { Expr } from '../graph/expr.js';
import { abs, add, exp, lessOrEqual, mul, softplus, sub, where } from '../graph/ops/elementwise.js';
import { sum } from '../graph/ops/reducing.js';

/** A loss between target and prediction, element by element; both of one shape. */
export type Loss = (target: Expr, prediction: Expr) => Expr;

function squared(x: Expr): Expr {
  return mul(x, x);
}

/** The losses by name, element by element: sum them over features, average them over the batch. */
export const losses = {
  /** (x - x̂)² */
  mse: (target, prediction) => squared(sub(target, prediction)),
  /** |x - x̂| */
  mae: (target, prediction) => abs(sub(target, prediction)),
  /** Quadratic up to an error of 1, linear beyond (Huber 1964, delta 1). */
  huber: (target, prediction) => {
    const error = sub(target, prediction);
    const size = abs(error);
    return where(lessOrEqual(size, 1), mul(squared(error), 0.5), sub(size, 0.5));
  },
  /**
   * Binary cross-entropy of targets in [0, 1] from logits: softplus(l) - x · l, finite for every logit.
   * The prediction is the logit; its sigmoid is the probability.
   */
  bce: (target, logits) => sub(softplus(logits), mul(target, logits)),
} satisfies Record<string, Loss>;

/** The name of a loss. */
export type LossName = keyof typeof losses;

/** Sums over every axis but the first: one number for each sample. */
export function sumFeatures(x: Expr): Expr {
  return sum(x, x.shape.map((_, axis) => axis).slice(1));
}

/** KL(N(mean, e^logVar) ‖ N(0, 1)) for each sample, in nats (Kingma and Welling 2014, appendix B). */
export function klToStandardNormal(mean: Expr, logVar: Expr): Expr {
  return mul(sumFeatures(sub(add(mul(mean, mean), exp(logVar)), add(logVar, 1))), 0.5);
}
