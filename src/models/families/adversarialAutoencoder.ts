import { z } from 'zod';
import { mul } from '../../graph/ops/elementwise.js';
import { adversary, discriminator } from '../../nn/adversary.js';
import { deterministicFamily } from '../deterministic.js';
import { count } from '../family.js';
import { standardNormalCodes } from '../posteriors.js';

/**
 * The adversarial autoencoder (Makhzani et al. 2016): a discriminator learns to tell codes from draws of N(0, 1), and the
 * encoder learns to deceive it. Loss: reconstruction - λ · log D(code), all but the discriminator's own, which is
 * minimised beside it in the same step.
 */
export const adversarialAutoencoderFamily = deterministicFamily({
  name: 'adversarial-autoencoder',
  title: 'Adversarial autoencoder',
  summary: 'codes are made to follow the prior by a network that tries to tell them apart',
  source: 'Makhzani et al. 2016',
  options: {
    adversarialWeight: z.number().nonnegative().default(10).describe('weight of deceiving the discriminator'),
    discriminatorHidden: z
      .array(count)
      .default([256, 256])
      .describe("units of the discriminator's hidden layers"),
    slopePenalty: z
      .number()
      .nonnegative()
      .default(1)
      .describe("weight of the discriminator's squared slope, which keeps it from winning outright"),
  },
  regularize({ code, scope }, { adversarialWeight, discriminatorHidden, slopePenalty }) {
    const drawn = scope.noise('prior', 'normal', code.shape);
    const judge = discriminator(discriminatorHidden);
    const { deception, discriminatorLoss, accuracy } = adversary(
      { judge, real: drawn, made: [code], slopePenalty },
      scope,
    );
    return {
      loss: mul(deception, adversarialWeight),
      metrics: { deception, discriminatorLoss, discriminatorAccuracy: accuracy },
    };
  },
  prior: standardNormalCodes,
});
