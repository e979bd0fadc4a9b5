import { z } from 'zod';
import { option, UserError } from '../../errors.js';
import type { Expr } from '../../graph/expr.js';
import { abs, add, log, mul, neg, sub } from '../../graph/ops/elementwise.js';
import { mean, sum } from '../../graph/ops/reducing.js';
import { sumFeatures } from '../../nn/losses.js';
import { deterministicFamily } from '../deterministic.js';
import { activationName } from '../family.js';

/** Rates are kept away from 0 and 1, where their logarithms are not finite. */
const edge = 1e-6;

/** Σ KL(ρ ‖ ρ̂ⱼ) of Bernoulli distributions, over latents, in nats (Ng 2011). */
function rateDivergence(rates: Expr, target: number): Expr {
  const kept = add(mul(rates, 1 - 2 * edge), edge);
  const entropy = target * Math.log(target) + (1 - target) * Math.log(1 - target);
  const cross = add(mul(log(kept), target), mul(log(sub(1, kept)), 1 - target));
  return sum(add(neg(cross), entropy));
}

/**
 * The sparse autoencoder: beside the reconstruction, few numbers of a code are to differ from 0. With `l1` the penalty is
 * λ Σⱼ |codeⱼ|, averaged over samples; with `kl` it is λ Σⱼ KL(ρ ‖ ρ̂ⱼ), where ρ̂ⱼ is the mean of number j over the batch
 * and ρ the target rate (Ng 2011), for which codes must lie in [0, 1].
 */
export const sparseAutoencoderFamily = deterministicFamily({
  name: 'sparse-autoencoder',
  title: 'Sparse autoencoder',
  summary: 'codes of which few numbers are active at a time, which makes each of them mean something',
  source: 'Ng 2011',
  options: {
    sparsity: z
      .enum(['l1', 'kl'])
      .default('l1')
      .describe('l1: small absolute codes; kl: each number active at the target rate'),
    sparsityWeight: z.number().nonnegative().default(0.1).describe('weight of the sparsity penalty'),
    targetRate: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.05)
      .describe('with kl: how active each number is to be on average'),
    latentActivation: activationName.default('relu').describe('activation of the code'),
  },
  check({ sparsity, latentActivation }) {
    if (sparsity === 'kl' && latentActivation !== 'sigmoid') {
      throw new UserError(
        `sparse-autoencoder: ${option('sparsity', 'kl')} needs codes in [0, 1], but the activation of the code is ${latentActivation}; give ${option('latentActivation', 'sigmoid')}, or choose ${option('sparsity', 'l1')}`,
      );
    }
  },
  regularize({ code }, { sparsity, sparsityWeight, targetRate }) {
    const penalty =
      sparsity === 'l1' ? mean(sumFeatures(abs(code))) : rateDivergence(mean(code, 0), targetRate);
    return { loss: mul(penalty, sparsityWeight), metrics: { sparsityPenalty: penalty } };
  },
});
