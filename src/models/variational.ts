import { z } from 'zod';
import { option, UserError } from '../errors.js';
import type { Expr } from '../graph/expr.js';
import { add, cast, less, mul, sub } from '../graph/ops/elementwise.js';
import { mean } from '../graph/ops/reducing.js';
import { reshape } from '../graph/ops/shaping.js';
import { joinCondition } from '../nn/condition.js';
import { flattenDraws, repeatRows } from '../nn/draws.js';
import { type Layer, sequential } from '../nn/layers.js';
import type { LikelihoodConfig } from '../nn/likelihoods.js';
import type { Scope } from '../nn/scope.js';
import type { Definition, Objective, ScheduledScalar } from './definition.js';
import {
  activationName,
  type ConfigOf,
  count,
  type Family,
  type FamilyText,
  familyHead,
  fieldParts,
  fieldsSchema,
  type InputOf,
  networkOptions,
  observationOf,
  type SampleInput,
} from './family.js';
import { networks } from './networks.js';
import { gaussianPosterior, type Posterior, type Prior, standardNormal } from './posteriors.js';

const likelihoodSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('bernoulli') }),
  z.strictObject({
    type: z.literal('gaussian'),
    variance: z.union([z.number().positive(), z.literal('learned')]).default(1),
    activation: activationName.default('linear'),
  }),
  z.strictObject({ type: z.literal('categorical'), classes: count }),
  fieldsSchema,
]);

/** Options that all variational families share. */
export const variationalOptions = {
  ...networkOptions,
  likelihood: likelihoodSchema
    .default({ type: 'bernoulli' })
    .describe('p(x | z), the distribution of data about a reconstruction'),
  /**
   * With 'dynamic' the objective sees each value, in training and validation, as 0 or 1, drawn anew at every use with the
   * value as the chance of a 1 (Salakhutdinov and Murray 2008). `evaluate` and `logLikelihood` measure on one such draw,
   * which is always the same. Codes and reconstructions are of samples as they are given.
   */
  binarize: z
    .enum(['none', 'dynamic'])
    .default('none')
    .describe(
      'dynamic: every value becomes 0 or 1, drawn anew at every use with the value as the chance of 1',
    ),
} as const;

const sharedSchema = z.strictObject(variationalOptions);

/** The shared options, defaults filled in. */
export type VariationalConfig = z.output<typeof sharedSchema>;

type Config<Own extends z.ZodRawShape> = ConfigOf<typeof variationalOptions, Own>;
type Input<Own extends z.ZodRawShape> = InputOf<typeof variationalOptions, Own>;

/** A batch on its way through a model, of which a family makes its objective. What is not read is not computed. */
export interface VariationalParts {
  /** Samples in model units, [batch, features]. */
  readonly x: Expr;
  readonly scope: Scope;
  /** The parameters of q(z | x) by name, each [batch, …]. */
  readonly parameters: Readonly<Record<string, Expr>>;
  /** One draw of z for each sample, [batch, latent]. */
  readonly code: Expr;
  /** What the decoder makes of it, before the likelihood: [batch, outputs]. */
  readonly output: Expr;
  /** -log p(x | z) of each sample, in nats with every constant, [batch]. */
  readonly nll: Expr;
  /** KL(q(z | x) ‖ p(z)) of each sample, in closed form where there is one, else log q(z | x) - log p(z) at the draw. */
  readonly kl: Expr;
  /** The networks themselves. */
  readonly model: VariationalNetworks;
}

/** The networks of a variational model, to be applied once more. */
export interface VariationalNetworks {
  encode(x: Expr, scope: Scope): Readonly<Record<string, Expr>>;
  decode(code: Expr, scope: Scope): Expr;
  /** -log p(x | z) where the decoder has given `output`, [batch]. */
  nll(x: Expr, output: Expr, scope: Scope): Expr;
  /** The mean of p(x | z), [batch, features]. */
  mean(output: Expr): Expr;
  /** log p(x, z) - log q(z | x) at so many draws, [batch, draws]. */
  logWeights(x: Expr, draws: number, scope: Scope): Expr;
  readonly posterior: Posterior;
  readonly prior: Prior;
  /** The hidden layers of the encoder, for another network like it. */
  readonly trunk: Layer;
}

/** What a variational family has of its own. */
export interface VariationalFamily<Own extends z.ZodRawShape> extends FamilyText {
  /** Its options beside the shared ones; one of the same name takes the place of a shared one. */
  readonly options: Own;
  /** Refuses options that do not go together, by a `UserError`. */
  readonly check?: (config: Config<Own>) => void;
  /** Its objective; by default the negative evidence lower bound. */
  readonly objective?: (parts: VariationalParts, config: Config<Own>) => Objective;
  /** q(z | x); by default a normal distribution with a variance for each latent. */
  readonly posterior?: (config: Config<Own>) => Posterior;
  /** p(z); by default N(0, 1). */
  readonly prior?: (config: Config<Own>, input: SampleInput, encode: VariationalNetworks['encode']) => Prior;
  /** Of a conditional family: how many classes samples have. Both networks are then told the class of each. */
  readonly classes?: (config: Config<Own>) => number;
  /** Numbers that its objective asks its scope for. */
  readonly scalars?: (config: Config<Own>) => Readonly<Record<string, ScheduledScalar>>;
}

/**
 * A family of variational autoencoders (Kingma and Welling 2014) from what it has of its own. The rest is the same for
 * all: encoder and decoder, the likelihood, drawing codes, exporting, estimating log p(x).
 */
export function variationalFamily<const Own extends z.ZodRawShape>(
  own: VariationalFamily<Own>,
): Family<Config<Own>, Input<Own>> & {
  readonly generative: true;
} {
  const { name } = own;
  return {
    ...familyHead(own, variationalOptions, own.options),
    generative: true,
    conditional: own.classes !== undefined,
    define(config, input): Definition {
      const { features } = input;
      checkClasses(name, config, features);
      checkBinarize(name, config);
      const classes = own.classes?.(config);
      if (classes !== undefined && config.likelihood.type === 'fields') {
        throw new UserError(
          `${name}: a conditional model is told the label of each sample, and rows of a table have none; choose vae`,
        );
      }
      own.check?.(config);
      const observation = observationOf(config.likelihood as LikelihoodConfig);
      const posterior = own.posterior?.(config) ?? gaussianPosterior(config);
      const halves = networks(config, input, classes === undefined ? [] : [joinCondition()]);
      const trunk = sequential(...halves.encoder);
      const decoder = sequential(...halves.decoder(observation.outputs ?? features));
      const encode = (x: Expr, scope: Scope) =>
        scope.in('encoder', (inner) => {
          const hidden = inner.in('hidden', (deeper) => trunk(observation.visible?.(x) ?? x, deeper));
          return posterior.parameters(hidden, inner);
        });
      const decode = (code: Expr, scope: Scope) => scope.in('decoder', (inner) => decoder(code, inner));
      const nll = (x: Expr, output: Expr, scope: Scope) =>
        scope.in('likelihood', (inner) => observation.negativeLogLikelihood(x, output, inner));
      const prior = own.prior?.(config, input, encode) ?? standardNormal;
      const logWeights = (x: Expr, draws: number, scope: Scope) => {
        const { code, logDensity } = posterior.draw(encode(x, scope), draws, scope);
        const output = decode(flattenDraws(code), scope);
        const each = reshape(nll(repeatRows(x, draws), output, scope), logDensity.shape);
        return sub(sub(prior.logDensity(code, scope), logDensity), each);
      };
      const model: VariationalNetworks = {
        ...{ encode, decode, nll, logWeights, posterior, prior, trunk },
        mean: (output) => observation.mean(output),
      };
      const [low, high] = observation.support;
      return {
        features,
        latent: posterior.size,
        ...(config.binarize === 'dynamic' && { binarizes: true }),
        ...(classes !== undefined && { classes }),
        encode: (x, scope) => posterior.exported(encode(x, scope), scope),
        ...(posterior.nearest && { nearest: posterior.nearest }),
        decode: (code, scope) => observation.mean(decode(code, scope)),
        ...fieldParts(observation, decode),
        observe: (code, scope) =>
          scope.in('likelihood', (inner) => observation.sample(decode(code, scope), inner)),
        objective(given, scope) {
          const x = config.binarize === 'dynamic' ? binarized(given, scope) : given;
          return (own.objective ?? negativeElbo)(new Parts(x, scope, model), config);
        },
        logWeights,
        ...(prior.sample && { prior: prior.sample }),
        scalars: own.scalars?.(config) ?? {},
        support: {
          low,
          high,
          because: `the likelihood '${config.likelihood.type}'`,
          ...(config.likelihood.type === 'categorical' && { group: config.likelihood.classes }),
        },
      };
    },
  };
}

/** The negative evidence lower bound and its two parts. */
export function negativeElbo({ nll, kl }: Pick<VariationalParts, 'nll' | 'kl'>): Objective {
  const [reconstruction, divergence] = [mean(nll), mean(kl)];
  return {
    loss: add(reconstruction, divergence),
    metrics: { reconstructionNll: reconstruction, kl: divergence },
  };
}

/**
 * An objective that is not the bound, with the bound and its parts reported beside it.
 * @param loss of the batch, a scalar
 * @param more other figures of interest, scalars
 */
export function besideElbo(
  { nll, kl }: Pick<VariationalParts, 'nll' | 'kl'>,
  loss: Expr,
  more: Readonly<Record<string, Expr>> = {},
): Objective {
  const bound = negativeElbo({ nll, kl });
  return { loss, metrics: { negativeElbo: bound.loss, ...bound.metrics, ...more } };
}

class Parts implements VariationalParts {
  constructor(
    readonly x: Expr,
    readonly scope: Scope,
    readonly model: VariationalNetworks,
  ) {}

  get parameters(): Readonly<Record<string, Expr>> {
    return this.once('parameters', this.model.encode(this.x, this.scope));
  }

  get code(): Expr {
    return this.once('code', this.drawn.code);
  }

  get kl(): Expr {
    return this.once('kl', this.drawn.kl);
  }

  get output(): Expr {
    return this.once('output', this.model.decode(this.code, this.scope));
  }

  get nll(): Expr {
    return this.once('nll', this.model.nll(this.x, this.output, this.scope));
  }

  /** One draw for each sample, and the KL term at it. */
  private get drawn(): { readonly code: Expr; readonly kl: Expr } {
    const { parameters, scope, model } = this;
    const { posterior, prior } = model;
    const closed = prior.isLearned ? undefined : posterior.divergence?.(parameters);
    if (closed !== undefined && posterior.single !== undefined)
      return this.once('drawn', { code: posterior.single(parameters, scope), kl: closed });
    const { code, logDensity } = posterior.draw(parameters, 1, scope);
    const kl = reshape(sub(logDensity, prior.logDensity(code, scope)), [code.shape[0]!]);
    return this.once('drawn', { code: flattenDraws(code), kl: closed ?? kl });
  }

  /** Keeps a value under its name, in place of the getter. */
  private once<T>(name: string, value: T): T {
    Object.defineProperty(this, name, { value });
    return value;
  }
}

function checkClasses(name: string, { likelihood }: VariationalConfig, features: number): void {
  if (likelihood.type !== 'categorical' || features % likelihood.classes === 0) return;
  throw new UserError(
    `${name}: likelihood.classes: ${features} features cannot be divided into groups of ${likelihood.classes}`,
  );
}

function checkBinarize(name: string, { binarize, likelihood }: VariationalConfig): void {
  if (binarize === 'none' || likelihood.type === 'bernoulli') return;
  throw new UserError(
    `${name}: ${option('binarize', binarize)} draws values of 0 and 1, which a ${option('likelihood')} of type bernoulli is for; this one is ${likelihood.type}`,
  );
}

/** 0 or 1 for each value, which is the chance of a 1. */
function binarized(x: Expr, scope: Scope): Expr {
  return cast(less(scope.noise('binarize', 'uniform', x.shape), x), 'float32');
}

/** A term of an objective with its weight; without a node where the weight is 1. */
export function weighted(term: Expr, weight: number | Expr): Expr {
  return weight === 1 ? term : mul(term, weight);
}
