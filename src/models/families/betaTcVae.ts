import { z } from 'zod';
import type { Expr } from '../../graph/expr.js';
import { add, exp, mul, neg, sub } from '../../graph/ops/elementwise.js';
import { logMeanExp, mean, sum } from '../../graph/ops/reducing.js';
import { reshape } from '../../graph/ops/shaping.js';
import { log2Pi, logNormal, logStandardNormal } from '../../nn/draws.js';
import { besideElbo, variationalFamily } from '../variational.js';

/** log q(zᵢ | xⱼ) of each latent, for all pairs of a batch: [batch of i, batch of j, latent]. */
function pairwiseLogDensity(code: Expr, center: Expr, logVar: Expr): Expr {
  const [batch, latent] = code.shape;
  const across = (x: Expr) => reshape(x, [1, batch!, latent!]);
  const error = sub(reshape(code, [batch!, 1, latent!]), across(center));
  const squares = mul(mul(error, error), exp(neg(across(logVar))));
  return mul(add(add(squares, across(logVar)), log2Pi), -0.5);
}

/**
 * The β-TC-VAE (Chen et al. 2018): the KL term is taken apart into what codes say about samples, how far latents depend on
 * one another (the total correlation), and how far each lies from the prior; they weigh α, β and γ. q(z) is estimated from
 * the batch as the mean of q(z | xⱼ) over its samples, so the parts depend on the batch size, and their sum is the KL term
 * but for log(q(z | x) / p(z)) being taken at the draw.
 */
export const betaTcVaeFamily = variationalFamily({
  name: 'beta-tc-vae',
  title: 'β-TC-VAE',
  summary: 'latents that do not depend on one another, with less blur than a β-VAE',
  source: 'Chen et al. 2018',
  options: {
    alpha: z.number().nonnegative().default(1).describe('weight of what codes say about samples'),
    beta: z.number().nonnegative().default(6).describe('weight of how far latents depend on one another'),
    gamma: z.number().nonnegative().default(1).describe('weight of how far each latent lies from the prior'),
  },
  objective(parts, { alpha, beta, gamma }) {
    const { code, parameters } = parts;
    const { mean: center, logVar } = parameters;
    const pairs = pairwiseLogDensity(code, center!, logVar!);
    const own = sub(code, center!);
    const logGiven = logNormal(add(mul(mul(own, own), exp(neg(logVar!))), logVar!));
    const logJoint = logMeanExp(sum(pairs, 2), 1);
    const logMarginals = sum(logMeanExp(pairs, 1), 1);
    const logPrior = logStandardNormal(code);
    const information = mean(sub(logGiven, logJoint));
    const totalCorrelation = mean(sub(logJoint, logMarginals));
    const dimensionKl = mean(sub(logMarginals, logPrior));
    const weighted = add(mul(information, alpha), add(mul(totalCorrelation, beta), mul(dimensionKl, gamma)));
    return besideElbo(parts, add(mean(parts.nll), weighted), { information, totalCorrelation, dimensionKl });
  },
});
