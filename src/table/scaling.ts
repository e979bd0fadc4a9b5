import type { Column } from './columns.js';
import { type NumberSummary, quantile } from './profile.js';
import { usualNumbers } from './wild.js';

/** How numbers are brought to a common scale. */
export const scalings = ['standard', 'robust', 'min-max', 'quantile'] as const;

/** How numbers are brought to a common scale. */
export type Scaling = (typeof scalings)[number];

/** Notes something about a column. */
export type Say = (note: string) => void;

/** How the numbers of a column are brought to a common scale. */
export function scalingOf(
  summary: NumberSummary,
  scaling: Scaling,
  say: Say,
): (Column & { type: 'number' })['scaling'] {
  if (scaling === 'robust') {
    const sorted = summary.sorted();
    // The quartiles of a normal distribution are 1.349 standard deviations apart.
    const spread = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 1.349;
    if (spread > 0 && spread < Number.POSITIVE_INFINITY)
      return { type: 'affine', center: quantile(sorted, 0.5), scale: spread };
  }
  if (scaling === 'quantile') {
    const found = quantileScaling(summary.sorted());
    if (found !== null) return found;
    say(
      'its values do not suit quantiles: they are too few, too close or too far apart; the standard scaling is taken',
    );
  }
  if (scaling === 'min-max') {
    return { type: 'affine', center: summary.min, scale: summary.max - summary.min };
  }
  const { mean, deviation } = usualNumbers(summary, say) ?? summary;
  return { type: 'affine', center: mean, scale: deviation };
}

/** The knots of a map to the normal distribution; a value that many rows share takes the middle of its quantiles. */
function quantileScaling(sorted: Float64Array): (Column & { type: 'number' })['scaling'] | null {
  const pieces = 64;
  const shares = new Map<number, number[]>();
  for (let i = 0; i <= pieces; i++) {
    const share = Math.min(Math.max(i / pieces, 0.002), 0.998);
    const knot = quantile(sorted, share);
    shares.set(knot, [...(shares.get(knot) ?? []), share]);
  }
  const knots = [...shares.keys()].sort((a, b) => a - b);
  if (knots.length < 3) return null;
  // Slopes between knots, and what lies between them, have to stay within the graph's arithmetic.
  const gaps = knots.slice(1).map((knot, i) => knot - knots[i]!);
  if (Math.min(...gaps) < 1e-290 || knots.at(-1)! - knots[0]! > 1e25) return null;
  const scores = knots.map((knot) => {
    const all = shares.get(knot)!;
    return normalQuantile((all[0]! + all[all.length - 1]!) / 2);
  });
  return { type: 'quantile', knots, scores };
}

/** The inverse of the normal distribution function (Acklam's rational approximation, relative error below 1.2e-9). */
function normalQuantile(p: number): number {
  const a = [
    -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
    2.506628277459239,
  ];
  const b = [
    -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1,
    -1.328068155288572e1,
  ];
  const c = [
    -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416];
  const polynomial = (terms: readonly number[], x: number) => terms.reduce((sum, term) => sum * x + term, 0);
  if (p > 0.97575) return -normalQuantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(c, q) / (polynomial(d, q) * q + 1);
  }
  const q = p - 0.5;
  const r = q * q;
  return (polynomial(a, r) * q) / (polynomial(b, r) * r + 1);
}
