import { nearestNeighbours } from '../embed/neighbours.js';
import type { CodeDensity } from './density.js';

/**
 * Codes on the lines between a code and one of its nearest neighbours, at a uniform place (the rule of SMOTE, Chawla et
 * al. 2002). What is drawn never leaves the data far behind, and is never far from something known.
 * @param codes [count, latent], at least two
 * @param k how many neighbours of a code are chosen from; all others where there are fewer
 */
export function nearestInterpolation(codes: Float32Array, latent: number, k: number): CodeDensity {
  const known = codes.length / latent;
  const neighbours = Math.min(k, known - 1);
  return {
    async draw(count, random) {
      const picked = Uint32Array.from({ length: count }, () => random.below(known));
      const queries = new Float32Array(count * latent);
      picked.forEach((row, i) => {
        queries.set(codes.subarray(row * latent, (row + 1) * latent), i * latent);
      });
      // One more than is wanted: a code is the nearest to itself.
      const { indices } = nearestNeighbours({
        references: codes,
        queries,
        width: latent,
        k: neighbours + 1,
      });
      const drawn = new Float32Array(count * latent);
      picked.forEach((row, i) => {
        const found = indices.subarray(i * (neighbours + 1), (i + 1) * (neighbours + 1));
        // Among many equal codes it may be missing, and then any of them does.
        const others = found.filter((index) => index !== row).subarray(0, neighbours);
        const other = others[random.below(others.length)]!;
        const share = random.uniform();
        for (let d = 0; d < latent; d++) {
          const from = codes[row * latent + d]!;
          drawn[i * latent + d] = from + share * (codes[other * latent + d]! - from);
        }
      });
      return drawn;
    },
  };
}
