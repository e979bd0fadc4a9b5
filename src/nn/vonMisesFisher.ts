import { constant, type Expr } from '../graph/expr.js';
import {
  add,
  cast,
  div,
  greaterOrEqual,
  log,
  maximum,
  mul,
  sqrt,
  stopGradient,
  sub,
} from '../graph/ops/elementwise.js';
import { argMax, sum } from '../graph/ops/reducing.js';
import { concat, oneHot, reshape, slice } from '../graph/ops/shaping.js';
import type { Dim } from '../graph/shape.js';
import { logBessel } from './bessel.js';
import type { Scope } from './scope.js';

/** Proposals for each draw. Each is taken with a chance above 0.65, so that all fail once in two million draws at most. */
const proposals = 14;

/** log of the area of the unit sphere in `size` dimensions: 2 π^(m/2) / Γ(m/2). */
export function logSphereArea(size: number): number {
  return Math.log(2) + (size / 2) * Math.log(Math.PI) - logGamma(size / 2);
}

/** log Γ of a multiple of ½ above 0. */
function logGamma(x: number): number {
  let [value, at] = x % 1 === 0 ? [0, 1] : [Math.log(Math.PI) / 2, 0.5];
  for (; at < x; at++) value += Math.log(at);
  return value;
}

/** log of the factor of the density C · exp(κ μᵀz) of the von Mises-Fisher distribution: [batch, 1] → [batch, 1]. */
export function logNormalizer(kappa: Expr, size: number): Expr {
  return sub((-size / 2) * Math.log(2 * Math.PI), logBessel(size / 2 - 1, kappa).log);
}

/** KL(vMF(μ, κ) ‖ uniform on the sphere) in nats, [batch, 1] → [batch, 1] (Davidson et al. 2018, eq. 4). */
export function sphericalDivergence(kappa: Expr, size: number): Expr {
  const { ratio } = logBessel(size / 2 - 1, kappa);
  return add(add(mul(kappa, ratio), logNormalizer(kappa, size)), logSphereArea(size));
}

/** Points drawn evenly from the unit sphere, […, size]. */
export function uniformOnSphere(shape: readonly Dim[], scope: Scope, name: string): Expr {
  return normalized(scope.noise(name, 'normal', shape));
}

/** Vectors along the last axis, scaled to length 1. */
export function normalized(x: Expr): Expr {
  return div(x, sqrt(maximum(sum(mul(x, x), -1, true), 1e-12)));
}

/**
 * Draws from the von Mises-Fisher distribution about directions μ with concentrations κ (Wood 1994; Davidson et al. 2018,
 * algorithms 1 and 2): how far along μ by rejection among a fixed number of proposals, the rest evenly, then a reflection
 * that takes the first axis to μ. Gradients pass through the proposal that was taken.
 * @param direction [batch, size], of length 1; size at least 2
 * @param kappa [batch, 1], above 0
 * @returns [batch, draws, size]
 */
export function drawVonMisesFisher(direction: Expr, kappa: Expr, draws: number, scope: Scope): Expr {
  const [batch, last] = direction.shape;
  const size = last as number;
  const dimension = size - 1;
  const each = reshape(kappa, [batch!, 1, 1]);
  const root = sqrt(add(mul(mul(each, each), 4), dimension ** 2));
  const b = div(dimension, add(mul(each, 2), root));
  const a = mul(add(add(mul(each, 2), root), dimension), 0.25);
  const d = sub(div(mul(mul(a, b), 4), add(b, 1)), dimension * Math.log(dimension));
  // The first number of a point on the sphere, brought to [0, 1], has the beta distribution that is wanted.
  const points = uniformOnSphere([batch!, draws, proposals, size], scope, 'proposals');
  const beta = mul(add(reshape(slice(points, 3, 0, 1), [batch!, draws, proposals]), 1), 0.5);
  const rest = sub(1, mul(beta, sub(1, b)));
  const along = div(sub(1, mul(beta, add(b, 1))), rest);
  const t = div(mul(mul(a, b), 2), rest);
  const bound = log(maximum(scope.noise('acceptance', 'uniform', [batch!, draws, proposals]), 1e-30));
  const isTaken = greaterOrEqual(add(sub(mul(log(t), dimension), t), d), bound);
  const taken = oneHot(argMax(stopGradient(cast(isTaken, 'float32'))), proposals);
  const height = sum(mul(along, taken), 2, true);
  const around = uniformOnSphere([batch!, draws, dimension], scope, 'tangent');
  const radius = sqrt(maximum(sub(1, mul(height, height)), 1e-12));
  const point = concat([height, mul(around, radius)], 2);
  return reflected(point, reshape(direction, [batch!, 1, size]), size);
}

/** The reflection that takes the first axis to a direction (Householder). */
function reflected(point: Expr, direction: Expr, size: number): Expr {
  const first = constant(
    Float32Array.from({ length: size }, (_, i) => Number(i === 0)),
    [1, 1, size],
  );
  const normal = normalized(sub(first, direction));
  return sub(point, mul(mul(normal, sum(mul(normal, point), 2, true)), 2));
}
