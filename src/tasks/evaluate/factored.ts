import type { Factors } from '../../data/dataset.js';
import { UserError } from '../../errors.js';

/** Codes of samples of which the generating factors are known. */
export interface FactoredCodes {
  /** `[samples, latent]`, row-major. */
  readonly codes: Float32Array;
  readonly latent: number;
  readonly factors: Factors;
}

/** A latent dimension with a smaller variance than this over the data holds nothing (Burda et al. 2016). */
const inactive = 0.01;

/**
 * How many samples there are.
 * @throws {UserError} when codes and factors differ in number, or a factor has one value only
 */
export function countOf({ codes, latent, factors }: FactoredCodes): number {
  const count = codes.length / latent;
  const given = factors.values.length / factors.names.length;
  if (count !== given) throw new UserError(`there are ${count} codes and the factors of ${given} samples`);
  factors.names.forEach((name, k) => {
    const first = factors.values[k]!;
    if (column(factors.values, factors.names.length, k).every((value) => value === first)) {
      throw new UserError(
        `the factor "${name}" has the same value in all ${count} samples, so nothing can be said of it; take more of the data`,
      );
    }
  });
  return count;
}

/** A column of rows. */
export function column<T extends Int32Array | Float32Array>(
  rows: T,
  width: number,
  at: number,
): Float64Array {
  return Float64Array.from({ length: rows.length / width }, (_, i) => rows[i * width + at]!);
}

/** Mean and deviation of each latent dimension; a deviation of 0 for those that hold nothing. */
export function spreadOf({ codes, latent }: Pick<FactoredCodes, 'codes' | 'latent'>): {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
} {
  const mean = new Float64Array(latent);
  const deviation = new Float64Array(latent);
  for (let k = 0; k < latent; k++) {
    const values = column(codes, latent, k);
    mean[k] = values.reduce((total, value) => total + value, 0) / values.length;
    const variance = values.reduce((total, value) => total + (value - mean[k]!) ** 2, 0) / values.length;
    deviation[k] = variance < inactive ? 0 : Math.sqrt(variance);
  }
  return { mean, deviation };
}

/** Of each factor the largest of its scores over latents, less the second; the mean over factors. */
export function meanGap(scores: readonly (readonly number[])[]): number {
  const gaps = scores.map((row) => {
    const [first, second = 0] = [...row].sort((a, b) => b - a);
    return first! - second;
  });
  return gaps.reduce((total, gap) => total + gap, 0) / gaps.length;
}
