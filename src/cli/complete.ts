import { checkFinite, summary } from '../data/checks.js';
import { type Dataset, sampleCount } from '../data/dataset.js';
import { UserError } from '../errors.js';
import { familyOf } from '../estimator/create.js';
import { sampleSpecOf } from '../estimator/samples.js';
import type { Family } from '../models/family.js';
import { type ActivationName, activationRange } from '../nn/activations.js';
import type { LossName } from '../nn/losses.js';
import { defaultLearningRate, type OptimizerName } from '../nn/optimizers.js';
import { portableSpec } from './dataSpec.js';
import { foreign, givenOptions, hasOption, usualConfig } from './modelOptions.js';
import type { RunOptions } from './runRecord.js';
import { counted, figure } from './text.js';
import type { TrainOptions } from './train.js';

/** Options of a run, and what about the data decided some of them. */
export interface CompleteOptions {
  readonly options: RunOptions;
  /** Why the output or the likelihood is what it is; missing where it was given. */
  readonly because?: string;
}

/** The interval that values lie in, in model units. */
interface Values {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly text: string;
}

const unit = [0, 1] as const;

/**
 * Fills in what was not given, from the data where they decide.
 * @throws {UserError} when options contradict one another or the data, or the data are not finite
 */
export function completeOptions(
  spec: string,
  given: TrainOptions,
  data: readonly Dataset[],
  images?: RunOptions['images'],
): CompleteOptions {
  const family = familyOf(given.model ?? 'autoencoder');
  const modelOptions = givenOptions(family, given);
  checkWarmup(family, given);
  checkSplit(given, data[0]!);
  for (const set of data) checkFinite(set);
  const common = {
    ...commonOptions(spec, given),
    model: family.name as RunOptions['model'],
    hidden: given.hidden ?? usualHidden(family, modelOptions),
    latent: given.latent ?? 32,
    modelOptions: modelOptions as RunOptions['modelOptions'],
    ...(images && { images }),
  };
  const values = valuesOf(data);
  const chosen = hasOption(family, 'loss')
    ? autoencoderOptions(family, given, values)
    : vaeOptions(family, given, values);
  return {
    options: { ...common, ...chosen.options },
    ...(chosen.because !== undefined && { because: chosen.because }),
  };
}

/** What is filled in alike for every kind of data. */
export function commonOptions(
  spec: string,
  given: TrainOptions,
): Omit<RunOptions, 'model' | 'hidden' | 'latent' | 'modelOptions'> {
  const optimizer = (given.optimizer ?? 'adam') as OptimizerName;
  return {
    data: portableSpec(spec),
    activation: (given.activation ?? 'relu') as ActivationName,
    epochs: given.epochs ?? 10,
    batchSize: given.batchSize ?? 128,
    ...(given.validation !== undefined && { validation: portableSpec(given.validation) }),
    ...pick(given, 'validationSplit', 'clipNorm', 'earlyStopping'),
    learningRate: given.learningRate ?? defaultLearningRate[optimizer],
    optimizer,
    seed: given.seed ?? 0,
  };
}

type Chosen = { readonly options: Partial<RunOptions>; readonly because?: string };

/** Hidden layers where none were asked for: those of the family, none behind convolutions, else one of 256 units. */
export function usualHidden(family: Family<unknown>, options: Readonly<Record<string, unknown>>): number[] {
  const preset = { ...usualConfig(family), ...options } as unknown as Record<'hidden' | 'channels', number[]>;
  return preset.hidden.length > 0 || preset.channels.length > 0 ? preset.hidden : [256];
}

function autoencoderOptions(family: Family<unknown>, given: TrainOptions, values: Values): Chosen {
  const loss = (given.loss ?? 'mse') as LossName;
  // Left to the family where it has a usual one of its own.
  const usual = Object.hasOwn(family.own, 'latentActivation') ? undefined : 'linear';
  const activation = (given.latentActivation ?? usual) as ActivationName | undefined;
  const rest = { loss, ...(activation !== undefined && { latentActivation: activation }) };
  if (loss === 'bce') {
    if (given.output !== undefined && given.output !== 'sigmoid') {
      throw new UserError(
        `--loss bce needs --output sigmoid, but ${given.output} was given; leave --output out, or choose another loss`,
      );
    }
    checkWithin(unit, '--loss bce', values, 'choose --loss mse');
    return { options: { ...rest, output: 'sigmoid' } };
  }
  if (given.output !== undefined) {
    const output = given.output as ActivationName;
    checkWithin(activationRange[output], `--output ${output}`, values, 'leave --output out');
    return { options: { ...rest, output } };
  }
  const output = isWithin(unit, values) ? 'sigmoid' : 'linear';
  return { options: { ...rest, output }, because: `since ${values.text}` };
}

function vaeOptions(family: Family<unknown>, given: TrainOptions, values: Values): Chosen {
  const isGaussian = Object.hasOwn(family.own, 'likelihood');
  if (isGaussian && given.likelihood !== undefined && given.likelihood !== 'gaussian') {
    throw new UserError(
      `--likelihood ${given.likelihood}: the likelihood of ${family.name} is gaussian; leave it out, or choose --model vae`,
    );
  }
  const fits = isWithin(unit, values) && !isGaussian;
  // A variance or an activation only means something to a Gaussian, so either asks for one.
  const gaussian = given.variance !== undefined || given.output !== undefined;
  const asked = given.likelihood ?? (gaussian ? 'gaussian' : undefined);
  const likelihood = (asked ?? (fits ? 'bernoulli' : 'gaussian')) as 'bernoulli' | 'gaussian';
  const rest = { likelihood, ...pick(given, 'betaWarmup') };
  const because = asked === undefined && !isGaussian ? { because: `since ${values.text}` } : {};
  if (likelihood === 'bernoulli') {
    for (const name of ['variance', 'output'] as const) {
      if (given[name] === undefined) continue;
      throw new UserError(
        `--${name} belongs to the gaussian likelihood, but the likelihood is bernoulli; leave one of them out`,
      );
    }
    checkWithin(unit, '--likelihood bernoulli', values, 'choose --likelihood gaussian');
    return { options: rest, ...because };
  }
  const output = (given.output ?? 'linear') as ActivationName;
  checkWithin(activationRange[output], `--output ${output}`, values, 'leave --output out');
  // A family whose likelihood is always this one knows its usual variance.
  const variance = given.variance ?? (isGaussian ? undefined : 'learned');
  return { options: { ...rest, ...(variance !== undefined && { variance }), output }, ...because };
}

/** @throws {UserError} where a model has no weight of the KL term that could rise */
export function checkWarmup(family: Family<unknown>, { betaWarmup }: TrainOptions): void {
  if (betaWarmup === undefined || hasOption(family, 'betaSchedule')) return;
  throw foreign('betaWarmup', family, 'betaSchedule');
}

function checkSplit({ validationSplit }: TrainOptions, data: Dataset): void {
  if (validationSplit === undefined) return;
  const samples = sampleCount(data);
  const aside = Math.round(samples * validationSplit);
  if (aside > 0 && aside < samples) return;
  throw new UserError(
    `--validation-split ${validationSplit} of ${counted(samples, 'sample')} is ${aside}, but both sides need at least one; give another share, or --validation with data of their own`,
  );
}

function valuesOf(data: readonly Dataset[]): Values {
  const sets = data.map((set) => {
    const { scale } = sampleSpecOf(set);
    const { min, max } = summary(set);
    return { low: min * scale, high: max * scale };
  });
  const low = Math.min(...sets.map((set) => set.low));
  const high = Math.max(...sets.map((set) => set.high));
  const bytes = data.every((set) => sampleSpecOf(set).scale !== 1);
  const text = bytes
    ? 'bytes are scaled to [0, 1]'
    : low >= 0 && high <= 1
      ? 'all values lie in [0, 1]'
      : `values lie in [${figure(low)}, ${figure(high)}]`;
  return { name: data[0]?.source ?? 'the data', low, high, text };
}

function isWithin([low, high]: readonly [number, number], values: Values): boolean {
  return values.low >= low && values.high <= high;
}

function checkWithin(
  range: readonly [number, number] | undefined,
  what: string,
  values: Values,
  instead: string,
): void {
  if (range === undefined || isWithin(range, values)) return;
  throw new UserError(
    `${values.name}: values lie in [${figure(values.low)}, ${figure(values.high)}], but ${what} can only give ${
      range[1] === Number.POSITIVE_INFINITY ? `${range[0]} and above` : `[${range.join(', ')}]`
    }; scale the data into that, or ${instead}`,
  );
}

function pick<K extends 'validationSplit' | 'clipNorm' | 'earlyStopping' | 'betaWarmup'>(
  given: TrainOptions,
  ...names: readonly K[]
): { [Name in K]?: number } {
  return Object.fromEntries(
    names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  ) as {
    [Name in K]?: number;
  };
}
