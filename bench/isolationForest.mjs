// The isolation forest (Liu, Ting and Zhou 2008) with the settings of scikit-learn: 100 trees of 256 rows each, without
// replacement, as deep as the logarithm of 256. For comparison alone.
import { Random } from '../dist/random/random.js';

/**
 * The anomaly scores of rows, from 0 to 1: higher is odder.
 * @param rows Row-major, `[count, width]`.
 */
export function isolationForest(rows, count, width, { trees = 100, samples = 256, seed = 0 } = {}) {
  const size = Math.min(samples, count);
  const maxDepth = Math.ceil(Math.log2(Math.max(2, size)));
  const depths = new Float64Array(count);
  const picked = Int32Array.from({ length: count }, (_, row) => row);
  for (let index = 0; index < trees; index++) {
    const random = new Random(seed, 'tree', index);
    for (let i = 0; i < size; i++) {
      const other = i + random.below(count - i);
      [picked[i], picked[other]] = [picked[other], picked[i]];
    }
    const tree = grow(rows, width, picked.slice(0, size), maxDepth, random);
    for (let row = 0; row < count; row++) depths[row] += pathLength(tree, rows, row * width);
  }
  const usual = trees * expectedDepth(size);
  return depths.map((depth) => 2 ** (-depth / usual));
}

function grow(rows, width, members, depthLeft, random) {
  const leaf = { extra: expectedDepth(members.length) };
  if (members.length < 2 || depthLeft === 0) return leaf;
  // Columns in random order, until one in which the members differ.
  const columns = Int32Array.from({ length: width }, (_, column) => column);
  for (let tried = 0; tried < width; tried++) {
    const place = tried + random.below(width - tried);
    const column = columns[place];
    columns[place] = columns[tried];
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (const row of members) {
      const value = rows[row * width + column];
      if (value < least) least = value;
      if (value > most) most = value;
    }
    if (!(most > least)) continue;
    const split = least + (most - least) * random.uniform();
    const below = members.filter((row) => rows[row * width + column] <= split);
    // Between neighbouring numbers the sum may be rounded up to the greatest.
    if (below.length === members.length) return leaf;
    const above = members.filter((row) => rows[row * width + column] > split);
    return {
      column,
      split,
      below: grow(rows, width, below, depthLeft - 1, random),
      above: grow(rows, width, above, depthLeft - 1, random),
    };
  }
  return leaf;
}

function pathLength(tree, rows, at) {
  let node = tree;
  let depth = 0;
  for (; node.below !== undefined; depth++) {
    node = rows[at + node.column] <= node.split ? node.below : node.above;
  }
  return depth + node.extra;
}

/** The mean depth of an unsuccessful search in a binary tree of so many rows (equation 1 there). */
function expectedDepth(count) {
  if (count < 2) return 0;
  if (count === 2) return 1;
  return 2 * (Math.log(count - 1) + 0.5772156649015329) - (2 * (count - 1)) / count;
}
