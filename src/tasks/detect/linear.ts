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

/** The median of numbers, and 1.4826 times the median of their distances to it: the robust mean and deviation. */
export function robustSpread(values: Float32Array | Float64Array): { center: number; scale: number } {
  const center = median(Float64Array.from(values));
  const scale = 1.4826 * median(Float64Array.from(values, (value) => Math.abs(value - center)));
  return { center, scale: Math.max(scale, 1e-6) };
}

function median(values: Float64Array): number {
  const sorted = values.sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
