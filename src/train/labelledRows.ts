import { type Dataset, featureSize, sampleCount } from '../data/dataset.js';
import { rowOf, type SampleSpec } from '../models/io.js';
import { sharedArray } from './sharedArray.js';

/**
 * Samples as the rows that graphs are fed (see `rowOf`): of a conditional model with their class behind their numbers,
 * else as they are. Labels have been checked.
 */
export function labelledRows(data: Dataset, sample: SampleSpec): Dataset {
  if (sample.classes === undefined) return data;
  const [count, size] = [sampleCount(data), featureSize(data)];
  const rows = sharedArray(rowOf(sample).dtype === 'uint8', count * (size + 1));
  for (let i = 0; i < count; i++) {
    rows.set(data.data.subarray(i * size, (i + 1) * size), i * (size + 1));
    rows[i * (size + 1) + size] = data.labels![i]!;
  }
  return { data: rows, shape: [count, size + 1] };
}
