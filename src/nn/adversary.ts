import type { Expr } from '../graph/expr.js';
import { gradient } from '../graph/gradient.js';
import { add, cast, greater, less, mul, neg, softplus, stopGradient } from '../graph/ops/elementwise.js';
import { mean, sum } from '../graph/ops/reducing.js';
import { dense, type Layer, sequential } from './layers.js';
import { sumFeatures } from './losses.js';
import type { Scope } from './scope.js';

/** What a discriminator makes of a batch. Scalars, in nats per sample. */
export interface Adversary {
  /** -log D(made): what whoever made them minimises; its gradient does not reach the discriminator. */
  readonly deception: Expr;
  /** -½ log D(real) - ½ log (1 - D(made)): what the discriminator minimises. */
  readonly discriminatorLoss: Expr;
  /** The share that it tells right: ½ when it is deceived. */
  readonly accuracy: Expr;
}

/** How a discriminator is built and taught. */
export interface AdversaryOptions {
  /** Units of its hidden layers. */
  readonly hidden: readonly number[];
  /** Weight of half its squared slope where it judges (R1 and R2 of Mescheder et al. 2018), none by default. */
  readonly slopePenalty?: number;
}

/** A discriminator: dense layers that end in one logit, [batch, features] → [batch, 1]. */
export function discriminator(hidden: readonly number[]): Layer {
  return sequential(...hidden.map((units) => dense(units, { activation: 'leakyRelu' })), dense(1));
}

/**
 * Two networks against one another in one step (Goodfellow et al. 2014, with the loss for the maker that does not
 * saturate). The discriminator's loss is left in the scope as a rival's.
 * @param made [batch, features]: what is to be taken for real
 * @param real [batch, features]
 */
export function adversary(
  made: Expr,
  real: Expr,
  { hidden, slopePenalty = 0 }: AdversaryOptions,
  scope: Scope,
): Adversary {
  const network = discriminator(hidden);
  const judge = (x: Expr, by: Scope) => by.in('discriminator', (inner) => network(x, inner));
  const [given, gotten] = [stopGradient(real), stopGradient(made)];
  const [onReal, onMade] = [judge(given, scope), judge(gotten, scope)];
  const discriminatorLoss = mul(add(mean(softplus(neg(onReal))), mean(softplus(onMade))), 0.5);
  if (scope.training) {
    const steepness = () => add(squaredSlope(onReal, given), squaredSlope(onMade, gotten));
    scope.rival(
      slopePenalty === 0 ? discriminatorLoss : add(discriminatorLoss, mul(steepness(), slopePenalty / 2)),
    );
  }
  const share = (right: Expr) => mean(cast(right, 'float32'));
  return {
    deception: mean(softplus(neg(judge(made, scope.frozen)))),
    discriminatorLoss,
    accuracy: mul(add(share(greater(onReal, 0)), share(less(onMade, 0))), 0.5),
  };
}

/** ‖∂D/∂x‖² where D has given `output` for `x`, averaged over samples: a scalar. */
export function squaredSlope(output: Expr, x: Expr): Expr {
  const [slope] = gradient(sum(output), [x]);
  return mean(sumFeatures(mul(slope, slope)));
}
