import { z } from 'zod';
import type { Expr } from '../graph/expr.js';
import { type ActivationName, activations } from '../nn/activations.js';
import { type FieldLayout, fieldLikelihood } from '../nn/fields.js';
import { type InitializerName, initializers } from '../nn/initializers.js';
import { type Likelihood, type LikelihoodConfig, likelihood } from '../nn/likelihoods.js';
import type { Schedule } from '../nn/schedules.js';
import type { Scope } from '../nn/scope.js';
import type { Definition } from './definition.js';
import { fieldLayout } from './io.js';

/** What a family is told of the samples that its models are for. */
export interface SampleInput {
  /** Numbers of one sample as the networks see it. */
  readonly features: number;
  /** The shape in which a sample is given: [28, 28] for a grey picture. */
  readonly shape: readonly number[];
}

/** What people read of a family. */
export interface FamilyText {
  /** As it is written in options and manifests: `beta-vae`. */
  readonly name: string;
  /** As it is called: `β-VAE`. */
  readonly title: string;
  /** What it is for, in half a sentence. */
  readonly summary: string;
  /** Where it is from: authors and year. */
  readonly source: string;
}

/** A family as the rest of the project meets it: how its options are checked, and what they define. */
export interface Family<Config, Input = Config> extends FamilyText {
  /** Checks options and fills in defaults; what it gives is what a manifest stores. */
  readonly schema: z.ZodType<Config, Input>;
  /** The options that it has beside those of networks, likelihoods and losses, which others share. */
  readonly own: Readonly<Record<string, z.core.$ZodType>>;
  /** Whether codes have a distribution from which new ones can be drawn. */
  readonly generative: boolean;
  /** Whether it is told the class of each sample: data need labels, and its option `classes` says how many there are. */
  readonly conditional?: boolean;
  define(config: Config, input: SampleInput): Definition;
}

/** All options of a family, defaults filled in: those that it shares and its own. */
export type ConfigOf<Shared extends z.ZodRawShape, Own extends z.ZodRawShape> = z.output<
  z.ZodObject<Shared>
> &
  z.output<z.ZodObject<Own>>;

/** The same as a user gives them; an option of its own takes the place of a shared one of the same name. */
export type InputOf<Shared extends z.ZodRawShape, Own extends z.ZodRawShape> = z.input<
  z.ZodObject<Omit<Shared, keyof Own> & Own>
>;

/** What a family is called, and its options: its own beside shared ones. */
export function familyHead<const Shared extends z.ZodRawShape, const Own extends z.ZodRawShape>(
  { name, title, summary, source }: FamilyText,
  shared: Shared,
  own: Own,
): Pick<Family<ConfigOf<Shared, Own>, InputOf<Shared, Own>>, keyof FamilyText | 'own' | 'schema'> {
  const schema = z.strictObject({ ...shared, ...own }) as unknown as z.ZodType<
    ConfigOf<Shared, Own>,
    InputOf<Shared, Own>
  >;
  return { name, title, summary, source, own, schema };
}

const names = <K extends string>(table: Readonly<Record<K, unknown>>) =>
  z.enum(Object.keys(table) as [K, ...K[]]);

/** The name of an activation. */
export const activationName = names<ActivationName>(activations);

/** A whole number above 0. */
export const count = z.int().positive();

/** Options of the two networks, which all families share; `networks` makes them. Without `channels` they are dense. */
export const networkOptions = {
  /** Units of the encoder's hidden layers; the decoder has the same in reverse. Behind convolutions where there are any. */
  hidden: z.array(count).default([]).describe("units of the encoder's dense hidden layers"),
  /** Units of the decoder's hidden layers where they are not those of `hidden` in reverse. */
  decoderHidden: z
    .array(count)
    .optional()
    .describe("units of the decoder's dense hidden layers; those of the encoder in reverse by default"),
  /** Numbers in a code. */
  latent: count.describe('numbers in a code'),
  /** Activation of hidden layers. */
  activation: activationName.default('relu').describe('activation of hidden layers'),
  initializer: names<InitializerName>(initializers)
    .default('glorotUniform')
    .describe('how the first weights are drawn'),
  /** Normalisation after each hidden layer; 'layer' and 'group' of a convolution over channels and space. */
  normalization: z
    .enum(['none', 'batch', 'layer', 'group'])
    .default('none')
    .describe('normalisation after each hidden layer'),
  /** Fraction of hidden units that training drops at random. */
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('fraction of hidden units that training drops at random'),
  /** Standard deviation of normal noise that training adds to the input, in model units. */
  inputNoise: z
    .number()
    .nonnegative()
    .default(0)
    .describe('standard deviation of normal noise that training adds to the input'),
  /** Penalties on the weights of every layer. */
  weightL1: z.number().nonnegative().default(0).describe('penalty on the sum of absolute weights'),
  weightL2: z.number().nonnegative().default(0).describe('penalty on the sum of squared weights'),
  /** Channels of the encoder's convolutions, one number for each; empty for a dense network. */
  channels: z
    .array(count)
    .default([])
    .describe("channels of the encoder's convolutions; none: a dense network"),
  /** Taps of each kernel along each axis. */
  kernelSize: count.default(3).describe('size of the kernels of convolutions'),
  /** By how much each convolution makes a picture smaller; transposed ones undo it. */
  stride: count.default(2).describe('factor by which each convolution makes a picture smaller'),
  /** Room around a picture: 'same' as in Keras, or as many zeros on either side as in PyTorch. */
  padding: z
    .union([z.literal('same'), z.int().nonnegative()])
    .default('same')
    .describe("zeros around a picture: 'same', or how many on either side"),
  /** Residual blocks of two convolutions behind each convolution, and before each transposed one. */
  blocks: z.int().nonnegative().default(0).describe('residual blocks behind each convolution'),
  /**
   * Channels of the decoder: those that its dense layer gives, then those of each transposed convolution. By default the
   * encoder's last, then all of the encoder's in reverse: [64, 64, 32] for [32, 64].
   */
  decoderChannels: z
    .array(count)
    .min(1)
    .optional()
    .describe("channels of the decoder, the smallest picture's first; the encoder's in reverse by default"),
  decoderKernelSize: count
    .optional()
    .describe("size of the decoder's kernels; that of the encoder's by default"),
  /** Activation of the dense layer that gives the decoder its smallest picture; `activation` by default. */
  decoderInputActivation: activationName
    .optional()
    .describe('activation of the dense layer before transposed convolutions; as in hidden layers by default'),
  /** Whether the convolution that gives the reconstruction makes the picture larger too. */
  outputStride: z
    .enum(['one', 'stride'])
    .default('one')
    .describe(
      "step of the decoder's last convolution: 'one' at full size, or 'stride', enlarging as the others do",
    ),
  /** Where the channels of a sample lie: [height, width, channels], or [channels, height, width]. */
  dataFormat: z
    .enum(['channelsLast', 'channelsFirst'])
    .default('channelsLast')
    .describe('where the channels of a sample lie'),
  /** 1 for signals, [length] or [length, channels]; 2 for pictures. 1 by default where samples have one axis. */
  dimensions: z
    .union([z.literal(1), z.literal(2)])
    .optional()
    .describe('1 for signals, 2 for pictures; by default as many as samples have axes'),
} as const;

const networkSchema = z.object(networkOptions);

/** The options of networks, defaults filled in. */
export type NetworkOptions = z.infer<typeof networkSchema>;

/** Channels by which a convolutional family differs from the dense one of the same name. */
export const convolutionalDefaults = {
  channels: networkOptions.channels
    .unwrap()
    .default([32, 64])
    .describe("channels of the encoder's convolutions"),
};

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
): Pick<Definition, 'observed' | 'deviances' | 'devianceConstants'> {
  const { observed, deviances, constants } = observation;
  if (observed === undefined || deviances === undefined || constants === undefined) return {};
  return {
    observed,
    devianceConstants: (x, scope) => scope.in('likelihood', (inner) => constants(x, inner)),
    deviances(x, code, scope) {
      const decoded = output(code, scope);
      return scope.in('likelihood', (inner) => deviances(x, decoded, inner));
    },
  };
}

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
