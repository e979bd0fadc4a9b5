import { z } from 'zod';
import { option, UserError } from '../../errors.js';
import { add, mul } from '../../graph/ops/elementwise.js';
import { mean } from '../../graph/ops/reducing.js';
import { maximumMeanDiscrepancy } from '../../nn/mmd.js';
import { besideElbo, variationalFamily } from '../variational.js';

/**
 * The InfoVAE (Zhao et al. 2019, eq. 6): nll + (1 - α) KL + (α + λ - 1) MMD(codes, N(0, 1)). The KL term of each sample
 * counts less, that of all codes together more, so that codes keep saying something where a VAE's would collapse. With
 * α = 1 it is the MMD-VAE.
 */
export const infoVaeFamily = variationalFamily({
  name: 'info-vae',
  title: 'InfoVAE',
  summary: 'where codes of a VAE collapse: they keep what they know about samples',
  source: 'Zhao et al. 2019',
  options: {
    alpha: z.number().max(1).default(0.5).describe('how much less the KL term of each sample counts'),
    lambda: z.number().nonnegative().default(100).describe('how much codes together are held to the prior'),
    kernel: z.enum(['imq', 'rbf']).default('imq').describe('kernel of the discrepancy'),
  },
  check({ alpha, lambda }) {
    if (alpha + lambda < 1) {
      throw new UserError(
        `info-vae: with ${option('alpha', alpha)} and ${option('lambda', lambda)} codes would be driven away from the prior; choose them so that together they are at least 1`,
      );
    }
  },
  objective(parts, { alpha, lambda, kernel }) {
    const { code, scope } = parts;
    const mmd = maximumMeanDiscrepancy(code, scope.noise('prior', 'normal', code.shape), kernel);
    const loss = add(add(mean(parts.nll), mul(mean(parts.kl), 1 - alpha)), mul(mmd, alpha + lambda - 1));
    return besideElbo(parts, loss, { mmd });
  },
});
