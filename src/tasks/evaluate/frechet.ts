import { type Dataset, featureSize, sampleCount } from '../../data/dataset.js';
import { UserError } from '../../errors.js';
import type { Matrix } from '../../estimator/inference.js';
import type { Platform } from '../../estimator/platform.js';
import { permutation } from '../../random/fill.js';
import { Random } from '../../random/random.js';
import { FeatureClassifier, featureCount } from './classifier.js';
import { eigenOf, type Moments, momentsOf } from './symmetric.js';

/**
 * The squared Fréchet distance of two normal distributions (Dowson and Landau 1982):
 * ‖m₁ - m₂‖² + tr(S₁ + S₂ - 2 (S₁ S₂)^½).
 */
export function frechetDistance(first: Moments, second: Moments): number {
  const width = first.mean.length;
  let distance = 0;
  for (let i = 0; i < width; i++) {
    distance += (first.mean[i]! - second.mean[i]!) ** 2;
    distance += first.covariance[i * (width + 1)]! + second.covariance[i * (width + 1)]!;
  }
  // The trace of (S₁ S₂)^½ is that of (S₁^½ S₂ S₁^½)^½, which is symmetric.
  const half = squareRoot(first.covariance, width);
  const middle = product(product(half, second.covariance, width), half, width);
  const { values } = eigenOf(middle, width);
  const trace = values.reduce((total, value) => total + Math.sqrt(Math.max(value, 0)), 0);
  return Math.max(0, distance - 2 * trace);
}

function squareRoot(matrix: Float64Array, width: number): Float64Array {
  const { values, vectors } = eigenOf(matrix, width);
  const scaled = vectors.map((value, at) => value * Math.sqrt(Math.max(values[at % width]!, 0)));
  const transposed = vectors.map((_, at) => vectors[(at % width) * width + Math.floor(at / width)]!);
  return product(scaled, transposed, width);
}

function product(a: Float64Array, b: Float64Array, width: number): Float64Array {
  const out = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let k = 0; k < width; k++) {
      const factor = a[i * width + k]!;
      for (let j = 0; j < width; j++) out[i * width + j]! += factor * b[k * width + j]!;
    }
  }
  return out;
}

/** What makes new samples: a variational model, or a `Sampler` of any model. */
export interface SampleSource {
  /** Numbers in a sample. */
  readonly features: number;
  /** How many classes samples are made of, where they are asked for by class. */
  readonly classes: number | undefined;
  sample(count: number, options: { readonly seed: number; readonly label?: Int32Array }): Promise<Matrix>;
}

/** How near new samples are to data. */
export interface GenerationQuality {
  /**
   * The Fréchet distance of the features of new samples and of data: smaller is better. The features are those of a small
   * classifier that is trained on the very data, so this is not the FID of the literature, which uses the network
   * Inception; it compares with figures on the same data only.
   */
  readonly frechetDistance: number;
  /** The same of other samples of the data in place of new ones: what perfect samples would reach. */
  readonly betweenData: number;
  /** New samples, and samples of data, that were compared. */
  readonly samples: number;
}

/** Samples that are compared at most; a covariance of 64 features needs some hundreds. */
const most = 10_000;
const least = 2 * featureCount;

/**
 * How near new samples (means of p(x | z), z from the prior or from a sampler) are to data, by the Fréchet distance (Heusel et al.
 * 2017). A third of the data, drawn at random, trains the classifier; another is compared with as many new samples, and with
 * the last third.
 * @throws {UserError} when the data have no labels, or are fewer than 384
 */
export async function generationQuality(
  platform: Platform,
  source: SampleSource,
  data: Dataset,
  { seed = 0 }: { readonly seed?: number } = {},
): Promise<GenerationQuality> {
  const count = Math.min(most, Math.floor(sampleCount(data) / 3));
  if (count < least) {
    throw new UserError(
      `${data.source ?? 'the data'}: ${3 * least} samples or more are needed to compare with new ones, and there are ${sampleCount(data)}`,
    );
  }
  if (featureSize(data) !== source.features) {
    throw new UserError(
      `${data.source ?? 'the data'}: a sample has ${featureSize(data)} values, but the model gives ${source.features}`,
    );
  }
  const order = permutation(sampleCount(data), new Random(0, 'generation quality'));
  const third = (part: number) => picked(data, order.subarray(part * count, (part + 1) * count));
  const classifier = await FeatureClassifier.train(platform, third(0));
  try {
    const moments = async (values: ArrayLike<number>) =>
      momentsOf(await classifier.features(values), featureCount);
    const other = third(1);
    const reference = await moments(other.data);
    // Of each class as many as there are to compare with.
    const classes = source.classes === undefined ? {} : { label: other.labels! };
    const { data: made } = await source.sample(count, { seed, ...classes });
    return {
      frechetDistance: frechetDistance(await moments(made), reference),
      betweenData: frechetDistance(await moments(third(2).data), reference),
      samples: count,
    };
  } finally {
    await classifier.release();
  }
}

/** Some samples, with their labels. */
function picked(data: Dataset, rows: Uint32Array): Dataset {
  const size = featureSize(data);
  const values =
    data.data instanceof Uint8Array
      ? new Uint8Array(rows.length * size)
      : new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    values.set(data.data.subarray(row * size, (row + 1) * size), i * size);
  });
  return {
    data: values,
    shape: [rows.length, ...data.shape.slice(1)],
    ...(data.labels && { labels: Int32Array.from(rows, (row) => data.labels![row]!) }),
    ...(data.source !== undefined && { source: data.source }),
  };
}
