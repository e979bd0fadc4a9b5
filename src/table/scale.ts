import type { Column } from './columns.js';

type Scaling = (Column & { type: 'number' })['scaling'];

/**
 * Standardised numbers are kept as they are up to here. Beyond it they grow with the logarithm, so that one wild value
 * neither drowns all others nor overflows, and still is the largest.
 */
export const tail = 5;

/** The largest size of a standardised number. */
const limit = 1e30;

/** A standardised number with its tail compressed: v up to ±5, then ±(5 + log(1 + |v| - 5)). */
export function compress(v: number): number {
  const size = Math.abs(v);
  return size <= tail || Number.isNaN(v) ? v : Math.sign(v) * (tail + Math.log1p(size - tail));
}

/** A compressed number this far out in its tail, or farther, is beyond all numbers that could be told apart. */
export const farthest = 60;

/** The inverse of `compress`; what lies so far out that it would overflow is cut. */
export function decompress(v: number): number {
  const size = Math.abs(v);
  return size <= tail ? v : Math.sign(v) * (tail + Math.expm1(Math.min(size - tail, farthest)));
}

/** A number of the column as a standardised one, before its tail is compressed. Infinities are very large numbers. */
export function scaled(value: number | bigint, scaling: Scaling): number {
  if (scaling.type === 'affine') return cut(offset(value, scaling.center) / scaling.scale);
  const { knots, scores } = scaling;
  return cut(piecewise(knots[0]! + cut(Number(value) - knots[0]!), knots, scores));
}

function cut(v: number): number {
  return Math.min(Math.max(v, -limit), limit);
}

/** The difference is taken before digits are lost: of two integers as integers. */
function offset(value: number | bigint, center: number | string): number {
  if (typeof center === 'number') return Number(value) - center;
  if (typeof value === 'bigint') return Number(value - BigInt(center));
  return Number.isInteger(value) ? Number(BigInt(value) - BigInt(center)) : value - Number(center);
}

/** The largest int64. The least one stands for a missing value, so that no value is below its negative. */
const largestInteger = 2n ** 63n - 1n;

/** The inverse of `scaled`, always finite; an integer, of 64 bits, where the centre is one beyond 2^53. */
export function unscaled(v: number, scaling: Scaling): number | bigint {
  if (scaling.type === 'quantile') return finite(piecewise(v, scaling.scores, scaling.knots));
  const { center, scale } = scaling;
  if (typeof center === 'number') return finite(v * scale + center);
  const integer = BigInt(Math.round(finite(v * scale))) + BigInt(center);
  if (integer > largestInteger) return largestInteger;
  return integer < -largestInteger ? -largestInteger : integer;
}

/** What a network makes of wild rows may be beyond all numbers. */
function finite(value: number): number {
  return Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
}

/** The piecewise linear function through the knots, its first and last piece prolonged. */
function piecewise(x: number, knots: readonly number[], values: readonly number[]): number {
  let low = 0;
  let high = knots.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (knots[middle]! <= x) low = middle;
    else high = middle - 1;
  }
  const slope = (values[low + 1]! - values[low]!) / (knots[low + 1]! - knots[low]!);
  return values[low]! + slope * (x - knots[low]!);
}
