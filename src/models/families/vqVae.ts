import { z } from 'zod';
import { option, UserError } from '../../errors.js';
import { mul } from '../../graph/ops/elementwise.js';
import { mean } from '../../graph/ops/reducing.js';
import { nearestCode, quantize } from '../../nn/quantizer.js';
import { deterministicFamily } from '../deterministic.js';
import { count } from '../family.js';

/**
 * The vector-quantised VAE (van den Oord et al. 2017): a code is cut into pieces, and each piece is replaced by the
 * nearest of a few learned vectors, so that a sample becomes a short list of whole numbers. The codebook is a running mean
 * (EMA); dead vectors start again at codes of the batch. Loss: reconstruction + commitment · ‖z - nearest‖², both summed
 * over their dimensions and averaged over samples.
 */
export const vqVaeFamily = deterministicFamily({
  name: 'vq-vae',
  title: 'Vector-quantised VAE',
  summary: 'codes that are lists of whole numbers: for compression, and for models of sequences',
  source: 'van den Oord et al. 2017',
  options: {
    codes: count.min(2).default(256).describe('vectors in the codebook'),
    codeSize: count.default(4).describe('numbers in each vector; divides the size of a code'),
    commitment: z.number().nonnegative().default(0.25).describe('weight of the distance to the codebook'),
    decay: z
      .number()
      .min(0)
      .lt(1)
      .default(0.99)
      .describe('what remains of the running codebook at each step'),
    restartBelow: z
      .number()
      .min(0)
      .lt(1)
      .default(0.01)
      .describe('vectors used less than this share of evenly start again'),
  },
  check({ latent, codeSize }) {
    if (latent % codeSize !== 0) {
      throw new UserError(
        `vq-vae: a code of ${latent} numbers cannot be cut into pieces of ${codeSize}; choose a ${option('latent')} that ${option('codeSize')} divides`,
      );
    }
  },
  nearest: (code, options, scope) => scope.in('quantizer', (inner) => nearestCode(code, options, inner)),
  bottleneck(code, { codes, codeSize, commitment, decay, restartBelow }, scope) {
    const quantized = scope.in('quantizer', (inner) =>
      quantize(code, { codes, codeSize, decay, restartBelow }, inner),
    );
    const distance = mean(quantized.distance);
    return {
      code: quantized.code,
      loss: mul(distance, commitment),
      metrics: {
        commitment: distance,
        perplexity: quantized.perplexity,
        codebookUse: mul(quantized.perplexity, 1 / codes),
      },
      exported: { indices: quantized.indices },
    };
  },
});
