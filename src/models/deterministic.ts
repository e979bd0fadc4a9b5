import { z } from 'zod';
import { UserError } from '../errors.js';
import type { Expr } from '../graph/expr.js';
import { add, mul, sigmoid } from '../graph/ops/elementwise.js';
import { mean } from '../graph/ops/reducing.js';
import { formatShape } from '../graph/shape.js';
import { activationRange } from '../nn/activations.js';
import { sequential } from '../nn/layers.js';
import { losses, sumFeatures } from '../nn/losses.js';
import type { Scope } from '../nn/scope.js';
import type { Definition, ScheduledScalar } from './definition.js';
import {
  activationName,
  type ConfigOf,
  type Family,
  type FamilyText,
  familyHead,
  fieldParts,
  fieldsSchema,
  type InputOf,
  networkOptions,
  observationOf,
  type SampleInput,
} from './family.js';
import { networks, outputLayer } from './networks.js';

/** Options that all families without a distribution over codes share. */
export const deterministicOptions = {
  ...networkOptions,
  latentActivation: activationName.default('linear').describe('activation of the code'),
  output: activationName.default('sigmoid').describe('activation of the reconstruction'),
  loss: z
    .enum(['mse', 'mae', 'huber', 'bce'])
    .default('mse')
    .describe('what is minimised between data and reconstruction'),
  /** Instead of the loss and the output: the negative log-likelihood of each column of a table. */
  likelihood: fieldsSchema.optional().describe('a likelihood for each column of a table'),
} as const;

const sharedSchema = z.strictObject(deterministicOptions);

/** The shared options, defaults filled in. */
export type DeterministicConfig = z.output<typeof sharedSchema>;

type Config<Own extends z.ZodRawShape> = ConfigOf<typeof deterministicOptions, Own>;
type Input<Own extends z.ZodRawShape> = InputOf<typeof deterministicOptions, Own>;

/** A batch on its way through a model, of which a family makes what it adds to the loss. */
export interface DeterministicParts {
  /** Samples in model units, [batch, features]. */
  readonly x: Expr;
  readonly scope: Scope;
  /** What the decoder was given, [batch, latent]. */
  readonly code: Expr;
  /** What the decoder made of it, [batch, outputs]; logits where the loss is computed from them. */
  readonly output: Expr;
  /** The reconstruction error of each sample, summed over features, [batch]. */
  readonly error: Expr;
  readonly model: DeterministicNetworks;
}

/** The networks of a model, to be applied once more. */
export interface DeterministicNetworks {
  encode(x: Expr, scope: Scope): Expr;
  decode(code: Expr, scope: Scope): Expr;
}

/** What is done to codes between encoder and decoder. */
export interface Bottleneck {
  readonly code: Expr;
  /** Added to the loss, a scalar. */
  readonly loss?: Expr;
  readonly metrics?: Readonly<Record<string, Expr>>;
  /** What the exported encoder gives beside the code, by name. */
  readonly exported?: Readonly<Record<string, Expr>>;
}

/** Something that a family adds to the loss, a scalar, and figures that it reports. */
export interface Regularizer {
  readonly loss: Expr;
  readonly metrics?: Readonly<Record<string, Expr>>;
}

/** What a family without a distribution over codes has of its own. */
export interface DeterministicFamily<Own extends z.ZodRawShape> extends FamilyText {
  /** Its options beside the shared ones; one of the same name takes the place of a shared one. */
  readonly options: Own;
  /** Refuses options that do not go together, by a `UserError`. */
  readonly check?: (config: Config<Own>) => void;
  /**
   * Its encoder and decoder, where they are not those of the options: from samples [batch, features] to codes [batch, latent]
   * before any bottleneck, and from codes to [batch, features], or as many for each feature as a likelihood needs. With
   * the loss `bce` the decoder gives logits. Options that describe networks (`hidden`, `dropout`, …) are then its to heed.
   */
  readonly networks?: (config: Config<Own>, input: SampleInput) => DeterministicNetworks | undefined;
  /** What training does to samples before they are encoded; the loss is still that of the samples as they are. */
  readonly corrupt?: (x: Expr, config: Config<Own>, scope: Scope) => Expr;
  /** What is done to codes; nothing by default. */
  readonly bottleneck?: (code: Expr, config: Config<Own>, scope: Scope) => Bottleneck;
  /** The nearest codes that the bottleneck can give, where it cannot give every code. */
  readonly nearest?: (code: Expr, config: Config<Own>, scope: Scope) => Expr;
  /** What is added to the loss; nothing by default. */
  readonly regularize?: (parts: DeterministicParts, config: Config<Own>) => Regularizer;
  /** Numbers that it asks its scope for. */
  readonly scalars?: (config: Config<Own>) => Readonly<Record<string, ScheduledScalar>>;
  /** Whether codes are made to have a distribution that can be drawn from, and which. */
  readonly prior?: (config: Config<Own>) => NonNullable<Definition['prior']>;
}

/** Networks that refuse to give what the rest of the model cannot take. */
function shapeChecked(
  { encode, decode }: DeterministicNetworks,
  family: string,
  latent: number,
  outputs: number,
): DeterministicNetworks {
  const checked = (y: Expr, what: string, columns: number) => {
    if (y.rank === 2 && y.shape[1] === columns) return y;
    throw new UserError(
      `${family}: the ${what} gives ${formatShape(y.shape)}, but [${y.shape[0] ?? 'batch'}, ${columns}] is expected; end it with flatten() or with dense(${columns})`,
    );
  };
  return {
    encode: (x, scope) => checked(encode(x, scope), `encoder, with a latent of ${latent},`, latent),
    decode: (code, scope) => checked(decode(code, scope), 'decoder', outputs),
  };
}

/** A family of autoencoders from what it has of its own. The rest is the same for all. */
export function deterministicFamily<const Own extends z.ZodRawShape>(
  own: DeterministicFamily<Own> & Required<Pick<DeterministicFamily<Own>, 'prior'>>,
): Family<Config<Own>, Input<Own>> & {
  readonly generative: true;
};
export function deterministicFamily<const Own extends z.ZodRawShape>(
  own: DeterministicFamily<Own>,
): Family<Config<Own>, Input<Own>>;
export function deterministicFamily<const Own extends z.ZodRawShape>(
  own: DeterministicFamily<Own>,
): Family<Config<Own>, Input<Own>> {
  return {
    ...familyHead(own, deterministicOptions, own.options),
    generative: own.prior !== undefined,
    define(config, input): Definition {
      const { features } = input;
      own.check?.(config);
      const halves = networks(config, input);
      const encoder = sequential(
        ...halves.encoder,
        outputLayer(config.latent, config, config.latentActivation),
      );
      const observation = config.likelihood && observationOf(config.likelihood);
      // Cross-entropy is computed from logits, so its decoder ends in them and `decode` adds the sigmoid.
      const fromLogits = observation === undefined && config.loss === 'bce';
      if (fromLogits && config.output !== 'sigmoid') {
        throw new UserError(
          `${own.name}: the loss 'bce' needs the output 'sigmoid'; given '${config.output}'; leave output out, or choose another loss`,
        );
      }
      const outputs = observation?.outputs ?? features;
      const decoder = sequential(
        ...halves.decoder(outputs, fromLogits || observation ? 'linear' : config.output),
      );
      const { encode: encodeVisible, decode } = shapeChecked(
        own.networks?.(config, input) ?? {
          encode: (x, scope) => scope.in('encoder', (inner) => encoder(x, inner)),
          decode: (code, scope) => scope.in('decoder', (inner) => decoder(code, inner)),
        },
        own.name,
        config.latent,
        outputs,
      );
      const encode = (x: Expr, scope: Scope) => encodeVisible(observation?.visible?.(x) ?? x, scope);
      const squeeze = (code: Expr, scope: Scope): Bottleneck =>
        own.bottleneck?.(code, config, scope) ?? { code };
      const errorOf = (x: Expr, output: Expr, scope: Scope) =>
        observation === undefined
          ? sumFeatures(losses[config.loss](x, output))
          : scope.in('likelihood', (inner) => observation.negativeLogLikelihood(x, output, inner));
      const prior = own.prior?.(config);
      const [low, high] =
        observation?.support ??
        (fromLogits ? [0, 1] : (activationRange[config.output] ?? [-Infinity, Infinity]));
      return {
        features,
        latent: config.latent,
        encode(x, scope) {
          const { code, exported } = squeeze(encode(x, scope), scope);
          return { code, ...exported };
        },
        ...(own.nearest && { nearest: (code, scope) => own.nearest!(code, config, scope) }),
        decode(code, scope) {
          const decoded = decode(code, scope);
          if (observation !== undefined) return observation.mean(decoded);
          return fromLogits ? sigmoid(decoded) : decoded;
        },
        ...(observation && fieldParts(observation, decode)),
        ...(prior && { prior }),
        objective(x, scope) {
          const seen = scope.training ? (own.corrupt?.(x, config, scope) ?? x) : x;
          const { code, loss: squeezed, metrics: squeezedMetrics } = squeeze(encode(seen, scope), scope);
          const output = decode(code, scope);
          const error = errorOf(x, output, scope);
          const reconstruction = mean(error);
          const parts = { x, scope, code, output, error, model: { encode, decode } };
          const added = own.regularize?.(parts, config);
          const terms = [reconstruction, squeezed, added?.loss].filter((term) => term !== undefined);
          return {
            loss: terms.reduce((a, b) => add(a, b)),
            metrics: {
              ...(terms.length > 1 && { reconstructionLoss: reconstruction }),
              ...(observation === undefined &&
                config.loss === 'mse' && { mse: mul(reconstruction, 1 / features) }),
              ...squeezedMetrics,
              ...added?.metrics,
            },
          };
        },
        scalars: own.scalars?.(config) ?? {},
        support: {
          low,
          high,
          because: fromLogits ? "the loss 'bce'" : `the output activation '${config.output}'`,
        },
      };
    },
  };
}
