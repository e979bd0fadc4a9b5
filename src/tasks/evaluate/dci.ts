import { Random } from '../../random/random.js';
import { countOf, type FactoredCodes } from './factored.js';
import { growForest } from './forest.js';
import type { ScoreOptions } from './interventions.js';

/** Each 0 … 1; 1 is best. */
export interface Dci {
  /** Whether a latent knows one factor only. */
  readonly disentanglement: number;
  /** Whether a factor is known by one latent only. */
  readonly completeness: number;
  /** How well the code tells the factors: the share of right answers above chance, over all that could be above it. */
  readonly informativeness: number;
}

/**
 * Disentanglement, completeness and informativeness (Eastwood and Williams 2018): a random forest learns each factor from
 * the codes of three quarters of the samples; the importances of latents for factors are the matrix that the first two are
 * measured on, and its answers for the last quarter the third.
 * @throws {UserError} see `countOf`
 */
export function dci(given: FactoredCodes, { seed = 0 }: ScoreOptions = {}): Dci {
  const count = countOf(given);
  const { codes, latent, factors } = given;
  const { names, values, sizes } = factors;
  const training = Math.floor(0.75 * count);
  const found = sizes.map((size, k) => {
    const classes = Int32Array.from({ length: count }, (_, i) => values[i * names.length + k]!);
    const { importances, predict } = growForest(
      {
        inputs: codes.subarray(0, training * latent),
        width: latent,
        classes: classes.subarray(0, training),
        size,
      },
      new Random(seed, 'dci', k),
    );
    let right = 0;
    for (let i = training; i < count; i++) {
      if (predict(codes.subarray(i * latent, (i + 1) * latent)) === classes[i]) right++;
    }
    const accuracy = right / (count - training);
    return { importances, informed: Math.max(0, (accuracy - 1 / size) / (1 - 1 / size)) };
  });
  return {
    ...fromImportances(found.map(({ importances }) => importances)),
    informativeness: found.reduce((total, { informed }) => total + informed, 0) / sizes.length,
  };
}

/** Disentanglement and completeness of importances, one row of latents for each factor. */
export function fromImportances(
  rows: readonly Float64Array[],
): Pick<Dci, 'disentanglement' | 'completeness'> {
  const latents = Array.from({ length: rows[0]!.length }, (_, i) => rows.map((row) => row[i]!));
  const all = sum(latents.map(sum));
  return {
    // Latents count by their share of all importance.
    disentanglement:
      all === 0 ? 0 : sum(latents.map((latent) => (sum(latent) / all) * (1 - entropy(latent)))),
    completeness: sum(rows.map((row) => 1 - entropy([...row]))) / rows.length,
  };
}

/** Of shares, with the logarithm to the base of their number: 0 for one, 1 for equal ones, and where there are none. */
function entropy(parts: readonly number[]): number {
  const total = sum(parts);
  if (total === 0) return 1;
  if (parts.length === 1) return 0;
  return (
    -sum(parts.map((part) => (part > 0 ? (part / total) * Math.log(part / total) : 0))) /
    Math.log(parts.length)
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
