import type { Dataset, DatasetInput } from '../data/dataset.js';
import { UserError } from '../errors.js';
import { sizeOf } from '../graph/shape.js';
import { fillNoise } from '../random/fill.js';
import { Random } from '../random/random.js';
import { observationModel, priorModel } from './export.js';
import { logLikelihoods } from './importance.js';
import { codeInputs, extraInputs, forEachChunk, type Matrix, rowsFrom } from './inference.js';
import { classesToDraw, type Labels, readCodes } from './labels.js';
import { Model } from './model.js';

/** How to draw from a generative model. */
export interface SampleOptions {
  /** The model's own by default. */
  readonly seed?: number;
  /** Of a conditional model: the class of every sample, or of each; by default the classes in turn, 0, 1, 2, … */
  readonly label?: Labels;
  /** Whether pixels are drawn from p(x | z) too, or its mean is given (the default, as in most figures). */
  readonly observation?: 'mean' | 'draw';
}

/** How to estimate log p(x). */
export interface LikelihoodOptions {
  /** Draws of the code for each sample; 5,000 by default, as is usual where test likelihoods are reported. */
  readonly samples?: number;
  /** Decides the draws; the model's own by default. */
  readonly seed?: number;
}

/** A model with a distribution over codes: it can also draw new samples. */
export class VariationalModel extends Model {
  /**
   * The distribution of each sample's code: mean and logarithm of the variance, each [samples, latent].
   * @throws {UserError} when it is not normal: of a hyperspherical or a categorical VAE, say
   */
  async posterior(input: DatasetInput): Promise<{ readonly mean: Matrix; readonly logVar: Matrix }> {
    const { mean, logVar } = await this.encoded(input);
    if (mean !== undefined && logVar !== undefined) return { mean, logVar };
    throw new UserError(
      `posterior: the codes of a model of the family '${this.family}' have no normal distribution; encode gives them`,
    );
  }

  /**
   * New samples: codes drawn from the prior, N(0, 1) in most families, decoded. [count, …shape], in the units of the training data.
   * @throws {UserError} when `count` is no whole number above 0, or `label` no class of the model
   */
  async sample(
    count: number,
    { seed = this.seed, observation = 'mean', label }: SampleOptions = {},
  ): Promise<Matrix> {
    if (!(Number.isSafeInteger(count) && count > 0)) {
      throw new UserError(`sample: a whole number above 0 is expected, got ${count}`);
    }
    const codes = await this.priorCodes(count, seed);
    const told = classesToDraw(count, label, this.classes);
    if (observation === 'mean') return this.decode(codes, told);
    if (this.definition.observe !== undefined) return this.draw(readCodes(codes, told.labels, this), seed);
    throw new UserError(
      `sample: a model of the family '${this.family}' defines no distribution of samples about their mean; leave observation out`,
    );
  }

  /**
   * How likely each sample is, log p(x) in nats, of a conditional model log p(x | its class): the importance-weighted estimate with so many draws of its code (Burda,
   * Grosse and Salakhutdinov 2016). In expectation it lies below the true value, and nearer with more draws. Of bytes, p is
   * that of the values in [0, 1], with `binarize: 'dynamic'` of the 0s and 1s that `evaluate` draws of them; of rows of a table, that of the fields that are present, standardised.
   * @throws {UserError} when samples do not fit the model, or `samples` is no whole number above 0
   */
  async logLikelihood(
    input: DatasetInput,
    { samples = 5000, seed = this.seed }: LikelihoodOptions = {},
  ): Promise<Float64Array> {
    return logLikelihoods(this.platform, this.trained(), this.matchedSamples(input), { samples, seed });
  }

  /** Whether each sample's code has a normal distribution, which `posterior` gives. */
  get hasNormalPosterior(): boolean {
    return this.encoderOutputs().includes('logVar');
  }

  /** Whether codes are drawn from N(0, 1). */
  get hasNormalPrior(): boolean {
    return this.definition.prior === undefined;
  }

  /** Codes drawn from the prior, [count, latent]. */
  async priorCodes(count: number, seed: number = this.seed): Promise<Matrix> {
    const codes = { data: new Float32Array(count * this.latent), shape: [count, this.latent] };
    if (this.definition.prior === undefined) {
      fillNoise(codes.data, 'normal', new Random(seed, 'prior'));
      return codes;
    }
    const { model, scope } = priorModel(this.trained(), count);
    const session = await this.platform.createSession(model);
    try {
      const noise = extraInputs(this.definition, scope, count, new Random(seed, 'prior'));
      const { code } = await session.run(noise);
      codes.data.set(code!.data as Float32Array);
      return codes;
    } finally {
      await session.release();
    }
  }

  private async draw(codes: Dataset, seed: number): Promise<Matrix> {
    const { definition, sample } = this.trained();
    const { model, scope } = observationModel(this.trained());
    const session = await this.platform.createSession(model);
    const [count] = codes.shape;
    const { code: all, label } = codeInputs(codes);
    // A row of a table has fewer numbers than features.
    const size = sizeOf(sample.shape);
    const data = new Float32Array(count! * size);
    try {
      await forEachChunk(all!, async (code, start) => {
        const rows = code.shape[0]!;
        const noise = extraInputs(definition, scope, rows, new Random(seed, 'observation', start));
        const classes = label && { label: rowsFrom(label, start, rows) };
        const { reconstruction } = await session.run({ code, ...classes, ...noise });
        data.set(reconstruction!.data as Float32Array, start * size);
      });
    } finally {
      await session.release();
    }
    return { data, shape: [count!, ...sample.shape] };
  }
}
