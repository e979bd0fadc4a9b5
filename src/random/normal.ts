import type { Random } from './random.js';

// Marsaglia and Tsang, "The Ziggurat Method for Generating Random Variables", Journal of Statistical Software 5(8),
// 2000: the density is covered by 128 layers of equal area, so that most draws cost one integer and one product.
const layers = 128;
const tail = 3.442619855899;
const area = 9.91256303526217e-3;
const scale = 2 ** 31;

const limits = new Uint32Array(layers);
const widths = new Float64Array(layers);
const heights = new Float64Array(layers);

let edge = tail;
let previous = tail;
const first = area / Math.exp(-0.5 * edge * edge);
limits[0] = Math.floor((edge / first) * scale);
limits[1] = 0;
widths[0] = first / scale;
widths[layers - 1] = edge / scale;
heights[0] = 1;
heights[layers - 1] = Math.exp(-0.5 * edge * edge);
for (let i = layers - 2; i >= 1; i--) {
  edge = Math.sqrt(-2 * Math.log(area / edge + Math.exp(-0.5 * edge * edge)));
  limits[i + 1] = Math.floor((edge / previous) * scale);
  previous = edge;
  heights[i] = Math.exp(-0.5 * edge * edge);
  widths[i] = edge / scale;
}

/** One draw from the standard normal distribution. */
export function normal(random: Random): number {
  for (;;) {
    // The layer comes from bits that the value does not use: taken from one word they would be correlated.
    const bits = random.next();
    const value = bits | 0;
    const layer = random.next() & (layers - 1);
    const magnitude = value < 0 ? -value : value;
    if (magnitude < limits[layer]!) return value * widths[layer]!;
    if (layer === 0) return fromTail(random, value < 0);
    const x = value * widths[layer]!;
    const height = heights[layer]! + random.uniform() * (heights[layer - 1]! - heights[layer]!);
    if (height < Math.exp(-0.5 * x * x)) return x;
  }
}

function fromTail(random: Random, negative: boolean): number {
  for (;;) {
    const x = -Math.log(1 - random.uniform()) / tail;
    const y = -Math.log(1 - random.uniform());
    if (y + y > x * x) return negative ? -(tail + x) : tail + x;
  }
}
