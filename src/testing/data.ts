import type { Dataset } from '../data/dataset.js';
import { pseudoRandom } from './evaluate.js';

/** Rows of numbers in [0, 1] that lie near a two-dimensional surface, so that a small code can hold them. */
export function surface(rows: number, features = 12): Dataset {
  const positions = pseudoRandom(2 * rows, 3);
  const data = new Float32Array(rows * features);
  for (let row = 0; row < rows; row++) {
    const [u, v] = [positions[2 * row]!, positions[2 * row + 1]!];
    for (let i = 0; i < features; i++) data[row * features + i] = 0.5 + 0.45 * Math.sin(u * (i + 1) + 3 * v);
  }
  return { data, shape: [rows, features] };
}
