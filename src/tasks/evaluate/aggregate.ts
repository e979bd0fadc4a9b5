import type { Dataset, DatasetInput } from '../../data/dataset.js';
import type { VariationalModel } from '../../estimator/variational.js';
import { permutation } from '../../random/fill.js';
import { normal } from '../../random/normal.js';
import { Random } from '../../random/random.js';
import { eigenOf, momentsOf } from './symmetric.js';

/** The distributions of codes: normal, independent in each latent. */
export interface Posteriors {
  /** `[samples, latent]`, row-major, as `logVar`. */
  readonly mean: Float32Array;
  readonly logVar: Float32Array;
  readonly latent: number;
}

/**
 * How far the codes of all samples together, q(z) = E q(z | x), lie from the prior N(0, 1) that new samples are drawn
 * from: KL(q(z) ‖ p(z)) in nats. It is not known, but lies between two figures, as far as there are samples enough.
 */
export interface AggregateMismatch {
  /** KL(N(m, S) ‖ N(0, 1)) with mean m and covariance S of q(z): no distribution with these moments is nearer. */
  readonly lower: number;
  /** The mean of KL(q(z | x) ‖ p(z)), less `mutualInformation` (Hoffman and Johnson 2016). */
  readonly upper: number;
  /** A lower bound of the information that a code has about its sample, in nats: at most the log of `samples`. */
  readonly mutualInformation: number;
  /** Samples that were compared with one another. */
  readonly samples: number;
}

/** Which samples are compared. */
export interface AggregateOptions {
  /** Of more than these, so many are drawn; 4,000 by default. The time grows with the square. */
  readonly maxSamples?: number;
  readonly seed?: number;
}

/**
 * Splits the KL term as Hoffman and Johnson do ("ELBO surgery", 2016): E KL(q(z | x) ‖ p(z)) = I(x; z) + KL(q(z) ‖ p(z)).
 * I is estimated from one draw zᵢ for each sample as the mean of log q(zᵢ | xᵢ) - log (1/N) Σₙ q(zᵢ | xₙ), which in
 * expectation is too small rather than too large and never above log N; so what is left for the second term is too large
 * rather than too small, and by much where the codes know more than log N nats of their samples.
 */
export function aggregateMismatch(
  { mean, logVar, latent }: Posteriors,
  { maxSamples = 4000, seed = 0 }: AggregateOptions = {},
): AggregateMismatch {
  const all = mean.length / latent;
  const chosen = permutation(all, new Random(seed, 'aggregate')).slice(0, Math.min(all, maxSamples));
  const mutualInformation = information({ mean, logVar, latent }, chosen, seed);
  let kl = 0;
  for (const row of chosen) {
    for (let i = row * latent; i < (row + 1) * latent; i++) {
      kl += 0.5 * (mean[i]! ** 2 + Math.exp(logVar[i]!) - logVar[i]! - 1);
    }
  }
  return {
    lower: momentKl({ mean, logVar, latent }),
    upper: kl / chosen.length - mutualInformation,
    mutualInformation,
    samples: chosen.length,
  };
}

/**
 * The same for a model and data; `undefined` where its codes have no normal distribution.
 * @throws {UserError} when samples do not fit the model
 */
export async function aggregateMismatchOf(
  model: VariationalModel,
  data: Dataset | DatasetInput,
  options: AggregateOptions = {},
): Promise<AggregateMismatch | undefined> {
  const { mean, logVar } = await model.posterior(data);
  if (mean === undefined || logVar === undefined) return undefined;
  return aggregateMismatch({ mean: mean.data, logVar: logVar.data, latent: model.latent }, options);
}

/** The mean over draws of log q(z | x) - log q(z). Constants that both have are left out. */
function information({ mean, logVar, latent }: Posteriors, chosen: Uint32Array, seed: number): number {
  const count = chosen.length;
  const centers = new Float64Array(count * latent);
  const precisions = new Float64Array(count * latent);
  const offsets = new Float64Array(count);
  chosen.forEach((row, n) => {
    for (let k = 0; k < latent; k++) {
      centers[n * latent + k] = mean[row * latent + k]!;
      precisions[n * latent + k] = Math.exp(-logVar[row * latent + k]!);
      offsets[n]! -= 0.5 * logVar[row * latent + k]!;
    }
  });
  const random = new Random(seed, 'aggregate', 'draws');
  const code = new Float64Array(latent);
  const logs = new Float64Array(count);
  let total = 0;
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < latent; k++) {
      code[k] = centers[i * latent + k]! + normal(random) / Math.sqrt(precisions[i * latent + k]!);
    }
    let largest = Number.NEGATIVE_INFINITY;
    for (let n = 0; n < count; n++) {
      let distance = 0;
      for (let k = 0, at = n * latent; k < latent; k++, at++) {
        const apart = code[k]! - centers[at]!;
        distance += apart * apart * precisions[at]!;
      }
      logs[n] = offsets[n]! - 0.5 * distance;
      if (logs[n]! > largest) largest = logs[n]!;
    }
    let sum = 0;
    for (const log of logs) sum += Math.exp(log - largest);
    total += logs[i]! - largest - Math.log(sum / count);
  }
  return total / count;
}

function momentKl({ mean, logVar, latent }: Posteriors): number {
  const { mean: center, covariance } = momentsOf(mean, latent);
  const count = logVar.length / latent;
  for (let i = 0; i < logVar.length; i++) {
    covariance[(i % latent) * (latent + 1)]! += Math.exp(logVar[i]!) / count;
  }
  const { values } = eigenOf(covariance, latent);
  const spread = values.reduce((total, value) => total + value - 1 - Math.log(value), 0);
  return 0.5 * (spread + center.reduce((total, value) => total + value * value, 0));
}
