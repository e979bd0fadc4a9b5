import { summary } from '../data/checks.js';
import { type Dataset, sampleCount } from '../data/dataset.js';
import type { Scope } from '../nn/scope.js';
import { Random } from '../random/random.js';
import type { TensorValue } from '../runtime/backend.js';
import { measuredSamples } from './binarized.js';
import { collapseNotes } from './collapse.js';
import { evaluationModel, evaluationPlan, type Trained } from './export.js';
import { logLikelihoods } from './importance.js';
import { chunkSize, extraInputs, forEachChunk, toInput } from './inference.js';
import type { Platform } from './platform.js';
import { Sessions } from './sessions.js';

/** A latent dimension is active when the variance of its mean over the data is above this (Burda et al. 2016). */
const activeVariance = 0.01;

/** What a model reaches on data. Losses in nats per sample, summed over features; errors in model units. */
export interface Evaluation {
  readonly samples: number;
  /** What training minimises, without penalties on weights. */
  readonly loss: number;
  /** Mean over samples and features of the squared error of the reconstruction. */
  readonly mse: number;
  /** Mean over samples and features of the absolute error. */
  readonly mae: number;
  /** 10 · log₁₀(peak² / mse), in decibels. The peak is 1, or the range of data that do not lie in [0, 1]. */
  readonly psnr: number;
  /** Numbers in a code over numbers in a sample; not a compression ratio, which is of bytes. */
  readonly dimensionRatio: number;
  /** Latent dimensions whose code varies over the data (variance above 0.01). */
  readonly activeUnits: number;
  /** What else the family reports, by name: `totalCorrelation`, `mmd`, `perplexity`. Means over batches. */
  readonly metrics: Readonly<Record<string, number>>;
  /** VAE: the negative evidence lower bound, `reconstructionNll` + `kl`, one draw of the code for each sample. */
  readonly negativeElbo?: number;
  /** VAE: -E log p(x | z). */
  readonly reconstructionNll?: number;
  /** VAE: KL(q(z | x) ‖ N(0, 1)). */
  readonly kl?: number;
  /** The importance-weighted estimate of log p(x), the mean over samples, where it was asked for. */
  readonly logLikelihood?: number;
  /** The standard error of that mean: what another draw of samples like these would change it by. */
  readonly logLikelihoodError?: number;
  /** What in these figures deserves attention, as sentences: a code that has collapsed. */
  readonly notes: readonly string[];
}

/** What to measure, and by which draws. */
export interface EvaluateOptions {
  /** Decides the draws of codes of a variational model; the model's own by default. */
  readonly seed?: number;
  /** Draws of a code for each sample in an estimate of log p(x), such as 5,000; there is none by default. */
  readonly importanceSamples?: number;
}

/**
 * Measures a model on data. The seed decides the draws of codes. With `binarize: 'dynamic'` all figures are of values of 0 and
 * 1 that are drawn of the data, always the same.
 * @param options those of the model, of which its notes may advise others
 */
export async function evaluate(
  platform: Platform,
  trained: Trained,
  options: Readonly<Record<string, unknown>>,
  given: Dataset,
  seed: number,
  importanceSamples?: number,
): Promise<Evaluation> {
  const { definition, sample } = trained;
  const data = measuredSamples(given, trained);
  const likelihood =
    importanceSamples === undefined
      ? undefined
      : await logLikelihoods(platform, trained, data, { samples: importanceSamples, seed });
  const { names, noise: noisePerSample } = evaluationPlan(definition, sample);
  const sums = new Float64Array(names.length);
  const moments = new CodeMoments(definition.latent);
  const scopes = new Map<string, Scope>();
  // Some objectives compare the samples of a batch, so its size is part of the graph: all but the last have the same.
  const sessions = new Sessions<string>((rows) => {
    const { model, scope } = evaluationModel(trained, Number(rows));
    scopes.set(rows, scope);
    return platform.createSession(model);
  });
  const measure = (chunk: TensorValue, start: number) => {
    const count = chunk.shape[0]!;
    const rows = String(count);
    return sessions.use(rows, async (session) => {
      const noise = extraInputs(definition, scopes.get(rows)!, count, new Random(seed, 'evaluate', start));
      const { figures, code } = await session.run({ input: chunk, ...noise });
      (figures!.data as Float32Array).forEach((value, i) => {
        sums[i]! += count * value;
      });
      moments.add(code!.data as Float32Array);
    });
  };
  try {
    await forEachChunk(toInput(data, sample), measure, rowsAtATime(noisePerSample));
  } finally {
    await sessions.drop();
  }
  const samples = sampleCount(data);
  const figures = Object.fromEntries(names.map((name, i) => [name, sums[i]! / samples]));
  const {
    loss,
    squaredError,
    absoluteError,
    mse: _,
    negativeElbo,
    reconstructionNll,
    kl,
    ...metrics
  } = figures;
  const bound = kl !== undefined && reconstructionNll !== undefined ? reconstructionNll + kl : negativeElbo;
  const { perplexity, codebookUse: use } = metrics;
  const activeUnits = moments.active();
  const { latent } = definition;
  return {
    samples,
    loss: loss!,
    mse: squaredError!,
    mae: absoluteError!,
    psnr: 10 * Math.log10(peak(data, sample.scale) ** 2 / squaredError!),
    dimensionRatio: latent / definition.features,
    activeUnits,
    ...(bound !== undefined && { negativeElbo: bound }),
    ...(kl !== undefined && reconstructionNll !== undefined ? { reconstructionNll, kl } : {}),
    metrics,
    ...(likelihood && meanWithError(likelihood)),
    notes: collapseNotes({
      ...{ samples, activeUnits, latent, variational: bound !== undefined, options },
      ...(perplexity !== undefined && use !== undefined && { codebook: { perplexity, use } }),
    }),
  };
}

/** The mean of estimates, and its standard error. */
function meanWithError(values: Float64Array): Pick<Evaluation, 'logLikelihood' | 'logLikelihoodError'> {
  const count = values.length;
  const average = values.reduce((total, value) => total + value, 0) / count;
  const squares = values.reduce((total, value) => total + (value - average) ** 2, 0);
  return {
    logLikelihood: average,
    logLikelihoodError: count > 1 ? Math.sqrt(squares / (count - 1) / count) : 0,
  };
}

/** Numbers of noise that one batch may need. */
const mostNoise = 2 ** 18;

/** Samples that are measured at a time: fewer where each needs many draws. */
function rowsAtATime(noisePerSample: number): number {
  return Math.max(1, Math.min(chunkSize, Math.floor(mostNoise / Math.max(noisePerSample, 1))));
}

/** The largest difference that values can have, in model units. */
function peak(data: Dataset, scale: number): number {
  const { min, max } = summary(data);
  return min >= 0 && max * scale <= 1 ? 1 : (max - min) * scale;
}

/** Running mean and variance of each latent dimension (Welford), so that codes need not be kept. */
class CodeMoments {
  private count = 0;
  private readonly mean: Float64Array;
  private readonly squares: Float64Array;

  constructor(private readonly latent: number) {
    this.mean = new Float64Array(latent);
    this.squares = new Float64Array(latent);
  }

  add(codes: Float32Array): void {
    for (let start = 0; start < codes.length; start += this.latent) {
      this.count++;
      for (let i = 0; i < this.latent; i++) {
        const before = codes[start + i]! - this.mean[i]!;
        this.mean[i]! += before / this.count;
        this.squares[i]! += before * (codes[start + i]! - this.mean[i]!);
      }
    }
  }

  active(): number {
    return this.squares.reduce(
      (active, square) => active + (square / this.count > activeVariance ? 1 : 0),
      0,
    );
  }
}
