import { z } from 'zod';
import type { Expr } from '../../graph/expr.js';
import { add, mul, neg } from '../../graph/ops/elementwise.js';
import { logMeanExp, mean } from '../../graph/ops/reducing.js';
import { reshape } from '../../graph/ops/shaping.js';
import { count } from '../family.js';
import { type VariationalParts, variationalFamily } from '../variational.js';

/** The draws of a bound, and how many bounds are averaged. */
const bounds = count.default(4).describe('bounds that are averaged (M)');
const draws = count.default(4).describe('draws in each bound (K)');

/** -log (1/K) Σ w, averaged over groups and samples: of weights [batch, groups · K] a scalar, in nats. */
export function negativeBound(logWeights: Expr, groups: number): Expr {
  const [batch, all] = logWeights.shape;
  return neg(mean(logMeanExp(reshape(logWeights, [batch!, groups, (all as number) / groups]), 2)));
}

/** The weights of all draws, and the bounds that every one of these families reports. */
function weightsOf({ x, scope, model }: VariationalParts, all: number) {
  const weights = model.logWeights(x, all, scope);
  return { weights, negativeElbo: neg(mean(weights)) };
}

/**
 * The importance-weighted autoencoder (Burda et al. 2016): minimises -E log (1/K) Σₖ p(x, zₖ) / q(zₖ | x), a bound on
 * -log p(x) that is tighter the more draws there are.
 */
export const iwaeFamily = variationalFamily({
  name: 'iwae',
  title: 'Importance-weighted autoencoder',
  summary: 'a better likelihood than a VAE at K times its cost',
  source: 'Burda et al. 2016',
  options: { draws: count.default(5).describe('draws of the code for each sample (K)') },
  objective(parts, config) {
    const { weights, negativeElbo } = weightsOf(parts, config.draws);
    return { loss: negativeBound(weights, 1), metrics: { negativeElbo } };
  },
});

/** The multiply importance-weighted autoencoder (Rainforth et al. 2018): the mean of M bounds of K draws each. */
export const miwaeFamily = variationalFamily({
  name: 'miwae',
  title: 'MIWAE',
  summary: 'an IWAE whose encoder learns from less noisy gradients',
  source: 'Rainforth et al. 2018',
  options: { bounds, draws },
  objective(parts, config) {
    const { weights, negativeElbo } = weightsOf(parts, config.bounds * config.draws);
    return { loss: negativeBound(weights, config.bounds), metrics: { negativeElbo } };
  },
});

/** The combination of both (Rainforth et al. 2018): β · ELBO + (1 - β) · the bound of K draws. */
export const ciwaeFamily = variationalFamily({
  name: 'ciwae',
  title: 'CIWAE',
  summary: 'between a VAE and an IWAE',
  source: 'Rainforth et al. 2018',
  options: {
    beta: z.number().min(0).max(1).default(0.5).describe('weight of the ELBO; the rest is that of the bound'),
    draws: count.default(16).describe('draws of the code for each sample (K)'),
  },
  objective(parts, { beta, draws: all }) {
    const { weights, negativeElbo } = weightsOf(parts, all);
    const bound = negativeBound(weights, 1);
    return {
      loss: add(mul(negativeElbo, beta), mul(bound, 1 - beta)),
      metrics: { negativeElbo, negativeBound: bound },
    };
  },
});
