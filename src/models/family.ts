import { z } from 'zod';
import type { Expr } from '../graph/expr.js';
import { type ActivationName, activations } from '../nn/activations.js';
import { type FieldLayout, fieldLikelihood } from '../nn/fields.js';
import { type InitializerName, initializers } from '../nn/initializers.js';
import { activation, dense, dropout, gaussianNoise, type Layer } from '../nn/layers.js';
import { type Likelihood, type LikelihoodConfig, likelihood } from '../nn/likelihoods.js';
import { batchNorm, layerNorm } from '../nn/normalization.js';
import type { Schedule } from '../nn/schedules.js';
import type { Scope } from '../nn/scope.js';
import type { Definition } from './definition.js';
import { fieldLayout } from './io.js';

/** A family as the rest of the project meets it: how its options are checked, and what they define. */
export interface Family<Config> {
  readonly name: string;
  /** Checks options and fills in defaults; what it gives is what a manifest stores. */
  readonly schema: z.ZodType<Config>;
  define(config: Config, features: number): Definition;
}

const names = <K extends string>(table: Readonly<Record<K, unknown>>) =>
  z.enum(Object.keys(table) as [K, ...K[]]);

export const activationName = names<ActivationName>(activations);

/** A whole number above 0. */
export const count = z.int().positive();

/** Options of the two networks that dense families share. */
export const networkOptions = {
  /** Units of the encoder's hidden layers; the decoder has the same in reverse. */
  hidden: z.array(count).default([]),
  /** Numbers in a code. */
  latent: count,
  /** Activation of hidden layers. */
  activation: activationName.default('relu'),
  initializer: names<InitializerName>(initializers).default('glorotUniform'),
  /** Normalisation after each hidden layer. */
  normalization: z.enum(['none', 'batch', 'layer']).default('none'),
  /** Fraction of hidden units that training drops at random. */
  dropout: z.number().min(0).lt(1).default(0),
  /** Standard deviation of normal noise that training adds to the input, in model units. */
  inputNoise: z.number().nonnegative().default(0),
  /** Penalties on the weights of every dense layer. */
  weightL1: z.number().nonnegative().default(0),
  weightL2: z.number().nonnegative().default(0),
} as const;

/** A likelihood of its own for each column of a table. */
export const fieldsSchema = z.strictObject({ type: z.literal('fields'), ...fieldLayout });

/** The likelihood of options, on features or on the fields of a table. */
export function observationOf(
  config: LikelihoodConfig | ({ readonly type: 'fields' } & FieldLayout),
): Likelihood {
  return config.type === 'fields' ? fieldLikelihood(config) : likelihood(config);
}

/** What a definition has more of when it is for tables. */
export function fieldParts(
  observation: Likelihood,
  output: (code: Expr, scope: Scope) => Expr,
): Pick<Definition, 'observed' | 'deviances'> {
  const { observed, deviances } = observation;
  if (observed === undefined || deviances === undefined) return {};
  return {
    observed,
    deviances(x, code, scope) {
      const decoded = output(code, scope);
      return scope.in('likelihood', (inner) => deviances(x, decoded, inner));
    },
  };
}

const networkSchema = z.object(networkOptions);
type NetworkOptions = z.infer<typeof networkSchema>;

const unit = z.enum(['epoch', 'step']).optional();
const duration = z.number().positive();

/** A schedule as written in options. */
export const scheduleSchema: z.ZodType<Schedule> = z.lazy(() =>
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('constant') }),
    z.strictObject({ type: z.literal('step'), size: duration, gamma: z.number().positive(), unit }),
    z.strictObject({ type: z.literal('exponential'), gamma: z.number().positive(), unit }),
    z.strictObject({
      type: z.literal('cosine'),
      duration,
      minimum: z.number().min(0).max(1).optional(),
      unit,
    }),
    z.strictObject({
      type: z.literal('warmup'),
      duration,
      from: z.number().min(0).max(1).optional(),
      // biome-ignore lint/suspicious/noThenProperty: the word that says what follows; the object is never awaited
      then: scheduleSchema.optional(),
      unit,
    }),
    z.strictObject({ type: z.literal('cyclic'), duration, unit }),
  ]),
) as unknown as z.ZodType<Schedule>;

/** The hidden layers of a network, each dense, normalised, activated and thinned as the options say. */
export function hiddenLayers(units: readonly number[], options: NetworkOptions): Layer[] {
  const penalties = { l1: options.weightL1, l2: options.weightL2 };
  return units.flatMap((size) => {
    const { initializer, normalization } = options;
    const rest = options.dropout > 0 ? [dropout(options.dropout)] : [];
    if (normalization === 'none')
      return [dense(size, { activation: options.activation, initializer, ...penalties }), ...rest];
    const normalize = normalization === 'batch' ? batchNorm() : layerNorm();
    return [dense(size, { initializer, ...penalties }), normalize, activation(options.activation), ...rest];
  });
}

/** A dense layer with the initializer and the penalties of the options. */
export function outputLayer(units: number, options: NetworkOptions, name: ActivationName = 'linear'): Layer {
  return dense(units, {
    activation: name,
    initializer: options.initializer,
    l1: options.weightL1,
    l2: options.weightL2,
  });
}

/** Noise on the input while training. */
export function inputLayers(options: NetworkOptions): Layer[] {
  return options.inputNoise > 0 ? [gaussianNoise(options.inputNoise)] : [];
}
