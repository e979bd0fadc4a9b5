import type { Expr } from '../graph/expr.js';
import { add, div, log, log1p, mul, sqrt, sub } from '../graph/ops/elementwise.js';

/** From this order on the asymptotic expansions below are right to float32's precision. */
const largeOrder = 24;

/** Steps from there at the least: each shrinks the error of the first ratio by about the ratio's square. */
const leastSteps = 3;

/**
 * log (I_ν(κ) / κ^ν) and I_{ν+1}(κ) / I_ν(κ) of the modified Bessel function of the first kind, for κ above 0, element by
 * element, differentiable. Both are known at a large order by uniform asymptotic expansions (Abramowitz and Stegun 1964,
 * 9.7.7 and 9.7.9, with two terms); from there ratios of neighbouring orders lead down, r_{k-1} = 1 / (2k / κ + r_k). The
 * power of κ is left out, so that nothing large has to be taken from something as large.
 * @param order ν, 0 or more
 */
export function logBessel(order: number, kappa: Expr): { readonly log: Expr; readonly ratio: Expr } {
  const steps = Math.max(Math.ceil(largeOrder - order), leastSteps);
  const top = order + steps;
  let { ratio, logScaled } = atLargeOrder(top, kappa);
  let logs = 0;
  for (let k = top; k > order; k--) {
    // I_{k-1} = I_k / r_{k-1}, and 1 / r_{k-1} = (2k / κ) · (1 + κ r_k / 2k).
    logScaled = add(logScaled, log1p(mul(mul(kappa, ratio), 1 / (2 * k))));
    logs += Math.log(2 * k);
    ratio = div(1, add(div(2 * k, kappa), ratio));
  }
  return { log: add(logScaled, logs - top * Math.log(top) - 0.5 * Math.log(2 * Math.PI * top)), ratio };
}

/** I_{ν+1} / I_ν of a large order, and log I_ν but for ν log (κ / ν) - ½ log 2πν. */
function atLargeOrder(order: number, kappa: Expr): { ratio: Expr; logScaled: Expr } {
  const x = mul(kappa, 1 / order);
  const root = sqrt(add(mul(x, x), 1));
  const t = div(1, root);
  const t2 = mul(t, t);
  const u1 = mul(mul(t, sub(3, mul(t2, 5))), 1 / 24);
  const u2 = mul(mul(t2, add(81, mul(t2, sub(mul(t2, 385), 462)))), 1 / 1152);
  const series = add(mul(u1, 1 / order), mul(u2, 1 / order ** 2));
  // I' / I - ν / κ, with what cancels taken out: that of v₁ - u₁ = -½ t (1 - t²) and of v₂ - u₂ is 1 - t² = x² t².
  const correction = add(
    mul(t2, -1 / (2 * order)),
    mul(mul(mul(t2, t), sub(mul(t2, 35), 9)), 1 / (48 * order ** 2)),
  );
  return {
    ratio: mul(x, add(div(1, add(root, 1)), div(correction, add(series, 1)))),
    logScaled: add(add(mul(sub(root, log1p(root)), order), mul(log(root), -0.5)), log1p(series)),
  };
}
