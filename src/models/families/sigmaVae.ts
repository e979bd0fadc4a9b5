import { z } from 'zod';
import { activationName } from '../family.js';
import { variationalFamily } from '../variational.js';

const likelihood = z
  .strictObject({
    type: z.literal('gaussian'),
    variance: z.union([z.number().positive(), z.literal('learned')]).default('learned'),
    activation: activationName.default('linear'),
  })
  .default({ type: 'gaussian', variance: 'learned', activation: 'linear' })
  .describe('normal, with one variance that is learned');

/**
 * The σ-VAE (Rybkin et al. 2021): a normal likelihood whose variance is learned with the weights, so that reconstruction
 * and KL term weigh by themselves as much as they should, with no β to tune.
 */
export const sigmaVaeFamily = variationalFamily({
  name: 'sigma-vae',
  title: 'σ-VAE',
  summary: 'for continuous data: the noise is learned, so that there is no weight to tune',
  source: 'Rybkin et al. 2021',
  options: { likelihood },
});
