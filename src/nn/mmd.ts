import { constant, type Expr } from '../graph/expr.js';
import { add, div, exp, maximum, mul, sub } from '../graph/ops/elementwise.js';
import { gemm } from '../graph/ops/linear.js';
import { mean, sum } from '../graph/ops/reducing.js';
import { reshape } from '../graph/ops/shaping.js';
import { sizeOf } from '../graph/shape.js';

/** Factors on the natural width of a kernel, over all of which it is averaged; Tolstikhin et al. 2018 sum over them. */
const widths = [0.1, 0.2, 0.5, 1, 2, 5, 10];

/** Kernels by name, of squared distances between codes of `latent` numbers; each is 1 at a distance of 0. */
export const kernels = {
  /** Inverse multiquadratic: C / (C + ‖x - y‖²), averaged over widths C about 2 · latent. */
  imq: (squares: Expr, latent: number) =>
    average(widths.map((width) => div(2 * latent * width, add(squares, 2 * latent * width)))),
  /** Gaussian: exp(-‖x - y‖² / (2 σ²)), averaged over widths σ² about latent. */
  rbf: (squares: Expr, latent: number) =>
    average(widths.map((width) => exp(mul(squares, -1 / (2 * latent * width))))),
} as const;

/** The name of a kernel. */
export type KernelName = keyof typeof kernels;

function average(parts: readonly Expr[]): Expr {
  return mul(
    parts.reduce((a, b) => add(a, b)),
    1 / parts.length,
  );
}

/**
 * The squared maximum mean discrepancy between two sets of as many codes each, [batch, latent], a scalar: 0 in expectation
 * where they have one distribution (the unbiased estimate of Gretton et al. 2012, lemma 6, which can be below 0).
 */
export function maximumMeanDiscrepancy(a: Expr, b: Expr, kernel: KernelName): Expr {
  const latent = sizeOf([a.shape[1]!]);
  const k = (x: Expr, y: Expr) => mean(kernels[kernel](squaredDistances(x, y), latent));
  const count = sizeOf([a.shape[0]!]);
  // Means over all pairs hold each code with itself, of which the kernel is 1.
  const within = (x: Expr) => mul(sub(mul(k(x, x), count), 1), 1 / Math.max(count - 1, 1));
  return sub(add(within(a), within(b)), mul(k(a, b), 2));
}

/** ‖x - y‖² of all pairs: [n, latent] and [m, latent] → [n, m], at least 0. */
export function squaredDistances(x: Expr, y: Expr): Expr {
  const squares = (z: Expr) => sum(mul(z, z), 1);
  const products = gemm(x, y, null, { transB: true });
  const both = add(reshape(squares(x), [x.shape[0]!, 1]), reshape(squares(y), [1, y.shape[0]!]));
  return maximum(sub(both, mul(products, 2)), constant(0));
}
