import { UserError } from '../errors.js';
import { countText } from './bytes.js';
import { type Dataset, featureShape, featureSize, sampleCount } from './dataset.js';

/** What one pass over a data set finds. NaN are left out of `min` and `max`: run {@link checkFinite} first. */
export interface Summary {
  /** The smallest and the largest value; both NaN when every value is. */
  readonly min: number;
  readonly max: number;
  /** All values are the same number. */
  readonly constant: boolean;
  /** Every sample equals the first one; true for a single sample. */
  readonly identicalSamples: boolean;
}

/** A value that is NaN or infinite, and where it is. */
export interface NonFiniteValue {
  /** The sample, from 0. */
  readonly row: number;
  /** The position within the sample laid out flat, from 0. */
  readonly column: number;
  readonly value: number;
}

/** How many values are NaN or infinite, and the first few of them. */
export interface NonFiniteReport {
  readonly nan: number;
  readonly infinite: number;
  /** How many samples have at least one. */
  readonly rows: number;
  /** The first ones in reading order, at most 5. */
  readonly first: readonly NonFiniteValue[];
}

const shownPositions = 5;

const summaries = new WeakMap<Dataset, Summary>();

/** Smallest and largest value and whether anything varies. Computed once for each data set object. */
export function summary(data: Dataset): Summary {
  let known = summaries.get(data);
  if (!known) summaries.set(data, (known = summarize(data)));
  return known;
}

function summarize(set: Dataset): Summary {
  const { data } = set;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (min > max) min = max = Number.NaN;
  const size = featureSize(set);
  let varies = size;
  while (varies < data.length && data[varies] === data[varies % size]) varies++;
  return { min, max, constant: min === max, identicalSamples: varies === data.length };
}

/** Looks for NaN and infinite values; `undefined` when there are none. `uint8` data cost nothing. */
export function findNonFinite(set: Dataset): NonFiniteReport | undefined {
  const { data } = set;
  if (data instanceof Uint8Array) return undefined;
  const size = featureSize(set);
  const first: NonFiniteValue[] = [];
  let nan = 0;
  let infinite = 0;
  let rows = 0;
  let lastRow = -1;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (value - value === 0) continue;
    if (Number.isNaN(value)) nan++;
    else infinite++;
    const row = Math.floor(i / size);
    if (row !== lastRow) rows++;
    lastRow = row;
    if (first.length < shownPositions) first.push({ row, column: i % size, value });
  }
  return nan + infinite === 0 ? undefined : { nan, infinite, rows, first };
}

/**
 * Makes sure that every value is finite.
 * @throws {UserError} that says how many are not, in how many samples, and where the first ones are.
 */
export function checkFinite(set: Dataset): void {
  const found = findNonFinite(set);
  if (!found) return;
  const counts = [
    ...(found.nan > 0 ? [`${countText(found.nan)} NaN`] : []),
    ...(found.infinite > 0 ? [`${countText(found.infinite)} infinite`] : []),
  ].join(' and ');
  const values = found.nan + found.infinite === 1 ? 'value' : 'values';
  const where = found.first.map((each) => `${each.value} in ${position(each, featureShape(set))}`).join('; ');
  const more = found.nan + found.infinite > found.first.length ? '; …' : '';
  throw new UserError(
    `${set.source ?? 'the data'}: ${counts} ${values} in ${countText(found.rows)} of ${countText(sampleCount(set))} samples: ${where}${more} (rows and columns count from 0). Remove these samples or replace the values`,
  );
}

function position({ row, column }: NonFiniteValue, shape: readonly number[]): string {
  if (shape.length === 1) return `row ${row}, column ${column}`;
  let rest = column;
  const indices = shape.map((_, axis) => {
    const stride = shape.slice(axis + 1).reduce((size, length) => size * length, 1);
    const index = Math.floor(rest / stride);
    rest %= stride;
    return index;
  });
  return `row ${row}, column [${indices.join(', ')}]`;
}
