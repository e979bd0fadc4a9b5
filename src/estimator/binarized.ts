import type { Dataset } from '../data/dataset.js';
import type { Definition } from '../models/definition.js';
import type { SampleSpec } from '../models/io.js';
import { Random } from '../random/random.js';

/** Samples as likelihoods are measured on them: of a model that learned from binarised values, binarised. */
export function measuredSamples(
  data: Dataset,
  { definition, sample }: { readonly definition: Definition; readonly sample: SampleSpec },
): Dataset {
  return definition.binarizes ? binarized(data, sample.scale) : data;
}

/**
 * Each value as 0 or as the largest that it can be, drawn with the value as the chance of the latter, so that a model that
 * learned from such draws is measured on some of them. The draws depend on the place of a value in the data alone: all models
 * are measured on the same, whatever their seeds. Values that are 0 or the largest already stay.
 * @param scale that which brings data into model units
 */
export function binarized(data: Dataset, scale: number): Dataset {
  const draws = new Random(0, 'binarize');
  const one = 1 / scale;
  return { ...data, data: data.data.map((value) => (draws.uniform() * one < value ? one : 0)) };
}
