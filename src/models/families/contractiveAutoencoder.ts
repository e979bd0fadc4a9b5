import { z } from 'zod';
import { mul } from '../../graph/ops/elementwise.js';
import { mean } from '../../graph/ops/reducing.js';
import { squaredJacobianNorm } from '../../nn/jacobian.js';
import { deterministicFamily } from '../deterministic.js';

/**
 * The contractive autoencoder (Rifai et al. 2011): codes are to change little where samples change a little. The penalty
 * is λ ‖∂f(x)/∂x‖², the squared Frobenius norm of the encoder's whole Jacobian, exact for any encoder, averaged over
 * samples. It costs as many passes through the encoder as a code has numbers.
 */
export const contractiveAutoencoderFamily = deterministicFamily({
  name: 'contractive-autoencoder',
  title: 'Contractive autoencoder',
  summary: 'codes that hardly move when samples move a little; slow where codes are long',
  source: 'Rifai et al. 2011',
  options: {
    contraction: z.number().nonnegative().default(0.1).describe("weight of the Jacobian's squared norm"),
  },
  regularize({ x, scope, model }, { contraction, latent }) {
    const encode = (rows: typeof x) => model.encode(rows, scope.inference);
    const penalty = mean(squaredJacobianNorm(encode, x, latent));
    return { loss: mul(penalty, contraction), metrics: { jacobianNorm: penalty } };
  },
});
