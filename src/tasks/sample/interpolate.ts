import { UserError } from '../../errors.js';
import type { Matrix } from '../../estimator/inference.js';

/** How to go from one code to another. */
export interface InterpolateOptions {
  /** Codes on the way, both ends included; 10 by default, 2 at least. */
  readonly steps?: number;
  /** Along a great circle instead of a straight line; false by default. */
  readonly spherical?: boolean;
}

/** Directions so near to one another, or to opposite ones, have no great circle that could be computed. */
const flat = 1e-6;

/**
 * Codes at even distances between two codes, [steps, latent]; `decode` makes samples of them.
 *
 * The straight line between two draws from N(0, 1) in many dimensions passes closer to the middle than any draw lies.
 * `spherical` keeps the distance instead: it turns the direction evenly along the great circle (slerp, Shoemake 1985;
 * for latents White 2016) and changes the length evenly. Where there is no single great circle (a code of zeros, codes in
 * the same or in opposite directions) the way is straight.
 * @throws {UserError} when codes have different lengths, numbers are not finite, or `steps` is no whole number from 2
 */
export function interpolate(
  from: ArrayLike<number>,
  to: ArrayLike<number>,
  { steps = 10, spherical = false }: InterpolateOptions = {},
): Matrix {
  const width = from.length;
  if (width === 0 || width !== to.length) {
    throw new UserError(
      `interpolate: two codes of one length are expected, got ${width} and ${to.length} numbers`,
    );
  }
  if (!Number.isSafeInteger(steps) || steps < 2) {
    throw new UserError(`interpolate: steps: a whole number from 2 up is expected, got ${steps}`);
  }
  const [a, b] = [Float64Array.from(from), Float64Array.from(to)];
  if (![...a, ...b].every(Number.isFinite)) {
    throw new UserError('interpolate: a code has a number that is not finite');
  }
  const weights = (spherical && greatCircle(a, b)) || ((share: number) => [1 - share, share] as const);
  const data = new Float32Array(steps * width);
  for (let step = 0; step < steps; step++) {
    const [ofA, ofB] = weights(step / (steps - 1));
    for (let d = 0; d < width; d++) data[step * width + d] = ofA * a[d]! + ofB * b[d]!;
  }
  return { data, shape: [steps, width] };
}

/** The weights of both codes at a share of the way along the great circle; `null` where there is none. */
function greatCircle(
  a: Float64Array,
  b: Float64Array,
): ((share: number) => readonly [ofA: number, ofB: number]) | null {
  const [lengthA, lengthB] = [Math.hypot(...a), Math.hypot(...b)];
  const cosine = a.reduce((sum, value, d) => sum + value * b[d]!, 0) / (lengthA * lengthB);
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  // Written so that NaN, from a code of zeros, gives a straight line.
  if (!(Math.sin(angle) > flat)) return null;
  return (share) => {
    const length = (1 - share) * lengthA + share * lengthB;
    const turned = (part: number) => (Math.sin(part * angle) / Math.sin(angle)) * length;
    return [turned(1 - share) / lengthA, turned(share) / lengthB];
  };
}
