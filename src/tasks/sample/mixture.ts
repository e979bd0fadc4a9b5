import { cholesky, invertLower } from '../cholesky.js';

/** A mixture of normal distributions with full covariances. */
export interface Mixture {
  /** Numbers in a code. */
  readonly width: number;
  /** [components], adding up to 1 */
  readonly weights: Float64Array;
  /** [components, width] */
  readonly means: Float64Array;
  /** [components, width, width] */
  readonly covariances: Float64Array;
}

/** What is computed once of a mixture for all codes. */
export interface Factors {
  /** Lower triangles L with L · Lᵀ the covariance, by component and row. */
  readonly lower: readonly (readonly Float64Array[])[];
  /** [components, width, width]: (x - mean) · matrix has covariance 1. */
  readonly whitening: Float32Array;
  /** [components, 1]: log(weight) - log(2π) · width / 2 - log |L|. */
  readonly logFactor: Float32Array;
}

/** The factors of a mixture. */
export function factorsOf({ width, weights, covariances }: Mixture): Factors {
  const size = width * width;
  const whitening = new Float32Array(weights.length * size);
  const logFactor = new Float32Array(weights.length);
  const lower = Array.from(weights, (weight, k) => {
    const rows = Array.from({ length: width }, (_, a) =>
      covariances.subarray(k * size + a * width, k * size + (a + 1) * width),
    );
    const triangle = cholesky(rows);
    invertLower(triangle).forEach((row, a) => {
      for (let b = 0; b <= a; b++) whitening[k * size + b * width + a] = row[b]!;
    });
    const logVolume = triangle.reduce((sum, row, a) => sum + Math.log(row[a]!), 0);
    logFactor[k] = Math.log(weight) - (width * Math.log(2 * Math.PI)) / 2 - logVolume;
    return triangle;
  });
  return { lower, whitening, logFactor };
}

/** Sums over codes, weighted with the probability of each component, about points near the means. */
export interface MixtureSums {
  /** [components] */
  readonly counts: Float64Array;
  /** The points, [components, width]. */
  readonly about: Float64Array;
  /** Σ r (x - about), [components, width] */
  readonly first: Float64Array;
  /** Σ r (x - about) (x - about)ᵀ, [components, width, width] */
  readonly second: Float64Array;
}

/**
 * The mixture that explains such sums best (the M step), as scikit-learn's GaussianMixture computes it: ten times the
 * rounding unit is added to each count, and `regularization` to each variance.
 */
export function mixtureOf(
  { counts, about, first, second }: MixtureSums,
  width: number,
  regularization: number,
): Mixture {
  const weights = counts.map((count) => count + 10 * Number.EPSILON);
  const total = weights.reduce((a, b) => a + b, 0);
  const means = new Float64Array(first.length);
  const covariances = new Float64Array(second.length);
  weights.forEach((count, k) => {
    const moved = first.subarray(k * width, (k + 1) * width).map((value) => value / count);
    for (let a = 0; a < width; a++) {
      means[k * width + a] = about[k * width + a]! + moved[a]!;
      for (let b = 0; b < width; b++) {
        const at = (k * width + a) * width + b;
        covariances[at] = second[at]! / count - moved[a]! * moved[b]! + (a === b ? regularization : 0);
      }
    }
  });
  return { width, weights: weights.map((count) => count / total), means, covariances };
}
