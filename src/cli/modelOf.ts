import { totalmem } from 'node:os';
import { type Dataset, featureShape, sampleCount } from '../data/dataset.js';
import { UserError } from '../errors.js';
import { sampleSpecOf } from '../estimator/samples.js';
import { sizeOf } from '../graph/shape.js';
import { createModel, type Model } from '../index.js';
import { familyNamed } from '../models/families.js';
import { inputOf, type SampleSpec, withClasses } from '../models/io.js';
import { parseOptions } from '../models/options.js';
import { variablesOf } from '../train/programs.js';
import type { RunOptions } from './runRecord.js';
import { bytes, count } from './text.js';

/** A weight with its gradient, the optimizer's state, and the copies that a checkpoint needs. */
const bytesPerParameter = 48;
/** A unit's output with its gradient and what ONNX Runtime keeps between operations. */
const bytesPerActivation = 16;
/** Weight, gradient and two moments of every parameter lie in one WebAssembly memory of at most 4 GiB. */
const mostParameters = 2 ** 28;

/**
 * The model that the options of a run describe, with its first weights.
 * @throws {UserError} when it is too large for this machine
 */
export function modelOf(options: RunOptions, data: Dataset): Model {
  const config = configOf(options);
  const sample = sampleSpecOf(data);
  checkSize(options, config, sample, sampleCount(data));
  return createModel(options.model, { input: featureShape(data), seed: options.seed, ...config } as never);
}

/** The options of a family that the options of a run mean. */
function configOf(options: RunOptions): Readonly<Record<string, unknown>> {
  const { latentActivation, output, loss, likelihood, variance } = options;
  return {
    ...networkConfig(options),
    ...(likelihood === undefined
      ? { ...(latentActivation && { latentActivation }), ...(output && { output }), ...(loss && { loss }) }
      : {
          likelihood:
            likelihood === 'gaussian'
              ? {
                  type: 'gaussian',
                  ...(variance !== undefined && { variance }),
                  activation: output ?? 'linear',
                }
              : { type: 'bernoulli' },
        }),
  };
}

/** Those that are the same whatever the data are. */
export function networkConfig(options: RunOptions): Readonly<Record<string, unknown>> {
  const { hidden, latent, activation, betaWarmup, modelOptions } = options;
  return {
    ...{ hidden, latent, activation, ...modelOptions },
    ...(betaWarmup !== undefined && { betaSchedule: { type: 'warmup', duration: betaWarmup } }),
  };
}

/**
 * Makes sure, by counting on the graph before anything is allocated, that a model can be trained on this machine.
 * @param samples how many there are to learn from
 * @throws {UserError} when it is too large
 */
export function checkSize(options: RunOptions, config: unknown, sample: SampleSpec, samples: number): void {
  const family = familyNamed(options.model);
  const { features } = inputOf(sample);
  const definition = family.define(parseOptions(family.schema, config, options.model), inputOf(sample));
  let [parameters, units] = [0, features];
  for (const { shape } of variablesOf(definition, withClasses(sample, definition)).values()) {
    parameters += sizeOf(shape);
    if (shape.length === 1) units += shape[0]!;
  }
  const batch = Math.min(options.batchSize, samples);
  const needed = parameters * bytesPerParameter + batch * units * bytesPerActivation;
  const available = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  if (parameters <= mostParameters && needed <= available) return;
  const why =
    needed > available
      ? `training needs about ${bytes(needed)} of memory, and this machine has ${bytes(available)}`
      : `at most ${count(mostParameters)} can be trained`;
  throw new UserError(
    `the model would have ${count(parameters)} parameters (--hidden ${options.hidden.join(',') || 'none'}, --latent ${options.latent}, ${features} values a sample): ${why}; choose fewer units${batch > 1024 ? ', or a smaller --batch-size' : ''}`,
  );
}
