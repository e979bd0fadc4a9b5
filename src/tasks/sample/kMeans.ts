import type { Random } from '../../random/random.js';

/** Rounds after which groups are as good as a start needs them. */
const rounds = 30;

/**
 * Groups of rows by the rule of Lloyd, begun by k-means++ (Arthur and Vassilvitskii 2007): each new center is a row
 * drawn with a probability proportional to its squared distance to the centers there are.
 * @param rows [count, width], row-major, count at least `groups`
 * @returns the group of each row; a group may be empty where rows are equal
 */
export function kMeans(rows: Float32Array, width: number, groups: number, random: Random): Uint32Array {
  const count = rows.length / width;
  const centers = firstCenters(rows, width, groups, random);
  const labels = new Uint32Array(count);
  for (let round = 0; round < rounds; round++) {
    const changed = assign(rows, width, centers, labels);
    if (changed === 0 && round > 0) break;
    const sums = new Float64Array(centers.length);
    const sizes = new Uint32Array(groups);
    for (let row = 0; row < count; row++) {
      const group = labels[row]!;
      sizes[group]!++;
      for (let d = 0; d < width; d++) sums[group * width + d]! += rows[row * width + d]!;
    }
    for (let i = 0; i < centers.length; i++) {
      const size = sizes[Math.floor(i / width)]!;
      if (size > 0) centers[i] = sums[i]! / size;
    }
  }
  return labels;
}

function firstCenters(rows: Float32Array, width: number, groups: number, random: Random): Float64Array {
  const count = rows.length / width;
  const centers = new Float64Array(groups * width);
  const nearest = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  let chosen = random.below(count);
  for (let group = 0; ; group++) {
    centers.set(rows.subarray(chosen * width, (chosen + 1) * width), group * width);
    if (group === groups - 1) return centers;
    let total = 0;
    for (let row = 0; row < count; row++) {
      nearest[row] = Math.min(nearest[row]!, squaredDistance(rows, row, centers, group, width));
      total += nearest[row]!;
    }
    chosen = total > 0 ? weighted(nearest, total * random.uniform()) : random.below(count);
  }
}

/** The first place at which the running sum of weights exceeds a target. */
function weighted(weights: Float64Array, target: number): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i]!;
    if (sum > target) return i;
  }
  return weights.length - 1;
}

/** Gives each row the group of its nearest center. @returns how many rows have changed their group */
function assign(rows: Float32Array, width: number, centers: Float64Array, labels: Uint32Array): number {
  let changed = 0;
  for (let row = 0; row < labels.length; row++) {
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let group = 0; group < centers.length / width; group++) {
      const distance = squaredDistance(rows, row, centers, group, width);
      if (distance < least) {
        least = distance;
        best = group;
      }
    }
    if (labels[row] !== best) changed++;
    labels[row] = best;
  }
  return changed;
}

function squaredDistance(
  rows: Float32Array,
  row: number,
  centers: Float64Array,
  group: number,
  width: number,
): number {
  let sum = 0;
  for (let d = 0; d < width; d++) sum += (rows[row * width + d]! - centers[group * width + d]!) ** 2;
  return sum;
}
