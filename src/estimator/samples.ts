import { checkFinite, summary } from '../data/checks.js';
import { type Dataset, type DatasetInput, dataset, featureShape, featureSize } from '../data/dataset.js';
import { UserError } from '../errors.js';
import type { SampleSpec } from '../models/io.js';

/** How samples of these data look: bytes are scaled to [0, 1] inside the model, everything else is taken as it is. */
export function sampleSpecOf(data: Dataset): SampleSpec {
  const isBytes = data.data instanceof Uint8Array && summary(data).max > 1;
  const dtype = data.data instanceof Uint8Array ? 'uint8' : 'float32';
  return { dtype, shape: [...featureShape(data)], scale: isBytes ? 1 / 255 : 1 };
}

/** A data set whose samples have as many numbers as the model takes. */
export function readSamples(input: DatasetInput, features: number): Dataset {
  const data = dataset(input);
  const size = featureSize(data);
  if (size !== features) {
    const given = featureShape(data).join(' × ');
    throw new UserError(
      `${data.source ?? 'the data'}: a sample has ${given}${given.includes('×') ? ` = ${size}` : ''} features, but the model takes ${features}`,
    );
  }
  return data;
}

/**
 * The same data in the dtype that a trained model reads.
 * @throws {UserError} for numbers that are no bytes where the model was trained on bytes, and for labels that are missing or
 *   no classes of a conditional model
 */
export function matchSpec(data: Dataset, sample: SampleSpec): Dataset {
  // In the rows of a table NaN is a missing value.
  if (sample.fields !== undefined) return data;
  checkFinite(data);
  if (sample.classes !== undefined) checkLabels(data, sample.classes);
  const isBytes = data.data instanceof Uint8Array;
  if (isBytes === (sample.dtype === 'uint8')) return data;
  if (isBytes) return { ...data, data: Float32Array.from(data.data) };
  const { min, max } = summary(data);
  const whole = min >= 0 && max <= 255 && data.data.every(Number.isInteger);
  if (!whole) {
    throw new UserError(
      `${data.source ?? 'the data'}: the model was trained on bytes (whole numbers from 0 to 255), but these are numbers in [${min}, ${max}]; give the data as they were in training`,
    );
  }
  return { ...data, data: Uint8Array.from(data.data) };
}

/**
 * Makes sure that samples have the labels that a conditional model is told.
 * @param what samples are called that come with labels
 * @throws {UserError} when there are none, or one is no number of a class
 */
export function checkLabels({ labels, source = 'the data' }: Dataset, classes: number, what = 'data'): void {
  const expected = `whole numbers from 0 to ${classes - 1}`;
  if (labels === undefined) {
    throw new UserError(
      `${source}: a conditional model is told the class of each sample, and there are no labels; give ${what} that have them, ${expected}`,
    );
  }
  const at = labels.findIndex((label) => label < 0 || label >= classes);
  if (at < 0) return;
  throw new UserError(
    `${source}: the label of sample ${at} is ${labels[at]}, but the model has ${classes} classes; give ${expected}, or make the model with more classes`,
  );
}
