import { z } from 'zod';
import { abs, add, mul, sub } from '../../graph/ops/elementwise.js';
import { mean } from '../../graph/ops/reducing.js';
import { besideElbo, variationalFamily } from '../variational.js';

/**
 * The VAE whose KL term is held at a capacity that rises while training runs (Burgess et al. 2018): minimises
 * nll + γ |KL - C|, with C from 0 to `capacity` nats over `capacityEpochs`. Factors of the data are learned one after the
 * other, with less blur than a β-VAE.
 */
export const capacityVaeFamily = variationalFamily({
  name: 'capacity-vae',
  title: 'Capacity-annealed β-VAE',
  summary: 'a β-VAE whose codes may say more and more while training runs',
  source: 'Burgess et al. 2018',
  options: {
    gamma: z
      .number()
      .positive()
      .default(10)
      .describe('weight of the distance of the KL term from the capacity'),
    capacity: z.number().positive().default(25).describe('nats that a code may hold in the end'),
    capacityEpochs: z.number().positive().default(10).describe('epochs until then'),
  },
  objective(parts, { gamma }) {
    const capacity = parts.scope.scalar('capacity');
    const distance = abs(sub(mean(parts.kl), capacity));
    return besideElbo(parts, add(mean(parts.nll), mul(distance, gamma)));
  },
  scalars: ({ capacity, capacityEpochs }) => ({
    capacity: { base: capacity, schedule: { type: 'warmup', duration: capacityEpochs } },
  }),
});
