import { UserError } from '../../errors.js';
import { permutation } from '../../random/fill.js';
import { Random } from '../../random/random.js';
import { nearestNeighbours } from './neighbours.js';

/** Rows of numbers, one after the other. */
export interface Rows {
  /** Row-major, `[n, width]`. */
  readonly values: Float32Array | Uint8Array;
  readonly width: number;
}

/** Which rows are looked at. */
export interface SampleOptions {
  /** Of more rows than these, so many are drawn; 2,000 unless given. */
  readonly maxSamples?: number;
  /** What the draw depends on; 1 unless given. */
  readonly seed?: number;
}

/** How well neighbourhoods survived; both lie in 0 … 1, 1 is perfect, chance is near 0.5. */
export interface Preservation {
  /** Whether neighbours among the codes are neighbours in the data. */
  readonly trustworthiness: number;
  /** Whether neighbours in the data are neighbours among the codes. */
  readonly continuity: number;
  /** How many rows were compared. */
  readonly samples: number;
}

/**
 * Trustworthiness and continuity of a mapping from data to codes (Venna and Kaski, "Neighborhood preservation in
 * nonlinear projection methods", ICANN 2001), from the `k` nearest neighbours by Euclidean distance. The time grows
 * with the square of `maxSamples`.
 * @param data `[n, anything]`
 * @param codes `[n, latent]`, the codes of the same rows
 * @throws {UserError} when data and codes differ in rows, and when `k` is not below half of the rows compared.
 */
export function preservation(data: Rows, codes: Rows, k = 5, options: SampleOptions = {}): Preservation {
  const [{ sample: original, distances: wide }, { sample: coded, distances: narrow }] = measured(
    data,
    codes,
    k,
    options,
  );
  return {
    trustworthiness: kept(coded, wide, k),
    continuity: kept(original, narrow, k),
    samples: original.values.length / original.width,
  };
}

/**
 * How far neighbours among the codes are neighbours in the data: 1 for a perfect mapping, equal to
 * `sklearn.manifold.trustworthiness`. See {@link preservation}.
 * @throws {UserError} as {@link preservation}.
 */
export function trustworthiness(data: Rows, codes: Rows, k = 5, options: SampleOptions = {}): number {
  return preservation(data, codes, k, options).trustworthiness;
}

/**
 * How far neighbours in the data are neighbours among the codes: trustworthiness with the two exchanged. See
 * {@link preservation}.
 * @throws {UserError} as {@link preservation}.
 */
export function continuity(data: Rows, codes: Rows, k = 5, options: SampleOptions = {}): number {
  return preservation(data, codes, k, options).continuity;
}

/** A sample of rows as float32, and the squared distances of all its pairs. */
interface Measured {
  readonly sample: { readonly values: Float32Array; readonly width: number };
  readonly distances: Float64Array;
}

function measured(data: Rows, codes: Rows, k: number, options: SampleOptions): [Measured, Measured] {
  const count = countOf(data, 'data');
  if (countOf(codes, 'codes') !== count) {
    throw new UserError(
      `there are ${count} rows of data and ${countOf(codes, 'codes')} codes; give one code a row`,
    );
  }
  const chosen = drawn(count, options.maxSamples ?? 2000, options.seed ?? 1);
  if (!Number.isInteger(k) || k < 1 || k >= chosen.length / 2) {
    throw new UserError(
      `${k} neighbours of ${chosen.length} rows were asked for; the measure needs a whole number of 1 to below half the rows`,
    );
  }
  const both = [data, codes].map((rows) => {
    const sample = { values: taken(rows, chosen), width: rows.width };
    return { sample, distances: allDistances(sample) };
  });
  return [both[0]!, both[1]!];
}

/** The penalty is the rank that a neighbour in `space` has by `distances`, as far as it exceeds k. */
function kept(space: Measured['sample'], distances: Float64Array, k: number): number {
  const n = space.values.length / space.width;
  const { indices } = nearestNeighbours({
    references: space.values,
    width: space.width,
    k,
    excludeSelf: true,
  });
  let penalty = 0;
  for (let i = 0; i < n; i++) {
    const row = distances.subarray(i * n, (i + 1) * n);
    for (let j = 0; j < k; j++) penalty += Math.max(0, rankOf(row, i, indices[i * k + j]!) - k);
  }
  return 1 - (2 * penalty) / (n * k * (2 * n - 3 * k - 1));
}

/** Which neighbour of `self` another row is, 1 for the nearest; of equally far ones the first come first. */
function rankOf(row: Float64Array, self: number, other: number): number {
  const distance = row[other]!;
  let rank = 1;
  for (let l = 0; l < row.length; l++) {
    if (l !== self && (row[l]! < distance || (row[l] === distance && l < other))) rank++;
  }
  return rank;
}

function allDistances({ values, width }: Measured['sample']): Float64Array {
  const n = values.length / width;
  const distances = new Float64Array(n * n);
  const row = new Float64Array(width);
  for (let i = 0; i < n; i++) {
    for (let d = 0; d < width; d++) row[d] = values[i * width + d]!;
    for (let j = i + 1; j < n; j++) {
      const place = j * width;
      let even = 0;
      let odd = 0;
      let d = 0;
      for (; d + 1 < width; d += 2) {
        const a = row[d]! - values[place + d]!;
        const b = row[d + 1]! - values[place + d + 1]!;
        even += a * a;
        odd += b * b;
      }
      if (d < width) even += (row[d]! - values[place + d]!) ** 2;
      distances[i * n + j] = distances[j * n + i] = even + odd;
    }
  }
  return distances;
}

/** Codes with the class of each. */
export interface LabelledCodes {
  /** Row-major, `[n, latent]`. */
  readonly codes: Float32Array;
  /** `[n]`, whole numbers. */
  readonly labels: ArrayLike<number>;
}

/** What {@link knnAccuracy} compares. */
export interface KnnQuestion {
  readonly train: LabelledCodes;
  /** Without it every training row is judged by the others (leave-one-out). */
  readonly test?: LabelledCodes;
  /** How many values a code has. */
  readonly latent: number;
  /** How many neighbours vote; 5 unless given. */
  readonly k?: number;
  /** Of more rows than these to be judged, so many are drawn; 10,000 unless given. */
  readonly maxQueries?: number;
  /** What the draw depends on; 1 unless given. */
  readonly seed?: number;
}

/**
 * The part of rows, 0 … 1, whose class is the most frequent one of their `k` nearest training codes: the smallest
 * label where several are equally frequent (as in scikit-learn's `KNeighborsClassifier`).
 * @throws {UserError} when there are no rows, codes and labels differ in number, or there are fewer than `k`
 *   training rows to choose from.
 */
export function knnAccuracy(question: KnnQuestion): number {
  const { train, test, latent, k = 5, maxQueries = 10_000, seed = 1 } = question;
  const judged = test ?? train;
  checkLabels(train, latent, 'training');
  const count = checkLabels(judged, latent, 'test');
  const others = train.labels.length - (test ? 0 : 1);
  if (!Number.isInteger(k) || k < 1 || k > others) {
    throw new UserError(
      `${k} neighbours were asked for, and there are ${others} training rows to choose from; ask for a whole number of 1 to at most these`,
    );
  }
  const chosen = drawn(count, maxQueries, seed);
  const queries = taken({ values: judged.codes, width: latent }, chosen);
  // Left out below by its index: a drawn query is no longer at the place of its reference.
  const voters = test ? k : k + 1;
  const { indices } = nearestNeighbours({ references: train.codes, queries, width: latent, k: voters });
  let right = 0;
  for (const [q, row] of chosen.entries()) {
    const near = [...indices.subarray(q * voters, (q + 1) * voters)];
    // Behind k + 1 equal rows, a row may not be among its own neighbours.
    const voting = (test ? near : near.filter((index) => index !== row)).slice(0, k);
    if (vote(voting.map((index) => train.labels[index]!)) === judged.labels[row]) right++;
  }
  return right / chosen.length;
}

function vote(labels: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return Math.min(...[...counts.keys()].filter((label) => counts.get(label) === most));
}

function checkLabels({ codes, labels }: LabelledCodes, latent: number, what: string): number {
  const count = countOf({ values: codes, width: latent }, `${what} codes`);
  if (labels.length !== count) {
    throw new UserError(
      `there are ${count} ${what} codes and ${labels.length} labels; give one label a code`,
    );
  }
  return count;
}

/** All rows, or so many drawn without repetition, in ascending order. */
function drawn(count: number, most: number, seed: number): Uint32Array {
  if (!Number.isInteger(most) || most < 1) {
    throw new UserError(`at most ${most} rows were asked for; give a whole number of at least 1`);
  }
  if (count <= most) return Uint32Array.from({ length: count }, (_, i) => i);
  return permutation(count, new Random(seed, 'rows for quality')).subarray(0, most).sort();
}

function taken({ values, width }: Rows, chosen: Uint32Array): Float32Array {
  const target = new Float32Array(chosen.length * width);
  chosen.forEach((row, i) => {
    target.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  return target;
}

function countOf({ values, width }: Rows, what: string): number {
  if (!Number.isInteger(width) || width < 1 || values.length % width !== 0) {
    throw new UserError(`${values.length} values of ${what} do not make rows of ${width}; give whole rows`);
  }
  if (values.length === 0) throw new UserError(`there are no rows of ${what}; give at least one`);
  return values.length / width;
}
