import { z } from 'zod';
import { constant } from '../../graph/expr.js';
import { gradient } from '../../graph/gradient.js';
import { add, mul, sigmoid } from '../../graph/ops/elementwise.js';
import { mean, sum } from '../../graph/ops/reducing.js';
import { sumFeatures } from '../../nn/losses.js';
import { type DeterministicParts, deterministicFamily } from '../deterministic.js';

/** ‖θ‖² of the decoder: of its kernels, its biases and the scales of its normalisation. */
function decoderSquares({ scope }: DeterministicParts) {
  return [...scope.variables]
    .filter(([name, { trainable }]) => trainable && name.startsWith('decoder.'))
    .map(([, { expr }]) => sum(mul(expr, expr)))
    .reduce((a, b) => add(a, b), constant(0));
}

/** The squared norm of the gradient of the reconstruction, summed, with respect to the code, averaged over samples. */
function decoderGradient({ code, output }: DeterministicParts, fromLogits: boolean) {
  const [slope] = gradient(sum(fromLogits ? sigmoid(output) : output), [code]);
  return mean(sumFeatures(mul(slope, slope)));
}

/**
 * Regularised autoencoders (Ghosh et al. 2020): a VAE's smooth latent space without its noise. Loss: reconstruction +
 * ½ · codeWeight · ‖code‖² + decoderWeight · penalty, where the penalty on the decoder is the sum of its squared weights,
 * biases among them (`l2`), or the squared gradient of the reconstruction with respect to the code (`gradient`). New samples come from a density of
 * the codes that is fitted afterwards: `sampler(model, data, { type: 'gmm' })`.
 */
export const raeFamily = deterministicFamily({
  name: 'rae',
  title: 'Regularised autoencoder',
  summary: 'sharp samples without a prior: a density of the codes is fitted after training',
  source: 'Ghosh et al. 2020',
  options: {
    penalty: z
      .enum(['l2', 'gradient'])
      .default('l2')
      .describe("what keeps the decoder smooth: its weights' squares, or its gradient's"),
    codeWeight: z.number().nonnegative().default(1e-2).describe('weight of half the squared code'),
    decoderWeight: z.number().nonnegative().default(1e-4).describe('weight of the penalty on the decoder'),
  },
  regularize(parts, { penalty, codeWeight, decoderWeight, loss, likelihood }) {
    const { code } = parts;
    const codes = mean(sumFeatures(mul(code, code)));
    const fromLogits = loss === 'bce' && likelihood === undefined;
    const smooth = penalty === 'l2' ? decoderSquares(parts) : decoderGradient(parts, fromLogits);
    return {
      loss: add(mul(codes, codeWeight / 2), mul(smooth, decoderWeight)),
      metrics: { squaredCode: codes, decoderPenalty: smooth },
    };
  },
});
