import { z } from 'zod';
import type { Expr } from '../graph/expr.js';
import { abs, mul, sigmoid } from '../graph/ops/elementwise.js';
import { mean } from '../graph/ops/reducing.js';
import { activationRange } from '../nn/activations.js';
import { sequential } from '../nn/layers.js';
import { losses, sumFeatures } from '../nn/losses.js';
import type { Scope } from '../nn/scope.js';
import type { Definition } from './definition.js';
import {
  activationName,
  convolutionalDefaults,
  type Family,
  fieldParts,
  fieldsSchema,
  networkOptions,
  observationOf,
} from './family.js';
import { networks, outputLayer } from './networks.js';

const schema = z.strictObject({
  ...networkOptions,
  /** Activation of the code. */
  latentActivation: activationName.default('linear').describe('activation of the code'),
  /** Activation of the reconstruction. */
  output: activationName.default('sigmoid').describe('activation of the reconstruction'),
  loss: z
    .enum(['mse', 'mae', 'huber', 'bce'])
    .default('mse')
    .describe('what is minimised between data and reconstruction'),
  /** Instead of the loss and the output: the negative log-likelihood of each column of a table. */
  likelihood: fieldsSchema.optional().describe('a likelihood for each column of a table'),
  /** Factor on Σ|code|, which makes codes sparse. */
  codeL1: z
    .number()
    .nonnegative()
    .default(0)
    .describe('penalty on the sum of absolute codes, which makes them sparse'),
});

/** All options of a plain autoencoder, defaults filled in. */
export type AutoencoderConfig = z.output<typeof schema>;

/** The options as a user gives them. */
export type AutoencoderInput = z.input<typeof schema>;

/**
 * The plain autoencoder: minimises (1/m) Σ ‖xᵢ - g(f(xᵢ))‖², or the sum over features of another loss, averaged
 * over samples.
 */
export const autoencoderFamily: Family<AutoencoderConfig> = {
  name: 'autoencoder',
  schema: schema as z.ZodType<AutoencoderConfig>,
  define(config, input): Definition {
    const { features } = input;
    const halves = networks(config, input);
    const encoder = sequential(
      ...halves.encoder,
      outputLayer(config.latent, config, config.latentActivation),
    );
    const observation = config.likelihood && observationOf(config.likelihood);
    // Cross-entropy is computed from logits, so its decoder ends in them and `decode` adds the sigmoid.
    const fromLogits = observation === undefined && config.loss === 'bce';
    const decoder = sequential(
      ...halves.decoder(
        observation?.outputs ?? features,
        fromLogits || observation ? 'linear' : config.output,
      ),
    );
    const encode = (x: Expr, scope: Scope) =>
      scope.in('encoder', (inner) => encoder(observation?.visible?.(x) ?? x, inner));
    const decode = (code: Expr, scope: Scope) => scope.in('decoder', (inner) => decoder(code, inner));
    const [low, high] =
      observation?.support ??
      (fromLogits ? [0, 1] : (activationRange[config.output] ?? [-Infinity, Infinity]));
    return {
      features,
      latent: config.latent,
      encode: (x, scope) => ({ code: encode(x, scope) }),
      decode(code, scope) {
        const decoded = decode(code, scope);
        if (observation !== undefined) return observation.mean(decoded);
        return fromLogits ? sigmoid(decoded) : decoded;
      },
      ...(observation && fieldParts(observation, decode)),
      objective(x, scope) {
        const code = encode(x, scope);
        if (config.codeL1 > 0 && scope.training)
          scope.penalty(mul(mean(sumFeatures(abs(code))), config.codeL1));
        const decoded = decode(code, scope);
        if (observation !== undefined) {
          const nll = (inner: Scope) => observation.negativeLogLikelihood(x, decoded, inner);
          return { loss: mean(scope.in('likelihood', nll)), metrics: {} };
        }
        const loss = mean(sumFeatures(losses[config.loss](x, decoded)));
        return { loss, metrics: config.loss === 'mse' ? { mse: mul(loss, 1 / features) } : {} };
      },
      scalars: {},
      support: {
        low,
        high,
        because: fromLogits ? "the loss 'bce'" : `the output activation '${config.output}'`,
      },
    };
  },
};

/** The same with convolutions by default: for pictures and signals. */
export const convAutoencoderFamily: Family<AutoencoderConfig> = {
  ...autoencoderFamily,
  name: 'conv-autoencoder',
  schema: schema.extend(convolutionalDefaults) as z.ZodType<AutoencoderConfig>,
};
