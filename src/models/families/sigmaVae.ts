import { z } from 'zod';
import { activationName } from '../family.js';
import { variationalFamily } from '../variational.js';

const likelihood = z
  .strictObject({
    type: z.literal('gaussian'),
    variance: z.union([z.number().positive(), z.enum(['optimal', 'learned'])]).default('optimal'),
    activation: activationName.default('linear'),
  })
  .default({ type: 'gaussian', variance: 'optimal', activation: 'linear' })
  .describe('normal, with one variance: the best for each batch (optimal), learned as a weight, or given');

/**
 * The σ-VAE (Rybkin et al. 2021): a normal likelihood whose variance follows the error of the reconstruction, so that it
 * and the KL term weigh by themselves as much as they should, with no β to tune. By default the variance of a batch is its
 * mean squared error, which no other makes likelier; learned as a weight it takes thousands of steps to get there.
 */
export const sigmaVaeFamily = variationalFamily({
  name: 'sigma-vae',
  title: 'σ-VAE',
  summary: 'for continuous data: the noise is learned, so that there is no weight to tune',
  source: 'Rybkin et al. 2021',
  options: { likelihood },
});
