import { checkFinite, summary } from '../data/checks.js';
import { type Dataset, sampleCount } from '../data/dataset.js';
import { option, UserError } from '../errors.js';
import type { Trainable } from '../models/definition.js';
import type { SampleSpec } from '../models/io.js';

/**
 * Refuses data that a model cannot learn: NaN or infinity, and values outside of what its output can say.
 * @throws {UserError}
 */
export function checkTrainingData(data: Dataset, { support }: Trainable, sample: SampleSpec): void {
  // The rows of a table: NaN is a missing value, and each column has a likelihood that takes what it holds.
  if (sample.fields !== undefined) return;
  checkFinite(data);
  const { min, max } = summary(data);
  const [low, high] = [min * sample.scale, max * sample.scale];
  const name = data.source ?? 'the data';
  if (low < support.low || high > support.high) {
    throw new UserError(
      `${name}: values lie in [${low}, ${high}], but ${support.because} can only give [${support.low}, ${support.high}]. ` +
        `Scale the data into this interval, or choose ${option('output', 'linear')} (for a VAE a ${option('likelihood')} of type gaussian)`,
    );
  }
  if (support.group !== undefined)
    checkGroups(data, support.group, sample.scale, `${name}: ${support.because}`);
}

/** Every `group` values in turn must be the probabilities of one category. */
function checkGroups({ data }: Dataset, group: number, scale: number, what: string): void {
  for (let start = 0; start < data.length; start += group) {
    let total = 0;
    for (let i = start; i < start + group; i++) total += data[i]! * scale;
    if (Math.abs(total - 1) > 1e-3) {
      throw new UserError(
        `${what} takes one-hot groups of ${group} features that add up to 1; values ${start} to ${start + group - 1} add up to ${total}`,
      );
    }
  }
}

/** What is worth a warning: training would run, but hardly as meant. */
export function dataWarnings(data: Dataset, { features, latent, support }: Trainable): string[] {
  const warnings: string[] = [];
  const { constant, identicalSamples, min } = summary(data);
  if (sampleCount(data) === 1) warnings.push('there is one sample: the model can only learn it by heart');
  else if (constant) warnings.push('all values are the same: there is nothing to learn');
  else if (identicalSamples) warnings.push('all samples are the same: the model can only learn one by heart');
  if (Number.isFinite(support.low) && support.low < 0 && min >= 0) {
    warnings.push(
      `no value is below 0, but ${support.because} gives numbers from ${support.low} to ${support.high}: of what it can say half is never wanted. Take ${option('output', 'sigmoid')} (of a gaussian likelihood the activation), or scale the data into [${support.low}, ${support.high}]`,
    );
  }
  if (latent >= features) {
    warnings.push(
      `the code has ${latent} numbers for ${features} features: nothing is compressed, and the model may learn to copy`,
    );
  }
  return warnings;
}
