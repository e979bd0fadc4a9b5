import { type Dataset, featureSize } from '../../data/dataset.js';
import type { SampleSpec } from '../../models/io.js';
import type { Rows } from './quality.js';

/**
 * Samples as points between which distances mean something: arrays as they are; of a table's rows numbers and booleans,
 * 0 where they are missing, and one number for each class of a category.
 */
export function denseRows(data: Dataset, { fields }: SampleSpec): Rows {
  const width = featureSize(data);
  if (fields === undefined) return { values: data.data, width };
  const first = fields.numbers + fields.booleans;
  const starts: number[] = [];
  let dense = first;
  for (const classes of fields.categories) {
    starts.push(dense);
    dense += classes;
  }
  const count = data.data.length / width;
  const values = new Float32Array(count * dense);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < first; i++) {
      const value = data.data[row * width + i]!;
      values[row * dense + i] = Number.isNaN(value) ? 0 : value;
    }
    starts.forEach((start, k) => {
      const code = data.data[row * width + first + k]!;
      if (!Number.isNaN(code)) values[row * dense + start + code] = 1;
    });
  }
  return { values, width: dense };
}
