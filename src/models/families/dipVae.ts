import { z } from 'zod';
import { add, exp, mul, sub } from '../../graph/ops/elementwise.js';
import { gemm } from '../../graph/ops/linear.js';
import { mean, sum } from '../../graph/ops/reducing.js';
import { identity } from '../../graph/ops/shaping.js';
import { sizeOf } from '../../graph/shape.js';
import { besideElbo, variationalFamily } from '../variational.js';

/**
 * The DIP-VAE (Kumar et al. 2018): the covariance of codes over the data is to be the identity, by a penalty
 * λ_od Σ_{i≠j} C_ij² + λ_d Σ_i (C_ii - 1)². Type `i` takes the covariance of the means; type `ii` adds the mean variance
 * of q(z | x), which makes it the covariance of the draws. It is that of the batch.
 */
export const dipVaeFamily = variationalFamily({
  name: 'dip-vae',
  title: 'DIP-VAE',
  summary: 'latents that are uncorrelated, by a penalty on their covariance',
  source: 'Kumar et al. 2018',
  options: {
    type: z.enum(['i', 'ii']).default('i').describe('i: covariance of the means; ii: of the draws'),
    offDiagonal: z.number().nonnegative().default(10).describe('weight of squared covariances'),
    diagonal: z
      .number()
      .nonnegative()
      .default(100)
      .describe('weight of how far variances are from 1, squared'),
  },
  objective(parts, { type, offDiagonal, diagonal, latent }) {
    const { mean: center, logVar } = parts.parameters;
    const deviation = sub(center!, mean(center!, 0, true));
    const ofMeans = mul(gemm(deviation, deviation, null, { transA: true }), 1 / sizeOf([center!.shape[0]!]));
    const diagonalOnes = identity(latent);
    const covariance = type === 'i' ? ofMeans : add(ofMeans, mul(diagonalOnes, mean(exp(logVar!), 0)));
    const squares = mul(covariance, covariance);
    const off = sum(mul(squares, sub(1, diagonalOnes)));
    const variances = sub(sum(mul(covariance, diagonalOnes), 1), 1);
    const on = sum(mul(variances, variances));
    const penalty = add(mul(off, offDiagonal), mul(on, diagonal));
    const loss = add(add(mean(parts.nll), mean(parts.kl)), penalty);
    return besideElbo(parts, loss, { offDiagonal: off, diagonal: on });
  },
});
