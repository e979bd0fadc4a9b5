import { checkFinite, summary } from '../data/checks.js';
import { type Dataset, sampleCount } from '../data/dataset.js';
import { UserError } from '../errors.js';
import type { Definition } from '../models/definition.js';
import type { SampleSpec } from '../models/io.js';

/**
 * Refuses data that a model cannot learn: NaN or infinity, and values outside of what its output can say.
 * @throws {UserError}
 */
export function checkTrainingData(data: Dataset, { support }: Definition, sample: SampleSpec): void {
  checkFinite(data);
  const { min, max } = summary(data);
  const [low, high] = [min * sample.scale, max * sample.scale];
  if (low >= support.low && high <= support.high) return;
  const interval = `[${support.low}, ${support.high}]`;
  throw new UserError(
    `${data.source ?? 'the data'}: values lie in [${low}, ${high}], but ${support.because} can only give ${interval}. ` +
      "Scale the data into this interval, or choose a linear output (output: 'linear'; for a VAE likelihood: { type: 'gaussian' })",
  );
}

/** What is worth a warning: training would run, but hardly as meant. */
export function dataWarnings(data: Dataset, { features, latent }: Definition): string[] {
  const warnings: string[] = [];
  const { constant, identicalSamples } = summary(data);
  if (sampleCount(data) === 1) warnings.push('there is one sample: the model can only learn it by heart');
  else if (constant) warnings.push('all values are the same: there is nothing to learn');
  else if (identicalSamples) warnings.push('all samples are the same: the model can only learn one by heart');
  if (latent >= features) {
    warnings.push(
      `the code has ${latent} numbers for ${features} features: nothing is compressed, and the model may learn to copy`,
    );
  }
  return warnings;
}
