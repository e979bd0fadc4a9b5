import { z } from 'zod';
import { add, mul } from '../../graph/ops/elementwise.js';
import { mean } from '../../graph/ops/reducing.js';
import { convolutionalDefaults, scheduleSchema } from '../family.js';
import { besideElbo, negativeElbo, type VariationalFamily, variationalFamily } from '../variational.js';

const options = {
  beta: z
    .number()
    .nonnegative()
    .default(1)
    .describe('weight of the KL term; 1 gives the evidence lower bound'),
  betaSchedule: scheduleSchema.default({ type: 'constant' }).describe('how the weight of the KL term rises'),
} as const;

const family: VariationalFamily<typeof options> = {
  name: 'vae',
  title: 'Variational autoencoder',
  summary: 'the plain one: codes with a distribution, from which new samples can be drawn',
  source: 'Kingma and Welling 2014',
  options,
  objective(parts, { beta, betaSchedule }) {
    if (beta === 1 && betaSchedule.type === 'constant') return negativeElbo(parts);
    // With another weight the loss is no bound; the bound is then reported beside it.
    return besideElbo(parts, add(mean(parts.nll), mul(mean(parts.kl), parts.scope.scalar('beta'))));
  },
  scalars: ({ beta, betaSchedule }) => ({ beta: { base: beta, schedule: betaSchedule } }),
};

/**
 * The variational autoencoder (Kingma and Welling 2014): minimises
 * (1/m) Σ [ -E_q log p(x | z) + β · KL(q(z | x) ‖ N(0, 1)) ] with z = μ + σ ⊙ ε, one draw of ε for each sample and
 * step. Both terms are sums over features and latents, in nats, averaged over the batch. Another weight than 1 makes it a
 * β-VAE (Higgins et al. 2017).
 */
export const vaeFamily = variationalFamily(family);

/** The same with convolutions by default: for pictures and signals. */
export const convVaeFamily = variationalFamily({
  ...family,
  name: 'conv-vae',
  title: 'Convolutional variational autoencoder',
  summary: 'the same for pictures and signals',
  options: { ...options, ...convolutionalDefaults },
});
