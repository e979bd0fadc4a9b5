import { PCA } from 'ml-pca';
import { UserError } from '../../errors.js';

/** A principal component analysis. */
export interface Pca {
  /** How many values a row has. */
  readonly width: number;
  /** `[width]` */
  readonly mean: Float64Array;
  /** Unit vectors, row-major, `[components, width]`; the one with the largest variance first. */
  readonly components: Float64Array;
  /** `[components]`, the variance along each (divided by n - 1). */
  readonly variances: Float64Array;
  /** `[components]`, the part of the data's variance that each explains; zeros where the data do not vary. */
  readonly explained: Float64Array;
}

/** The covariance matrix of more columns would take more than 128 MiB, and its eigenvectors minutes. */
const maxWidth = 4096;
const blockRows = 8;

/**
 * The principal components of rows, by the eigenvectors of their covariance matrix (library ml-pca). The matrix is
 * summed in float64, so little more memory is needed than `width²` numbers. The sign of a component, which the
 * definition leaves open, is such that its entry of largest size is positive.
 * @param rows Row-major, `[count, width]`, finite.
 * @param components How many to keep, 1 … width.
 * @throws {UserError} when there are fewer than two rows, values do not fill them or are not finite, the width is
 *   above 4,096, or `components` is out of range.
 */
export function fitPca(
  rows: Float32Array | Uint8Array,
  count: number,
  width: number,
  components: number,
): Pca {
  checkRows(rows, count, width);
  if (count < 2) throw new UserError(`principal components need at least two rows, not ${count}`);
  if (width > maxWidth) {
    throw new UserError(
      `principal components of ${width} columns were asked for; at most ${maxWidth} can be`,
    );
  }
  if (!Number.isInteger(components) || components < 1 || components > width) {
    throw new UserError(`${components} components of ${width} columns were asked for; give 1 to ${width}`);
  }
  const { mean, covariance, total } = covarianceOf(rows, count, width);
  const matrix = Array.from({ length: width }, (_, i) => [
    ...covariance.subarray(i * width, (i + 1) * width),
  ]);
  const pca = new PCA(matrix, { isCovarianceMatrix: true });
  const vectors = pca.getEigenvectors();
  const found = pca.getEigenvalues();
  const kept = new Float64Array(components * width);
  const variances = Float64Array.from({ length: components }, (_, c) => Math.max(0, found[c]!));
  for (let c = 0; c < components; c++) {
    const vector = kept.subarray(c * width, (c + 1) * width);
    for (let d = 0; d < width; d++) vector[d] = vectors.get(d, c);
    if (largest(vector) < 0) for (let d = 0; d < width; d++) vector[d] = -vector[d]!;
  }
  const explained = variances.map((variance) => (total > 0 ? variance / total : 0));
  return { width, mean, components: kept, variances, explained };
}

/**
 * The coordinates of rows along the principal components: `[count, components]`.
 * @param rows Row-major, `[count, width]`.
 * @throws {UserError} when the values do not fill the rows or are not finite.
 */
export function transformPca(pca: Pca, rows: Float32Array | Uint8Array, count: number): Float32Array {
  const { width, mean, components } = pca;
  checkRows(rows, count, width);
  const kept = components.length / width;
  const target = new Float32Array(count * kept);
  const centred = new Float64Array(width);
  for (let r = 0; r < count; r++) {
    for (let d = 0; d < width; d++) centred[d] = rows[r * width + d]! - mean[d]!;
    for (let c = 0; c < kept; c++) {
      let sum = 0;
      for (let d = 0; d < width; d++) sum += centred[d]! * components[c * width + d]!;
      target[r * kept + c] = sum;
    }
  }
  return target;
}

function covarianceOf(rows: Float32Array | Uint8Array, count: number, width: number) {
  const mean = new Float64Array(width);
  const spread = new Float64Array(width);
  for (let r = 0; r < count; r++) for (let d = 0; d < width; d++) mean[d]! += rows[r * width + d]!;
  for (let d = 0; d < width; d++) mean[d]! /= count;
  for (let r = 0; r < count; r++) {
    for (let d = 0; d < width; d++) spread[d]! += (rows[r * width + d]! - mean[d]!) ** 2;
  }
  // Zeros, of which images have many, cost nothing when they are not shifted. Where the mean is far beyond the
  // spread, an unshifted sum of squares would lose the digits that matter.
  const shift = mean.map((value, d) => (value * value > (64 * spread[d]!) / count ? value : 0));
  const sums = new Float64Array(width * width);
  const block = new Float64Array(blockRows * width);
  const used = new Uint32Array(width);
  for (let r = 0; r < count; r += blockRows) {
    const end = Math.min(count, r + blockRows);
    let filled = 0;
    block.fill(0);
    for (let i = r; i < end; i++) {
      for (let d = 0; d < width; d++) {
        const value = rows[i * width + d]! - shift[d]!;
        if (value === 0) continue;
        block[d * blockRows + i - r] = value;
        filled++;
      }
    }
    if (filled < 0.35 * width * (end - r)) addSparse(block, end - r, width, used, sums);
    else addDense(block, width, sums);
  }
  let total = 0;
  for (let i = 0; i < width; i++) {
    const a = mean[i]! - shift[i]!;
    for (let j = i; j < width; j++) {
      const b = mean[j]! - shift[j]!;
      const value = (sums[i * width + j]! - count * a * b) / (count - 1);
      sums[i * width + j] = sums[j * width + i] = value;
    }
    total += Math.max(0, sums[i * width + i]!);
  }
  return { mean, covariance: sums, total };
}

/** Adds row by row the products of what is not zero to the upper triangle. */
function addSparse(
  block: Float64Array,
  rows: number,
  width: number,
  used: Uint32Array,
  sums: Float64Array,
): void {
  for (let r = 0; r < rows; r++) {
    let n = 0;
    for (let d = 0; d < width; d++) if (block[d * blockRows + r] !== 0) used[n++] = d;
    for (let i = 0; i < n; i++) {
      const value = block[used[i]! * blockRows + r]!;
      const row = used[i]! * width;
      for (let j = i; j < n; j++) {
        const column = used[j]!;
        sums[row + column]! += value * block[column * blockRows + r]!;
      }
    }
  }
}

/** Adds the products of eight rows at a time to the upper triangle, so that each sum is loaded once for all. */
function addDense(block: Float64Array, width: number, sums: Float64Array): void {
  for (let i = 0; i < width; i++) {
    const at = i * blockRows;
    const a = block[at]!;
    const b = block[at + 1]!;
    const c = block[at + 2]!;
    const d = block[at + 3]!;
    const e = block[at + 4]!;
    const f = block[at + 5]!;
    const g = block[at + 6]!;
    const h = block[at + 7]!;
    for (let j = i; j < width; j++) {
      const to = j * blockRows;
      sums[i * width + j]! +=
        a * block[to]! +
        b * block[to + 1]! +
        (c * block[to + 2]! + d * block[to + 3]!) +
        (e * block[to + 4]! + f * block[to + 5]! + (g * block[to + 6]! + h * block[to + 7]!));
    }
  }
}

/** The entry of largest size; the first of several. */
function largest(vector: Float64Array): number {
  let found = 0;
  // Entries that differ by rounding alone are equal: else the sign would hang on the last bit.
  for (const value of vector) if (Math.abs(value) > Math.abs(found) * (1 + 1e-9)) found = value;
  return found;
}

function checkRows(rows: Float32Array | Uint8Array, count: number, width: number): void {
  if (!Number.isInteger(width) || width < 1 || rows.length !== count * width) {
    throw new UserError(`${rows.length} values do not make ${count} rows of ${width}; give whole rows`);
  }
  if (rows instanceof Uint8Array) return;
  for (let i = 0; i < rows.length; i++) {
    if (!Number.isFinite(rows[i]!)) {
      throw new UserError(
        `row ${Math.floor(i / width)} has the value ${rows[i]}; principal components need finite values, leave such rows out`,
      );
    }
  }
}
