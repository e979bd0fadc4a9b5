import { type Dataset, featureShape, featureSize, sampleCount } from '../data/dataset.js';
import { option, UserError } from '../errors.js';
import { permutation } from '../random/fill.js';
import { Random } from '../random/random.js';
import { sharedArray } from './sharedArray.js';

/**
 * Sets a share of the samples aside at random. The same seed gives the same split.
 * @param share between 0 and 1, ends excluded
 * @throws {UserError} when the share is not in range, or leaves one side without samples
 */
export function splitDataset(
  whole: Dataset,
  share: number,
  seed: number,
): { data: Dataset; validation: Dataset } {
  if (!(share > 0 && share < 1))
    throw new UserError(`${option('validationSplit')}: a number between 0 and 1 is expected, got ${share}`);
  const count = sampleCount(whole);
  const aside = Math.round(count * share);
  if (aside === 0 || aside === count) {
    throw new UserError(
      `${option('validationSplit')}: ${share} of ${count} samples is ${aside}; both sides need at least one`,
    );
  }
  const order = permutation(count, new Random(seed, 'split'));
  // Sorted, so that rows keep their order and memory is read in one direction.
  return {
    data: pick(whole, order.slice(aside).sort()),
    validation: pick(whole, heldOutRows(count, share, seed)),
  };
}

/** The numbers of the samples that `splitDataset` sets aside, rising. */
export function heldOutRows(count: number, share: number, seed: number): Uint32Array {
  return permutation(count, new Random(seed, 'split'))
    .slice(0, Math.round(count * share))
    .sort();
}

function pick(whole: Dataset, rows: Uint32Array): Dataset {
  const size = featureSize(whole);
  const data = sharedArray(whole.data instanceof Uint8Array, rows.length * size);
  rows.forEach((row, i) => {
    data.set(whole.data.subarray(row * size, (row + 1) * size), i * size);
  });
  return {
    data,
    shape: [rows.length, ...featureShape(whole)],
    ...(whole.labels && { labels: Int32Array.from(rows, (row) => whole.labels![row]!) }),
    ...(whole.source !== undefined && { source: whole.source }),
  };
}
