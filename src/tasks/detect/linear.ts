import { cholesky, invertLower } from '../cholesky.js';

/** A normal distribution fitted to rows: its mean, and the matrix that makes its covariance the identity. */
export interface Whitening {
  /** [width] */
  readonly mean: Float32Array;
  /** [width, width], lower triangle transposed: (x - mean) · matrix has covariance 1. */
  readonly matrix: Float32Array;
}

/**
 * Fits a normal distribution to rows. A small share of the mean variance is added to each direction, so that one in
 * which the rows hardly vary does not decide everything (Ledoit and Wolf 2004 with a fixed intensity).
 * @param rows [count, width], row-major
 */
export function fitWhitening(rows: Float32Array, width: number, shrinkage = 0.01): Whitening {
  const count = rows.length / width;
  const mean = new Float64Array(width);
  for (let i = 0; i < rows.length; i++) mean[i % width]! += rows[i]! / count;
  const covariance = Array.from({ length: width }, () => new Float64Array(width));
  for (let start = 0; start < rows.length; start += width) {
    for (let a = 0; a < width; a++) {
      const left = rows[start + a]! - mean[a]!;
      for (let b = 0; b <= a; b++) covariance[a]![b]! += (left * (rows[start + b]! - mean[b]!)) / count;
    }
  }
  const average = covariance.reduce((sum, row, i) => sum + row[i]!, 0) / width;
  for (let a = 0; a < width; a++) {
    for (let b = 0; b < a; b++) covariance[a]![b]! *= 1 - shrinkage;
    covariance[a]![a] = (1 - shrinkage) * covariance[a]![a]! + shrinkage * average + 1e-8;
  }
  const inverse = invertLower(cholesky(covariance));
  const matrix = new Float32Array(width * width);
  for (let a = 0; a < width; a++) for (let b = 0; b <= a; b++) matrix[b * width + a] = inverse[a]![b]!;
  return { mean: Float32Array.from(mean), matrix };
}

/** The squared Mahalanobis distance of a row to the distribution. */
export function squaredDistance(row: Float32Array, { mean, matrix }: Whitening): number {
  let total = 0;
  for (let a = 0; a < row.length; a++) {
    let white = 0;
    for (let b = 0; b <= a; b++) white += (row[b]! - mean[b]!) * matrix[b * row.length + a]!;
    total += white * white;
  }
  return total;
}

/**
 * The median of numbers, and 1.4826 times the median of their distances to it: the robust mean and deviation. Where half of
 * all numbers or more are alike, that is 0 or nearly so, and says nothing of the others: a quarter of what the mean of the
 * distances gives decides then, the largest twentieth left out; where all others are 0, the whole of the mean.
 */
export function robustSpread(values: Float32Array | Float64Array): { center: number; scale: number } {
  const center = quantile(Float64Array.from(values).sort(), 0.5);
  const distances = Float64Array.from(values, (value) => Math.abs(value - center)).sort();
  const most = distances.filter((distance) => distance <= quantile(distances, 0.95));
  // What these means are for a standard normal distribution.
  const spread = mean(most) / 0.7168 / 4 || mean(distances) / 0.7979;
  return { center, scale: Math.max(1.4826 * quantile(distances, 0.5), spread, 1e-6) };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * A small part of what numbers above 0 usually are at most, to be added to them before a logarithm. Without it, where most
 * rows of a table are alike and explained perfectly, the logarithm would tell apart nothing but perfect and imperfect.
 */
export function smallPart(values: Float64Array): number {
  const sorted = Float64Array.from(values).sort();
  const usual = [0.9, 0.99, 1].map((share) => quantile(sorted, share)).find((value) => value > 0) ?? 0;
  return Math.max(0.03 * usual, 1e-6);
}

/** A quantile of sorted numbers, between two neighbours in proportion. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - below);
}
