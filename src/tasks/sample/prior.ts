import { log2Pi } from '../../nn/draws.js';
import { fillNoise } from '../../random/fill.js';
import type { CodeDensity } from './density.js';

/** The prior of variational models, the standard normal distribution: nothing is fitted. */
export function standardNormalPrior(latent: number): CodeDensity {
  return {
    async draw(count, random) {
      const codes = new Float32Array(count * latent);
      fillNoise(codes, 'normal', random);
      return codes;
    },
    async logDensity(codes) {
      return Float64Array.from({ length: codes.length / latent }, (_, row) => {
        let squares = 0;
        for (let i = row * latent; i < (row + 1) * latent; i++) squares += codes[i]! ** 2;
        return -(squares + latent * log2Pi) / 2;
      });
    },
  };
}
