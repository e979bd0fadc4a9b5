import { z } from 'zod';
import { option, UserError } from '../../errors.js';
import { constant, type Expr } from '../../graph/expr.js';
import { add, div, exp, maximum, mul } from '../../graph/ops/elementwise.js';
import { argMax, logSoftmax, softmax, sum } from '../../graph/ops/reducing.js';
import { oneHot, reshape } from '../../graph/ops/shaping.js';
import { gumbel, gumbelNoise } from '../../nn/likelihoods.js';
import { count, type NetworkOptions, networkOptions } from '../family.js';
import { outputLayer } from '../networks.js';
import type { Posterior, Prior } from '../posteriors.js';
import { variationalFamily } from '../variational.js';

/** Options of how choices are softened. */
interface Softness {
  readonly classes: number;
  readonly lowestTemperature: number;
}

function categoricalPosterior(config: NetworkOptions & Softness): Posterior {
  const { latent, classes, lowestTemperature } = config;
  if (latent % classes !== 0) {
    throw new UserError(
      `categorical-vae: a code of ${latent} numbers cannot be cut into one-hot vectors of ${classes}; choose a ${option('latent')} that ${option('classes')} divides`,
    );
  }
  const groups = latent / classes;
  const head = outputLayer(latent, config);
  const grouped = (logits: Expr) => reshape(logits, [logits.shape[0]!, groups, classes]);
  const likeliest = (logits: Expr) => reshape(oneHot(argMax(grouped(logits)), classes), logits.shape);
  return {
    size: latent,
    parameters: (hidden, scope) => ({ logits: scope.in('logits', (inner) => head(hidden, inner)) }),
    exported({ logits }) {
      return { code: likeliest(logits!), probabilities: softmax(grouped(logits!)) };
    },
    nearest: likeliest,
    draw({ logits }, draws, scope) {
      const [batch] = logits!.shape;
      const logs = reshape(logSoftmax(grouped(logits!)), [batch!, 1, groups, classes]);
      const all = mul(logs, constant(1, [1, draws, 1, 1]));
      const code = gumbel(all, scope, 'draws');
      return {
        code: reshape(code, [batch!, draws, latent]),
        logDensity: sum(mul(code, all), [2, 3]),
      };
    },
    single({ logits }, scope) {
      const each = grouped(logits!);
      const noisy = () => add(each, gumbelNoise(scope, 'posterior', each.shape));
      const code = scope.training
        ? softmax(div(noisy(), maximum(scope.scalar('temperature'), lowestTemperature)))
        : oneHot(argMax(noisy()), classes);
      return reshape(code, logits!.shape);
    },
    divergence({ logits }) {
      const logs = logSoftmax(grouped(logits!));
      return add(sum(mul(exp(logs), logs), [1, 2]), groups * Math.log(classes));
    },
  };
}

/** Every one-hot vector is as likely. */
function uniformPrior(latent: number, classes: number): Prior {
  const groups = latent / classes;
  return {
    logDensity: () => constant(-groups * Math.log(classes)),
    sample: (rows, scope) =>
      reshape(oneHot(argMax(gumbelNoise(scope, 'prior', [rows, groups, classes])), classes), [rows, latent]),
  };
}

/**
 * The VAE with categorical latents (Jang et al. 2017; Maddison et al. 2017): a code is some one-hot vectors. While training
 * they are relaxed, softmax((logits + Gumbel noise) / τ), so that gradients pass; the temperature τ falls to its lowest.
 * Measured, drawn and exported are one-hot vectors themselves, and the KL term is that of the categorical distribution.
 */
export const categoricalVaeFamily = variationalFamily({
  name: 'categorical-vae',
  title: 'VAE with categorical latents',
  summary: 'codes that are choices: clusters, or discrete factors',
  source: 'Jang et al. 2017',
  options: {
    // Without it all samples soon have one code for good: logits run away together, and where they are large no gradient is.
    normalization: networkOptions.normalization
      .unwrap()
      .default('batch')
      .describe('normalisation after each hidden layer'),
    classes: count.min(2).default(8).describe('classes of each latent; divides the size of a code'),
    temperature: z.number().positive().default(1).describe('softness of the choices at first'),
    temperatureDecay: z
      .number()
      .positive()
      .max(1)
      .default(0.95)
      .describe('factor on the temperature after each epoch'),
    lowestTemperature: z
      .number()
      .positive()
      .default(0.5)
      .describe('where the temperature stops falling, since gradients of hard choices are noise'),
  },
  posterior: (config) => categoricalPosterior(config),
  prior: ({ latent, classes }) => uniformPrior(latent, classes),
  scalars: ({ temperature, temperatureDecay }) => ({
    temperature: { base: temperature, schedule: { type: 'exponential', gamma: temperatureDecay } },
  }),
});
