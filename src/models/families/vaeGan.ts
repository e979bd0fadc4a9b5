import { z } from 'zod';
import type { Expr } from '../../graph/expr.js';
import { add, mul, stopGradient, sub } from '../../graph/ops/elementwise.js';
import { mean } from '../../graph/ops/reducing.js';
import { adversary } from '../../nn/adversary.js';
import { dense } from '../../nn/layers.js';
import { sumFeatures } from '../../nn/losses.js';
import type { Scope } from '../../nn/scope.js';
import { besideElbo, variationalFamily } from '../variational.js';

/**
 * The VAE-GAN (Larsen et al. 2016): a discriminator, built like the encoder, tells samples from reconstructions and from
 * draws of the model. Reconstructions are measured by its last hidden layer instead of by pixels:
 * w · ½ ‖D(x) - D(x̂)‖² + KL - λ log D(made). The encoder learns by the first two, the decoder by the first and the last, the
 * discriminator beside them.
 */
export const vaeGanFamily = variationalFamily({
  name: 'vae-gan',
  title: 'VAE-GAN',
  summary: 'sharp pictures: reconstructions are judged by a network instead of pixel by pixel',
  source: 'Larsen et al. 2016',
  options: {
    featureWeight: z
      .number()
      .nonnegative()
      .default(10)
      .describe('weight of the features: the larger, the more a code says'),
    adversarialWeight: z.number().nonnegative().default(1).describe('weight of deceiving the discriminator'),
    slopePenalty: z
      .number()
      .nonnegative()
      .default(1)
      .describe("weight of the discriminator's squared slope, which keeps it from winning outright"),
  },
  objective(parts, { featureWeight, adversarialWeight, slopePenalty }) {
    const { x, scope, code, output, model } = parts;
    const last = dense(1);
    const features = (rows: Expr, by: Scope) =>
      by.in('discriminator', (inner) => inner.in('hidden', (deeper) => model.trunk(rows, deeper)));
    const judge = (rows: Expr, by: Scope) => {
      const hidden = features(rows, by);
      return by.in('discriminator', (inner) => inner.in('logit', (deeper) => last(hidden, deeper)));
    };
    const drawnCode = scope.noise('prior', 'normal', code.shape);
    const drawn = model.mean(model.decode(drawnCode, scope));
    const again = model.mean(model.decode(stopGradient(code), scope));

    const difference = sub(features(x, scope.frozen), features(model.mean(output), scope.frozen));
    const featureError = mul(mean(sumFeatures(mul(difference, difference))), 0.5);
    const { deception, discriminatorLoss, accuracy } = adversary(
      { judge, real: x, made: [again, drawn], slopePenalty },
      scope,
    );
    const loss = add(
      add(mul(featureError, featureWeight), mean(parts.kl)),
      mul(deception, adversarialWeight),
    );
    return besideElbo(parts, loss, {
      ...{ featureError, deception, discriminatorLoss, discriminatorAccuracy: accuracy },
    });
  },
});
