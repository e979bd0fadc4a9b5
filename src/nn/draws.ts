import { constant, type Expr } from '../graph/expr.js';
import { add, exp, mul } from '../graph/ops/elementwise.js';
import { sum } from '../graph/ops/reducing.js';
import { reshape } from '../graph/ops/shaping.js';
import { sizeOf, times } from '../graph/shape.js';
import type { Scope } from './scope.js';

/** The constant of normal densities. */
export const log2Pi = Math.log(2 * Math.PI);

/** Each row so many times, one copy after the other: [batch, …] → [draws · batch, …]. */
export function repeatRows(x: Expr, draws: number): Expr {
  const [batch, ...rest] = x.shape;
  const copies = mul(reshape(x, [batch!, 1, ...rest]), constant(1, [1, draws, ...rest.map(() => 1)]));
  return reshape(copies, [times(batch!, draws), ...rest]);
}

/** The draws of all samples as one batch, as `repeatRows` has rows: [batch, draws, …] → [draws · batch, …]. */
export function flattenDraws(code: Expr): Expr {
  const [batch, draws, ...rest] = code.shape;
  return reshape(code, [times(batch!, draws as number), ...rest]);
}

/**
 * So many draws from N(mean, e^logVar) for each sample, [batch, draws, latent], and the logarithm of its density at each,
 * [batch, draws].
 * @param mean [batch, latent], as `logVar`
 */
export function drawNormal(
  mean: Expr,
  logVar: Expr,
  draws: number,
  scope: Scope,
): { readonly code: Expr; readonly logDensity: Expr } {
  const [batch, latent] = mean.shape;
  const each = (x: Expr) => reshape(x, [batch!, 1, latent!]);
  const noise = scope.noise('draws', 'normal', [batch!, draws, latent!]);
  const code = add(each(mean), mul(exp(mul(each(logVar), 0.5)), noise));
  return { code, logDensity: logNormal(add(mul(noise, noise), each(logVar))) };
}

/** log N(z; 0, 1), summed over latents, the last axis: [batch, draws, latent] → [batch, draws]. */
export function logStandardNormal(code: Expr): Expr {
  return logNormal(mul(code, code));
}

/** log N, summed over latents, the last axis, of (z - μ)² / σ² + log σ²: [batch, draws, latent] → [batch, draws]. */
export function logNormal(squares: Expr): Expr {
  const latent = sizeOf(squares.shape.slice(-1));
  return add(mul(sum(squares, -1), -0.5), (-latent / 2) * log2Pi);
}
