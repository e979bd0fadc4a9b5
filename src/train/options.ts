import { z } from 'zod';
import { UserError } from '../errors.js';
import { scheduleSchema } from '../models/family.js';
import { parseOptions } from '../models/options.js';
import { defaultLearningRate, type OptimizerConfig, type OptimizerName } from '../nn/optimizers.js';
import type { FitOptions } from './fit.js';

/** Beyond this, one step of float32 weights may leave the range of float32. */
const largestRate = 1e18;

const learningRate = z.number().positive().max(largestRate);
const epsilon = z.number().positive().optional();
const fraction = z.number().min(0).lt(1).optional();

const optimizerSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('sgd'),
    learningRate,
    momentum: fraction,
    nesterov: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal('rmsprop'), learningRate, rho: fraction, epsilon, momentum: fraction }),
  z.strictObject({
    type: z.literal('adagrad'),
    learningRate,
    initialAccumulator: z.number().nonnegative().optional(),
    epsilon,
  }),
  z.strictObject({ type: z.literal('adadelta'), learningRate, rho: fraction, epsilon }),
  z.strictObject({ type: z.literal('adam'), learningRate, beta1: fraction, beta2: fraction, epsilon }),
  z.strictObject({
    type: z.literal('adamw'),
    learningRate,
    beta1: fraction,
    beta2: fraction,
    epsilon,
    weightDecay: z.number().nonnegative().optional(),
  }),
]);

const optimizerNames = Object.keys(defaultLearningRate) as [OptimizerName, ...OptimizerName[]];
const count = z.int().positive();
const limit = z.number().positive().optional();

const schema = z.strictObject({
  epochs: count.optional(),
  batchSize: count.optional(),
  validation: z.unknown().optional(),
  validationSplit: z.number().min(0).lt(1).optional(),
  shuffle: z.boolean().optional(),
  seed: z.int().optional(),
  optimizer: z.union([z.enum(optimizerNames), z.looseObject({ type: z.enum(optimizerNames) })]).optional(),
  learningRate: learningRate.optional(),
  learningRateSchedule: scheduleSchema.optional(),
  clipNorm: limit,
  clipValue: limit,
  callbacks: z.array(z.looseObject({ name: z.string() })).optional(),
  signal: z.unknown().optional(),
  resume: z.unknown().optional(),
});

/**
 * Checks the options of `fit`; unknown ones are errors too, since they are misspelt ones.
 * @throws {UserError} that names every option that is wrong
 */
export function checkFitOptions(options: FitOptions): void {
  parseOptions(schema, options, 'fit');
  optimizerConfig(options);
  if (options.validation !== undefined && options.validationSplit) {
    throw new UserError('fit: both validation data and validationSplit were given; give one of them');
  }
  const names = (options.callbacks ?? []).map((callback) => callback.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new UserError(`fit: callbacks: '${twice}' was given twice; names must be unique`);
  }
}

/**
 * The optimizer that the options mean, with its learning rate.
 * @throws {UserError} when a setting of it is wrong
 */
export function optimizerConfig({ optimizer = 'adam', learningRate: rate }: FitOptions): OptimizerConfig {
  const given = typeof optimizer === 'string' ? { type: optimizer } : optimizer;
  const usual = defaultLearningRate[given.type];
  const config = { learningRate: usual, ...given, ...(rate !== undefined && { learningRate: rate }) };
  return parseOptions(optimizerSchema as z.ZodType<OptimizerConfig>, config, 'fit: optimizer');
}
