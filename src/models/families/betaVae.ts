import { z } from 'zod';
import { add, mul } from '../../graph/ops/elementwise.js';
import { mean } from '../../graph/ops/reducing.js';
import { besideElbo, variationalFamily } from '../variational.js';

/**
 * The β-VAE (Higgins et al. 2017): the KL term weighs β times as much, which makes single latents stand for single factors
 * of the data at the price of the reconstruction. The `vae` with another `beta` is the same with a schedule.
 */
export const betaVaeFamily = variationalFamily({
  name: 'beta-vae',
  title: 'β-VAE',
  summary: 'latents that stand for single factors; blurs reconstructions',
  source: 'Higgins et al. 2017',
  options: { beta: z.number().nonnegative().default(4).describe('weight of the KL term') },
  objective: (parts, { beta }) => besideElbo(parts, add(mean(parts.nll), mul(mean(parts.kl), beta))),
});
