import type { Random } from '../../random/random.js';

/** A distribution of codes: what a sampler has learned. Codes are row-major, [count, latent]. */
export interface CodeDensity {
  /** Draws codes; the same stream gives the same. */
  draw(count: number, random: Random): Promise<Float32Array>;
  /** The logarithm of the density at each code, in nats; left out where there is no formula for it. */
  logDensity?(codes: Float32Array): Promise<Float64Array>;
}
