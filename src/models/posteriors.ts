import type { Expr } from '../graph/expr.js';
import { add, exp, mul } from '../graph/ops/elementwise.js';
import type { Dim } from '../graph/shape.js';
import { drawNormal, logStandardNormal } from '../nn/draws.js';
import { klToStandardNormal } from '../nn/losses.js';
import type { Scope } from '../nn/scope.js';
import type { NetworkOptions } from './family.js';
import { outputLayer } from './networks.js';

/** q(z | x). */
export interface Posterior {
  /** Numbers in a code. */
  readonly size: number;
  /** Its parameters by name, from the last hidden layer of the encoder, [batch, units]. */
  parameters(hidden: Expr, scope: Scope): Readonly<Record<string, Expr>>;
  /** What an exported encoder gives, by name; the first is the code, [batch, size]. */
  exported(parameters: Readonly<Record<string, Expr>>, scope: Scope): Readonly<Record<string, Expr>>;
  /** The nearest codes that a draw can give, [batch, size], where it cannot give every code. */
  nearest?(code: Expr, scope: Scope): Expr;
  /**
   * So many draws for each sample, [batch, draws, size], and log q(z | x) at each, [batch, draws]. Where a draw has parts that
   * the code does not show, it is the logarithm of their density over their prior too.
   */
  draw(
    parameters: Readonly<Record<string, Expr>>,
    draws: number,
    scope: Scope,
  ): { readonly code: Expr; readonly logDensity: Expr };
  /** One draw for each sample, [batch, size], where its density is not needed. */
  single?(parameters: Readonly<Record<string, Expr>>, scope: Scope): Expr;
  /** The divergence from its usual prior in closed form, [batch], where there is one. */
  divergence?(parameters: Readonly<Record<string, Expr>>): Expr;
}

/** p(z). */
export interface Prior {
  /** log p(z), [batch, draws] or one number for all, of codes [batch, draws, size]. */
  logDensity(code: Expr, scope: Scope): Expr;
  /** Whether it is another than the usual one of its posterior, so that the divergence has no closed form. */
  readonly isLearned?: boolean;
  /** So many codes, [count, size], from noise; codes from N(0, 1) where it is left out. */
  readonly sample?: (count: Dim, scope: Scope) => Expr;
}

/** Draws codes from N(0, 1), for models whose codes are made to lie so. */
export function standardNormalCodes({ latent }: { readonly latent: number }) {
  return (count: Dim, scope: Scope): Expr => scope.noise('prior', 'normal', [count, latent]);
}

/** N(0, 1) in every latent. */
export const standardNormal: Prior = { logDensity: logStandardNormal };

/** N(μ, σ²) with a mean and a variance for each latent, of which the encoder gives the logarithm. */
export function gaussianPosterior(config: NetworkOptions): Posterior {
  const head = outputLayer(config.latent, config);
  return {
    size: config.latent,
    parameters: (hidden, scope) => ({
      mean: scope.in('mean', (inner) => head(hidden, inner)),
      logVar: scope.in('logVar', (inner) => head(hidden, inner)),
    }),
    exported: ({ mean, logVar }) => ({ mean: mean!, logVar: logVar! }),
    draw: ({ mean, logVar }, draws, scope) => drawNormal(mean!, logVar!, draws, scope),
    single({ mean, logVar }, scope) {
      const noise = scope.noise('posterior', 'normal', mean!.shape);
      return add(mean!, mul(exp(mul(logVar!, 0.5)), noise));
    },
    divergence: ({ mean, logVar }) => klToStandardNormal(mean!, logVar!),
  };
}
