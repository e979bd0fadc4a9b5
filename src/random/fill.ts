import { normal } from './normal.js';
import type { Random } from './random.js';

/** What a tensor of noise is drawn from: the standard normal distribution, or the uniform one on [0, 1). */
export type NoiseKind = 'normal' | 'uniform';

/** Fills an array with independent draws. */
export function fillNoise(target: Float32Array, kind: NoiseKind, random: Random): void {
  if (kind === 'normal') for (let i = 0; i < target.length; i++) target[i] = normal(random);
  else for (let i = 0; i < target.length; i++) target[i] = random.uniform();
}

/** The numbers 0 … n - 1 in random order (Fisher and Yates). */
export function permutation(n: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}
