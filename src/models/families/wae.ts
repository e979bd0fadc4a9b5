import { z } from 'zod';
import { mul } from '../../graph/ops/elementwise.js';
import { maximumMeanDiscrepancy } from '../../nn/mmd.js';
import { deterministicFamily } from '../deterministic.js';
import { standardNormalCodes } from '../posteriors.js';

/**
 * The Wasserstein autoencoder with maximum mean discrepancy (Tolstikhin et al. 2018, algorithm 2): all codes together are
 * to lie as N(0, 1) does, instead of each by itself as in a VAE. Loss: reconstruction + λ · MMD(codes, N(0, 1)).
 */
export const waeFamily = deterministicFamily({
  name: 'wae',
  title: 'Wasserstein autoencoder',
  summary: 'samples sharper than those of a VAE: codes together, not each by itself, follow the prior',
  source: 'Tolstikhin et al. 2018',
  options: {
    kernel: z.enum(['imq', 'rbf']).default('imq').describe('kernel of the discrepancy'),
    mmdWeight: z.number().nonnegative().default(100).describe('weight of the discrepancy'),
  },
  regularize({ code, scope }, { kernel, mmdWeight }) {
    const drawn = scope.noise('prior', 'normal', code.shape);
    const discrepancy = maximumMeanDiscrepancy(code, drawn, kernel);
    return { loss: mul(discrepancy, mmdWeight), metrics: { mmd: discrepancy } };
  },
  prior: standardNormalCodes,
});
