import type { Expr } from '../graph/expr.js';
import {
  add,
  cast,
  div,
  exp,
  floor,
  less,
  log,
  maximum,
  minimum,
  mul,
  neg,
  stopGradient,
  sub,
  where,
} from '../graph/ops/elementwise.js';
import { gemm } from '../graph/ops/linear.js';
import { argMax, mean, sum } from '../graph/ops/reducing.js';
import { gather, oneHot, reshape } from '../graph/ops/shaping.js';
import { sizeOf, times } from '../graph/shape.js';
import { initializers } from './initializers.js';
import { losses, sumFeatures } from './losses.js';
import { squaredDistances } from './mmd.js';
import type { Scope } from './scope.js';

/** How codes are quantised. */
export interface QuantizerOptions {
  /** Vectors in the codebook. */
  readonly codes: number;
  /** Numbers in each of them; a code is cut into pieces of so many. */
  readonly codeSize: number;
  /** What of the running means remains at each step. */
  readonly decay: number;
  /** A vector that gets less than this share of an even portion of the data is dead, and starts again. */
  readonly restartBelow: number;
}

/** A code after quantisation. */
export interface Quantized {
  /** The nearest vectors, [batch, latent]; to gradients of training it is the code itself (van den Oord et al. 2017, eq. 2). */
  readonly code: Expr;
  /** Which they are, int32, [batch, pieces]. */
  readonly indices: Expr;
  /** ‖z - nearest‖² of each sample, summed over latents, its gradient towards z alone: [batch]. */
  readonly distance: Expr;
  /** exp of the entropy of how often each vector is used in the batch: from 1, collapsed, to as many as there are. */
  readonly perplexity: Expr;
}

/** Pieces of codes, and which vectors of the codebook are the nearest to them. */
function nearestOf(z: Expr, { codes, codeSize }: Pick<QuantizerOptions, 'codes' | 'codeSize'>, scope: Scope) {
  const [batch, latent] = z.shape;
  const pieces = sizeOf([latent!]) / codeSize;
  const vectors = reshape(z, [times(batch!, pieces), codeSize]);
  const codebook = scope.state('codebook', [codes, codeSize], initializers.glorotUniform);
  const chosen = argMax(neg(squaredDistances(vectors, codebook)));
  return {
    vectors,
    codebook,
    chosen,
    indices: reshape(chosen, [batch!, pieces]),
    nearest: reshape(gather(codebook, chosen), z.shape),
  };
}

/**
 * The nearest codes whose pieces are vectors of the codebook: what is one already stays as it is.
 * @param z codes, [batch, latent]; `codeSize` divides latent
 */
export function nearestCode(
  z: Expr,
  options: Pick<QuantizerOptions, 'codes' | 'codeSize'>,
  scope: Scope,
): Expr {
  return nearestOf(z, options, scope).nearest;
}

/**
 * Replaces pieces of codes by the nearest vectors of a codebook. The codebook is a running mean of the pieces that chose
 * each vector (van den Oord et al. 2017, appendix A.1), no weight that gradients train. Vectors that nearly nothing
 * chooses start again at pieces of the batch, which also makes the first codebook (Dhariwal et al. 2020).
 * @param z codes, [batch, latent]; `codeSize` divides latent
 */
export function quantize(z: Expr, options: QuantizerOptions, scope: Scope): Quantized {
  const { codes, decay, restartBelow } = options;
  const { vectors, codebook, chosen, indices, nearest } = nearestOf(z, options, scope);
  const use = oneHot(chosen, codes);
  if (scope.training) {
    const counts = scope.state('counts', [codes], initializers.zeros);
    const total = sizeOf([vectors.shape[0]!]);
    const given = stopGradient(vectors);
    const column = (values: Expr) => reshape(values, [codes, 1]);
    const chosenBy = sum(use, 0);
    const nextCounts = add(mul(counts, decay), mul(chosenBy, 1 - decay));
    // The mean as a step from where it was, so that a vector that nothing chose stays there to the last bit.
    const drawnBy = sub(gemm(use, given, null, { transA: true }), mul(codebook, column(chosenBy)));
    const step = div(mul(drawnBy, 1 - decay), column(maximum(nextCounts, 1e-12)));
    const share = total / codes;
    const dead = less(nextCounts, share * restartBelow);
    const place = mul(scope.noise('restart', 'uniform', [codes]), total);
    const picked = gather(given, cast(minimum(floor(place), total - 1), 'int32'));
    scope.update('counts', where(dead, share, nextCounts));
    scope.update('codebook', where(column(dead), picked, add(codebook, step)));
  }
  const shares = mean(use, 0);
  return {
    // The sum is rounded, and what training has made must be vectors of the codebook to the last bit.
    code: scope.training ? add(z, stopGradient(sub(nearest, z))) : nearest,
    indices,
    distance: sumFeatures(losses.mse(z, stopGradient(nearest))),
    perplexity: exp(neg(sum(mul(shares, log(add(shares, 1e-10)))))),
  };
}
