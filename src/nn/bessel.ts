import type { Expr } from '../graph/expr.js';
import { add, div, log, log1p, mul, sqrt, sub } from '../graph/ops/elementwise.js';

/** From this order on the asymptotic expansion below is right to float32's precision. */
const largeOrder = 16;

/**
 * log I_ν(κ) and I_{ν+1}(κ) / I_ν(κ) of the modified Bessel function of the first kind, for κ above 0, element by element,
 * differentiable. Log I of a large order is its uniform asymptotic expansion (Abramowitz and Stegun 1964, 9.7.7, with two
 * terms); from there ratios of neighbouring orders lead down, r_{k-1} = 1 / (2k / κ + r_k), which shrinks the error of the
 * first (Amos 1974).
 * @param order ν, 0 or more
 */
export function logBessel(order: number, kappa: Expr): { readonly log: Expr; readonly ratio: Expr } {
  const steps = Math.max(Math.ceil(largeOrder - order), 1);
  const top = order + steps;
  let ratio = firstRatio(top, kappa);
  const ratios: Expr[] = [];
  for (let k = top; k > order; k--) {
    ratio = div(1, add(div(2 * k, kappa), ratio));
    ratios.push(ratio);
  }
  const down = ratios.map((r) => log(r)).reduce((a, b) => add(a, b));
  return { log: sub(logAtLargeOrder(top, kappa), down), ratio };
}

/** I_{ν+1} / I_ν of a large order: between the bounds of Amos 1974, of which this is the mean. */
function firstRatio(order: number, kappa: Expr): Expr {
  const squares = mul(kappa, kappa);
  const lower = div(kappa, add(sqrt(add(squares, (order + 1.5) ** 2)), order + 0.5));
  const upper = div(kappa, add(sqrt(add(squares, (order + 1) ** 2)), order + 1));
  return mul(add(lower, upper), 0.5);
}

function logAtLargeOrder(order: number, kappa: Expr): Expr {
  const x = mul(kappa, 1 / order);
  const root = sqrt(add(mul(x, x), 1));
  const eta = add(root, sub(log(x), log1p(root)));
  const t = div(1, root);
  const t2 = mul(t, t);
  const u1 = mul(mul(t, sub(3, mul(t2, 5))), 1 / 24);
  const u2 = mul(mul(t2, add(81, mul(t2, sub(mul(t2, 385), 462)))), 1 / 1152);
  const series = log1p(add(mul(u1, 1 / order), mul(u2, 1 / order ** 2)));
  const scale = add(mul(log(root), -0.5), -0.5 * Math.log(2 * Math.PI * order));
  return add(add(mul(eta, order), scale), series);
}
