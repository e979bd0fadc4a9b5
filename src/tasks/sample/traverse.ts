import { type DatasetInput, dataset } from '../../data/dataset.js';
import { UserError } from '../../errors.js';
import type { Matrix } from '../../estimator/inference.js';
import type { Model } from '../../estimator/model.js';
import { VariationalModel } from '../../estimator/variational.js';

/** How to sweep latents. */
export interface TraverseOptions {
  /** The code that is varied, of `latent` numbers; the mean code of the data by default. */
  readonly from?: ArrayLike<number>;
  /** How many latents, the most active ones; all by default. */
  readonly latents?: number;
  /** Values of each latent; 11 by default, 2 at least. */
  readonly steps?: number;
  /** Of a conditional model: the class that all codes are decoded for; that of the first sample by default. */
  readonly label?: number;
}

/** Latents that were swept one by one, and what the model makes of it. */
export interface Traversal {
  /** Places in the code, the latent that varies most over the data first. */
  readonly latents: readonly number[];
  /** The values of each of them, in the same order: [latents, steps]. */
  readonly values: readonly (readonly number[])[];
  /** [latents · steps, …shape], in the units of the training data. */
  readonly samples: Matrix;
}

/** The ends of a sweep of a variational model, in standard deviations of the prior. */
const priorEnd = 3;
/** The ends of a sweep of any other: the code of one sample in a hundred lies beyond each. */
const quantileEnd = 0.01;

/**
 * Sweeps each latent dimension while the others stay as they are: shows what a latent means. A latent of a variational
 * model goes evenly from -3 to 3, in standard deviations of the prior; of any other model through evenly spaced
 * quantiles of its codes, from 1% to 99%.
 * @param data samples whose codes decide the middle, the order of the latents, and quantiles
 * @throws {UserError} when data, the code or a count do not fit the model
 */
export async function traverse(
  model: Model,
  data: DatasetInput,
  { from, latents = model.latent, steps = 11, label }: TraverseOptions = {},
): Promise<Traversal> {
  const { latent } = model;
  for (const [name, value, least] of [
    ['latents', latents, 1],
    ['steps', steps, 2],
  ] as const) {
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new UserError(`traverse: ${name}: a whole number from ${least} up is expected, got ${value}`);
  }
  if (from !== undefined && (from.length !== latent || !Array.from(from).every(Number.isFinite))) {
    throw new UserError(
      `traverse: from: a code of ${latent} finite numbers is expected, got ${from.length} numbers`,
    );
  }
  const columns = columnsOf(await model.encode(data), latent);
  const means = columns.map((column) => column.reduce((a, b) => a + b, 0) / column.length);
  const activity = columns.map((column, d) => column.reduce((sum, z) => sum + (z - means[d]!) ** 2, 0));
  const order = activity.map((_, d) => d).sort((a, b) => activity[b]! - activity[a]!);
  const swept = order.slice(0, latents);
  const shares = Array.from({ length: steps }, (_, step) => step / (steps - 1));
  const values = swept.map((d) =>
    model instanceof VariationalModel && model.hasNormalPrior
      ? shares.map((_, step) => ((2 * step - steps + 1) * priorEnd) / (steps - 1))
      : quantiles(columns[d]!, shares),
  );
  const codes = new Float32Array(swept.length * steps * latent);
  swept.forEach((d, row) => {
    values[row]!.forEach((value, step) => {
      const start = (row * steps + step) * latent;
      codes.set(from ?? means, start);
      codes[start + d] = value;
    });
  });
  const shown = label ?? (model.classes === undefined ? undefined : dataset(data).labels?.[0]);
  const samples = await model.decode(
    { data: codes, shape: [swept.length * steps, latent] },
    { ...(shown !== undefined && { labels: shown }) },
  );
  return { latents: swept, values, samples };
}

/** The codes of one latent each. */
function columnsOf({ data }: Matrix, latent: number): Float32Array[] {
  return Array.from({ length: latent }, (_, d) =>
    Float32Array.from({ length: data.length / latent }, (_unused, row) => data[row * latent + d]!),
  );
}

/** Quantiles at shares of the way from the lowest to the highest that is shown, between neighbours by a line. */
function quantiles(column: Float32Array, shares: readonly number[]): number[] {
  const sorted = column.slice().sort();
  return shares.map((share) => {
    const place = (quantileEnd + share * (1 - 2 * quantileEnd)) * (sorted.length - 1);
    const below = sorted[Math.floor(place)]!;
    return below + (place % 1) * (sorted[Math.ceil(place)]! - below);
  });
}
