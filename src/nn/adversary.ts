import type { Expr } from '../graph/expr.js';
import { gradient } from '../graph/gradient.js';
import { add, cast, greater, less, mul, neg, softplus, stopGradient } from '../graph/ops/elementwise.js';
import { mean, sum } from '../graph/ops/reducing.js';
import { dense, sequential } from './layers.js';
import { sumFeatures } from './losses.js';
import type { Scope } from './scope.js';

/** What a discriminator makes of a batch. Scalars, in nats per sample. */
export interface Adversary {
  /** -log D(made): what whoever made them minimises; its gradient does not reach the discriminator. */
  readonly deception: Expr;
  /** -½ log D(real) - ½ log (1 - D(made)): what the discriminator minimises. */
  readonly discriminatorLoss: Expr;
  /** The share that it tells right of the real and of the last of the makers: ½ when it is deceived. */
  readonly accuracy: Expr;
}

/** A network that judges rows: [batch, features] → one logit each, [batch, 1]. */
export type Judge = (x: Expr, scope: Scope) => Expr;

/** A discriminator of dense layers. */
export function discriminator(hidden: readonly number[]): Judge {
  const network = sequential(...hidden.map((units) => dense(units, { activation: 'leakyRelu' })), dense(1));
  return (x, scope) => scope.in('discriminator', (inner) => network(x, inner));
}

/** Who plays against one another. */
export interface Players {
  readonly judge: Judge;
  /** [batch, features]. */
  readonly real: Expr;
  /** What is to be taken for real, of one maker or of several that count alike, each [batch, features]. */
  readonly made: readonly Expr[];
  /** Weight of half the judge's squared slope where it judges (R1 and R2 of Mescheder et al. 2018), none by default. */
  readonly slopePenalty?: number;
}

/**
 * Two networks against one another in one step (Goodfellow et al. 2014, with the loss for the maker that does not
 * saturate). The judge's loss is left in the scope as a rival's.
 */
export function adversary({ judge, real, made, slopePenalty = 0 }: Players, scope: Scope): Adversary {
  const given = stopGradient(real);
  const gotten = made.map((x) => stopGradient(x));
  const onReal = judge(given, scope);
  const onMade = gotten.map((x) => judge(x, scope));
  const discriminatorLoss = mul(
    add(mean(softplus(neg(onReal))), average(onMade.map((logit) => mean(softplus(logit))))),
    0.5,
  );
  if (scope.training) {
    const steepness = () =>
      add(squaredSlope(onReal, given), average(onMade.map((logit, i) => squaredSlope(logit, gotten[i]!))));
    scope.rival(
      slopePenalty === 0 ? discriminatorLoss : add(discriminatorLoss, mul(steepness(), slopePenalty / 2)),
    );
  }
  const share = (right: Expr) => mean(cast(right, 'float32'));
  return {
    deception: average(made.map((x) => mean(softplus(neg(judge(x, scope.frozen)))))),
    discriminatorLoss,
    accuracy: mul(add(share(greater(onReal, 0)), share(less(onMade.at(-1)!, 0))), 0.5),
  };
}

function average(terms: readonly Expr[]): Expr {
  return mul(
    terms.reduce((a, b) => add(a, b)),
    1 / terms.length,
  );
}

/** ‖∂D/∂x‖² where D has given `output` for `x`, averaged over samples: a scalar. */
function squaredSlope(output: Expr, x: Expr): Expr {
  const [slope] = gradient(sum(output), [x]);
  return mean(sumFeatures(mul(slope, slope)));
}
