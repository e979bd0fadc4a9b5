import { z } from 'zod';
import type { Expr } from '../../graph/expr.js';
import { add, mul } from '../../graph/ops/elementwise.js';
import { mean } from '../../graph/ops/reducing.js';
import { concat, slice } from '../../graph/ops/shaping.js';
import { sizeOf } from '../../graph/shape.js';
import { adversary, discriminator } from '../../nn/adversary.js';
import { count } from '../family.js';
import { besideElbo, variationalFamily } from '../variational.js';

/** Each latent from another sample: latent j of row i comes from row i + j + 1, around the batch. */
function mixed(code: Expr): Expr {
  const [rows, latent] = code.shape.map((dim) => sizeOf([dim]));
  const columns = Array.from({ length: latent! }, (_, j) => {
    const column = slice(code, 1, j, j + 1);
    const turn = (j + 1) % rows!;
    return turn === 0 ? column : concat([slice(column, 0, turn, rows!), slice(column, 0, 0, turn)], 0);
  });
  return concat(columns, 1);
}

/**
 * The Factor-VAE (Kim and Mnih 2018): a discriminator learns to tell codes from codes whose latents come from different
 * samples; the logit that it gives a code estimates how far its latents depend on one another (the total correlation),
 * which weighs γ. Samples are shuffled every epoch, so the latents of another row of the batch are a fair draw.
 */
export const factorVaeFamily = variationalFamily({
  name: 'factor-vae',
  title: 'Factor-VAE',
  summary: 'latents that do not depend on one another, judged by a second network',
  source: 'Kim and Mnih 2018',
  options: {
    gamma: z.number().nonnegative().default(10).describe('weight of the total correlation'),
    discriminatorHidden: z
      .array(count)
      .default([256, 256])
      .describe("units of the discriminator's hidden layers"),
  },
  objective(parts, { gamma, discriminatorHidden }) {
    const { code, scope } = parts;
    const judge = discriminator(discriminatorHidden);
    const { discriminatorLoss, accuracy } = adversary({ judge, real: code, made: [mixed(code)] }, scope);
    // D is trained to say code, so its logit is log q(z) - log Π q(zⱼ).
    const logit = judge(code, scope.frozen);
    const totalCorrelation = mean(logit);
    const loss = add(add(mean(parts.nll), mean(parts.kl)), mul(totalCorrelation, gamma));
    return besideElbo(parts, loss, { totalCorrelation, discriminatorLoss, discriminatorAccuracy: accuracy });
  },
});
