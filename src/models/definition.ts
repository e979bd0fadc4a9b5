import type { Expr } from '../graph/expr.js';
import type { Dim } from '../graph/shape.js';
import type { Schedule } from '../nn/schedules.js';
import type { Scope } from '../nn/scope.js';

/** A number that changes while training runs: `base` times the schedule's factor. */
export interface ScheduledScalar {
  readonly base: number;
  readonly schedule: Schedule;
}

/** What training minimises, and what is reported beside it: scalars. */
export interface Objective {
  readonly loss: Expr;
  readonly metrics: Readonly<Record<string, Expr>>;
}

/**
 * What makes a family of models: its networks and its objective, as functions that build expressions. Everything
 * else (training, saving, exporting, evaluating) is the same for all of them.
 *
 * `x` is [batch, features] in model units (bytes already divided by 255).
 */
export interface Definition {
  /** Features of one sample. */
  readonly features: number;
  /** Numbers in one code. */
  readonly latent: number;
  /** How many classes there are, of a conditional family: scopes then have the class of each sample, `scope.condition`. */
  readonly classes?: number;
  /** The encoder's results by name; the first is the code that `decode` takes, [batch, latent]. */
  encode(x: Expr, scope: Scope): Readonly<Record<string, Expr>>;
  /**
   * The nearest codes that an encoder can give, where not every code can be: of a codebook, one-hot. Exported decoders
   * and samplers put it before what they are given or have drawn; it leaves codes of the encoder as they are.
   */
  readonly nearest?: (code: Expr, scope: Scope) => Expr;
  /** The reconstruction (a mean), [batch, features], in model units. */
  decode(code: Expr, scope: Scope): Expr;
  /** What training minimises, and what is reported beside it: scalars, averaged over the batch. */
  objective(x: Expr, scope: Scope): Objective;
  /** Numbers that `objective` asks its scope for. */
  readonly scalars: Readonly<Record<string, ScheduledScalar>>;
  /** What data must satisfy, in model units, and why. */
  readonly support: {
    readonly low: number;
    readonly high: number;
    /** Every so many features must add up to 1: they are one category each. */
    readonly group?: number;
    readonly because: string;
  };
  /** 1 for each feature of x that was observed, 0 for each that is missing; left out where nothing is ever missing. */
  readonly observed?: (x: Expr) => Expr;
  /**
   * How badly each field of a table's row is explained by a code, [batch, fields]: the squared residual over its
   * variance, or twice the cross-entropy in nats; 0 for what is missing. Half of its sum is -log p(x | z) but for
   * constants.
   */
  readonly deviances?: (x: Expr, code: Expr, scope: Scope) => Expr;
  /** Of rows of a table: what -log p(x | z) has beside half of their deviances, [batch]; of the fields present. */
  readonly devianceConstants?: (x: Expr, scope: Scope) => Expr;
  /** So many codes, [count, latent], drawn from the prior by noise of the scope; N(0, 1) where it is left out. */
  readonly prior?: (count: Dim, scope: Scope) => Expr;
  /** Whether `objective` sees each value as 0 or 1, drawn anew: measured are then samples of which one draw was made. */
  readonly binarizes?: boolean;
  /** Draws from p(x | z), where the decoder defines a distribution. */
  readonly observe?: (code: Expr, scope: Scope) => Expr;
  /**
   * log p(x, z) - log q(z | x), in nats with every constant, for so many draws of z from q(z | x) for each sample:
   * [batch, draws]. Its mean is the evidence lower bound; the log of the mean of its exponentials, the importance-weighted
   * estimate of log p(x). All noise that it asks for is [batch, draws, …], so that a draw can be told from the next.
   *
   * The parts of most families are in `nn/draws.ts`: `drawNormal`, `repeatRows`, `logStandardNormal`. With another prior
   * or posterior only its log density is another.
   */
  readonly logWeights?: (x: Expr, draws: number, scope: Scope) => Expr;
}

/** As much of a definition as training needs: what is no autoencoder, a density of codes, can be trained too. */
export type Trainable = Pick<Definition, 'features' | 'latent' | 'objective' | 'scalars' | 'support'>;
