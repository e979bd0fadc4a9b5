import { makeModel } from '../../estimator/create.js';
import type { Platform } from '../../estimator/platform.js';
import type { CodeDensity } from './density.js';
import { type SecondStageOptions, secondStageFit } from './secondStage.js';
import { Standardization } from './standardize.js';

const smallestHidden = 64;
const largestHidden = 512;

/**
 * The two-stage VAE (Dai and Wipf 2019): a second variational autoencoder learns the codes of the first model. Its own
 * code has as many numbers as the codes have that vary, so nothing is compressed; its likelihood is gaussian with a
 * learned variance. A code is drawn from p(z | u), noise included, where u is drawn from N(0, 1).
 * @param codes [count, latent], not all the same
 */
export async function fitTwoStage(
  platform: Platform,
  codes: Float32Array,
  latent: number,
  options: SecondStageOptions,
): Promise<CodeDensity> {
  const standard = new Standardization(codes, latent);
  const { width } = standard;
  const count = codes.length / latent;
  const fitting = secondStageFit(count, { ...options, monitor: 'validationNegativeElbo' });
  const hidden = Math.min(Math.max(8 * width, smallestHidden), largestHidden);
  const second = makeModel(platform, 'vae', {
    input: width,
    hidden: [hidden, hidden],
    latent: width,
    likelihood: { type: 'gaussian', variance: 'learned' },
    // Codes of a VAE are nearly N(0, 1) already: with the whole KL term from the start the second code stays unused.
    betaSchedule: { type: 'warmup', duration: fitting.epochs / 2 },
    seed: options.seed,
  });
  await second.fit({ data: standard.apply(codes), shape: [count, width] }, fitting);
  return {
    async draw(wanted, random) {
      const drawn = await second.sample(wanted, { seed: random.next(), observation: 'draw' });
      return standard.undo(drawn.data);
    },
  };
}
