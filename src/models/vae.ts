import { z } from 'zod';
import { UserError } from '../errors.js';
import type { Expr } from '../graph/expr.js';
import { add, exp, mul, sub } from '../graph/ops/elementwise.js';
import { mean } from '../graph/ops/reducing.js';
import { reshape } from '../graph/ops/shaping.js';
import { drawNormal, flattenDraws, logStandardNormal, repeatRows } from '../nn/draws.js';
import { sequential } from '../nn/layers.js';
import type { LikelihoodConfig } from '../nn/likelihoods.js';
import { klToStandardNormal } from '../nn/losses.js';
import type { Scope } from '../nn/scope.js';
import type { Definition } from './definition.js';
import {
  activationName,
  convolutionalDefaults,
  count,
  type Family,
  fieldParts,
  fieldsSchema,
  networkOptions,
  observationOf,
  scheduleSchema,
} from './family.js';
import { networks, outputLayer } from './networks.js';

const likelihoodSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('bernoulli') }),
  z.strictObject({
    type: z.literal('gaussian'),
    variance: z.union([z.number().positive(), z.literal('learned')]).default(1),
    activation: activationName.default('linear'),
  }),
  z.strictObject({ type: z.literal('categorical'), classes: count }),
  fieldsSchema,
]);

const schema = z.strictObject({
  ...networkOptions,
  likelihood: likelihoodSchema
    .default({ type: 'bernoulli' })
    .describe('p(x | z), the distribution of data about a reconstruction'),
  /** Weight of the KL term (Higgins et al. 2017); 1 gives the evidence lower bound. */
  beta: z
    .number()
    .nonnegative()
    .default(1)
    .describe('weight of the KL term; 1 gives the evidence lower bound'),
  /** How the weight of the KL term rises: warm-up, or cyclic. */
  betaSchedule: scheduleSchema.default({ type: 'constant' }).describe('how the weight of the KL term rises'),
});

/** All options of a variational autoencoder, defaults filled in. */
export type VaeConfig = z.output<typeof schema>;

/** The options as a user gives them. */
export type VaeInput = z.input<typeof schema>;

/**
 * The variational autoencoder (Kingma and Welling 2014): minimises
 * (1/m) Σ [ -E_q log p(x | z) + β · KL(q(z | x) ‖ N(0, 1)) ] with z = μ + σ ⊙ ε, one draw of ε for each sample and
 * step. Both terms are sums over features and latents, in nats, averaged over the batch.
 */
export const vaeFamily: Family<VaeConfig> = {
  name: 'vae',
  schema: schema as z.ZodType<VaeConfig>,
  define(config, input): Definition {
    const { features } = input;
    if (config.likelihood.type === 'categorical' && features % config.likelihood.classes !== 0) {
      throw new UserError(
        `vae: likelihood.classes: ${features} features cannot be divided into groups of ${config.likelihood.classes}`,
      );
    }
    const observation = observationOf(config.likelihood as LikelihoodConfig);
    const halves = networks(config, input);
    const trunk = sequential(...halves.encoder);
    const head = outputLayer(config.latent, config);
    const decoder = sequential(...halves.decoder(observation.outputs ?? features));

    const posterior = (x: Expr, scope: Scope) =>
      scope.in('encoder', (inner) => {
        const hidden = inner.in('hidden', (deeper) => trunk(observation.visible?.(x) ?? x, deeper));
        return {
          mean: inner.in('mean', (s) => head(hidden, s)),
          logVar: inner.in('logVar', (s) => head(hidden, s)),
        };
      });
    const output = (code: Expr, scope: Scope) => scope.in('decoder', (inner) => decoder(code, inner));
    const [low, high] = observation.support;
    return {
      features,
      latent: config.latent,
      encode: posterior,
      decode: (code, scope) => observation.mean(output(code, scope)),
      ...fieldParts(observation, output),
      observe: (code, scope) =>
        scope.in('likelihood', (inner) => observation.sample(output(code, scope), inner)),
      objective(x, scope) {
        const { mean: center, logVar } = posterior(x, scope);
        const noise = scope.noise('posterior', 'normal', center.shape);
        const code = add(center, mul(exp(mul(logVar, 0.5)), noise));
        const decoded = output(code, scope);
        const nll = mean(
          scope.in('likelihood', (inner) => observation.negativeLogLikelihood(x, decoded, inner)),
        );
        const kl = mean(klToStandardNormal(center, logVar));
        const plain = config.beta === 1 && config.betaSchedule.type === 'constant';
        const weighted = plain ? kl : mul(kl, scope.scalar('beta'));
        // With another weight the loss is no bound; the bound is then reported beside it.
        const bound = plain ? {} : { negativeElbo: add(nll, kl) };
        return { loss: add(nll, weighted), metrics: { ...bound, reconstructionNll: nll, kl } };
      },
      logWeights(x, draws, scope) {
        const { mean: center, logVar } = posterior(x, scope);
        const { code, logDensity } = drawNormal(center, logVar, draws, scope);
        const decoded = output(flattenDraws(code), scope);
        const nll = scope.in('likelihood', (inner) =>
          observation.negativeLogLikelihood(repeatRows(x, draws), decoded, inner),
        );
        return sub(sub(logStandardNormal(code), logDensity), reshape(nll, logDensity.shape));
      },
      scalars: { beta: { base: config.beta, schedule: config.betaSchedule } },
      support: {
        low,
        high,
        because: `the likelihood '${config.likelihood.type}'`,
        ...(config.likelihood.type === 'categorical' && { group: config.likelihood.classes }),
      },
    };
  },
};

/** The same with convolutions by default: for pictures and signals. */
export const convVaeFamily: Family<VaeConfig> = {
  ...vaeFamily,
  name: 'conv-vae',
  schema: schema.extend(convolutionalDefaults) as z.ZodType<VaeConfig>,
};
