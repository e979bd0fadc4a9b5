import { z } from 'zod';
import { checkFinite } from '../../data/checks.js';
import type { DatasetInput } from '../../data/dataset.js';
import { option, UserError } from '../../errors.js';
import type { Matrix } from '../../estimator/inference.js';
import { classesToDraw, type Labels } from '../../estimator/labels.js';
import type { Model } from '../../estimator/model.js';
import { readSamples } from '../../estimator/samples.js';
import { VariationalModel } from '../../estimator/variational.js';
import { parseOptions } from '../../models/options.js';
import { Random } from '../../random/random.js';
import { codesOf } from './codes.js';
import type { CodeDensity } from './density.js';
import { fitMixture, mixtureDensity } from './gmm.js';
import { nearestInterpolation } from './knn.js';
import { fitFlow } from './maf.js';
import { nearestCodes } from './nearest.js';
import { standardNormalPrior } from './prior.js';
import { fitTwoStage } from './twoStage.js';

const count = z.int().positive();
const schema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('prior') }),
  z.strictObject({ type: z.literal('gmm'), components: count.optional() }),
  z.strictObject({ type: z.literal('knn'), neighbours: count.default(5) }),
  z.strictObject({ type: z.literal('two-stage'), epochs: count.optional() }),
  z.strictObject({ type: z.literal('maf'), epochs: count.optional() }),
]);

type SamplerConfig = z.output<typeof schema>;

/** What a sampler can learn the codes by. */
export type SamplerType = SamplerConfig['type'];

/** The names of the samplers. */
export const samplerTypes: readonly SamplerType[] = schema.options.map(({ shape }) => shape.type.value);

/** How a sampler is fitted. */
export interface SamplerOptions {
  /**
   * `prior`: N(0, 1), of variational models only; nothing is fitted. `gmm`: a mixture of normal distributions with full
   * covariances. `knn`: between a code and one of its neighbours. `two-stage`: a second VAE on the codes (Dai and Wipf
   * 2019). `maf`: a masked autoregressive flow (Papamakarios et al. 2017).
   *
   * By default `prior` for a variational model, `gmm` for any other.
   */
  readonly type?: SamplerType;
  /** `gmm`: how many normal distributions; 10 by default, or as many as there are codes. */
  readonly components?: number;
  /** `knn`: how many neighbours of a code are chosen from; 5 by default. */
  readonly neighbours?: number;
  /** `two-stage`, `maf`: passes over the codes; by default as many as make some 4,000 steps. */
  readonly epochs?: number;
  /** Decides all that fitting draws; the model's own by default. */
  readonly seed?: number;
  /** Stops fitting. */
  readonly signal?: AbortSignal;
}

/** How to draw. */
export interface DrawOptions {
  /** The model's own by default. The same seed gives the same samples. */
  readonly seed?: number;
  /** Of a conditional model: the class of every sample, or of each; by default the classes in turn, 0, 1, 2, … */
  readonly label?: Labels;
}

/**
 * Learns how the codes of data are distributed, so that new codes can be drawn and decoded: any autoencoder makes new
 * samples then, plain ones too.
 *
 *     const source = await sampler(model, data, { type: 'gmm', components: 10 });
 *     const { data: pixels, shape } = await source.sample(64, { seed: 1 });
 *
 * @param data samples to learn the codes of, usually the training data; `null` for `prior`, which needs none
 * @throws {UserError} when options or data do not fit the model
 * @throws {DivergenceError} when the training of `two-stage` or `maf` meets a number that is not finite
 */
export async function sampler(
  model: Model,
  data: DatasetInput | null,
  options: SamplerOptions = {},
): Promise<Sampler> {
  const { seed = model.seed, signal, type = usualSampler(model), ...rest } = options;
  const config = parseOptions(schema, { type, ...rest }, 'sampler');
  if (config.type === 'prior') return new Sampler(model, config.type, priorOf(model));
  if (data === null) {
    throw new UserError(`sampler: '${type}' learns from the codes of data; give the training data`);
  }
  const codes = await codesOf(model, data, seed);
  return new Sampler(model, config.type, await densityOf(config, model, codes, { seed, signal }));
}

/** The sampler that a model is best drawn from when nothing else is said. */
export function usualSampler(model: Model): SamplerType {
  return model instanceof VariationalModel ? 'prior' : 'gmm';
}

/** The distribution that a model was trained to have its codes from. */
function priorOf(model: Model): CodeDensity {
  if (model instanceof VariationalModel) {
    if (model.hasNormalPrior) return standardNormalPrior(model.latent);
    return { draw: async (count, random) => (await model.priorCodes(count, random.next())).data };
  }
  throw new UserError(
    "sampler: a plain autoencoder has no prior: its codes were not trained to follow one; give type 'gmm', or another that learns from the codes of data",
  );
}

async function densityOf(
  config: Exclude<SamplerConfig, { type: 'prior' }>,
  { platform, latent }: Model,
  codes: Float32Array,
  fitting: { readonly seed: number; readonly signal: AbortSignal | undefined },
): Promise<CodeDensity> {
  const known = codes.length / latent;
  switch (config.type) {
    case 'gmm': {
      const { components = Math.min(10, known) } = config;
      if (components > known) {
        throw new UserError(
          `sampler: ${option('components', components)} needs as many codes, and there are ${known}`,
        );
      }
      const { mixture } = await fitMixture(platform, codes, latent, { components, ...fitting });
      return mixtureDensity(platform, mixture);
    }
    case 'knn':
      return nearestInterpolation(codes, latent, config.neighbours);
    case 'two-stage':
      return fitTwoStage(platform, codes, latent, { epochs: config.epochs, ...fitting });
    case 'maf':
      return fitFlow(platform, codes, latent, { epochs: config.epochs, ...fitting });
  }
}

/** A distribution of the codes of a model, made by `sampler`. */
export class Sampler {
  constructor(
    private readonly model: Model,
    readonly type: SamplerType,
    private readonly density: CodeDensity,
  ) {}

  /** Numbers in a sample. */
  get features(): number {
    return this.model.features;
  }

  /** How many classes a conditional model makes samples of. */
  get classes(): number | undefined {
    return this.model.classes;
  }

  /**
   * New samples: codes that are drawn and decoded. [count, …shape], in the units of the training data.
   * @throws {UserError} when `count` is no whole number above 0, or `label` no class of the model
   */
  async sample(wanted: number, options: DrawOptions = {}): Promise<Matrix> {
    const codes = await this.codes(wanted, options);
    return this.model.decode(codes, classesToDraw(wanted, options.label, this.model.classes));
  }

  /**
   * New codes, [count, latent], each the nearest that the model can have to one drawn from the density: of a `vq-vae` pieces are
   * vectors of the codebook, of a `categorical-vae` they are one-hot, of a `hyperspherical-vae` codes have length 1.
   * @throws {UserError} when `count` is no whole number above 0
   */
  async codes(wanted: number, { seed = this.model.seed }: Pick<DrawOptions, 'seed'> = {}): Promise<Matrix> {
    if (!(Number.isSafeInteger(wanted) && wanted > 0)) {
      throw new UserError(`sample: a whole number above 0 is expected, got ${wanted}`);
    }
    const data = await this.density.draw(wanted, new Random(seed, 'prior'));
    return nearestCodes(this.model, data);
  }

  /**
   * The logarithm of the density at each code, in nats: the higher its mean over codes that were held out, the better
   * the sampler knows them. `prior`, `gmm` and `maf` have a density; of `maf` it leaves out dimensions that are constant.
   * It is that of what is drawn before the nearest possible codes are taken.
   * @param codes [samples, latent]
   * @throws {UserError} for samplers without a density, and codes that do not fit
   */
  async logDensity(codes: DatasetInput): Promise<Float64Array> {
    if (this.density.logDensity === undefined) {
      throw new UserError(
        `logDensity: a sampler of type '${this.type}' draws codes and has no formula for their density; 'gmm' and 'maf' have`,
      );
    }
    const given = readSamples(codes, this.model.latent);
    checkFinite(given);
    return this.density.logDensity(Float32Array.from(given.data));
  }
}
