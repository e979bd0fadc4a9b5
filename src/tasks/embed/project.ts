import { UMAP } from 'umap-js';
import { UserError } from '../../errors.js';
import { permutation } from '../../random/fill.js';
import { Random } from '../../random/random.js';
import { nearestNeighbours } from './neighbours.js';
import { fitPca, transformPca } from './pca.js';

/** How codes are brought into the plane. */
export interface ProjectOptions {
  /** What codes of more than two values are drawn by; `auto` is UMAP. */
  readonly method?: 'auto' | 'umap' | 'pca';
  /** The same codes and seed give the same points. */
  readonly seed: number;
  /** On how many codes UMAP is fitted at most; 5,000 unless given, which takes some ten seconds. */
  readonly maxFitted?: number;
}

/** Codes in the plane. */
export interface Projection {
  /** `[n, 2]`, in the order of the codes. */
  readonly points: Float32Array;
  /** What was done: `none` for codes of one or two values. */
  readonly method: 'none' | 'umap' | 'pca';
  /** What the two axes are, for a picture. */
  readonly axes: readonly [string, string];
}

/** The library's and the paper's default. A code counts as the first of its neighbours. */
const neighbours = 15;

/** The fewest distinct codes that UMAP makes something of. */
const minFitted = 12;

/** How many of the nearest fitted codes place another one. */
const guides = 5;

/** UMAP's `spread`: in its layout, points farther apart than this no longer count as close. */
const reach = 1;

/**
 * Codes as points in the plane.
 *
 * - One value: the value against a second axis that means nothing, uniform noise in 0 … 1 which keeps points apart.
 * - Two values: the codes as they are, unless `pca` or `umap` is asked for.
 * - More: UMAP (McInnes, Healy and Melville 2018; library umap-js) with 15 neighbours, fitted on at most
 *   `maxFitted` distinct codes drawn with the seed. It begins with the principal components, not at random, so that groups
 *   lie as they do in the data (Kobak and Linderman, Nature Biotechnology 2021). Every other code is placed by
 *   its 5 nearest fitted codes, each weighted by exp(-(d - d₁) / s), where d₁ is the distance of the nearest and s
 *   the mean of the others beyond it: at the mean of those that lie within 1 of their weighted medoid in the plane.
 *   So a code between two groups joins one, and does not fall into the empty space between them. Of fewer than 12
 *   distinct codes the principal components are drawn, and `method` says so.
 * @param codes Row-major, `[n, latent]`.
 * @throws {UserError} when there are no codes, they are not whole rows or not finite, the method is unknown, or
 *   `maxFitted` is no whole number of at least 12.
 */
export function project2d(codes: Float32Array, latent: number, options: ProjectOptions): Projection {
  const { method = 'auto', seed, maxFitted = 5000 } = options;
  if (!['auto', 'umap', 'pca'].includes(method)) {
    throw new UserError(`the method '${method}' is unknown; choose auto, umap or pca`);
  }
  if (!Number.isInteger(maxFitted) || maxFitted < minFitted) {
    throw new UserError(
      `UMAP cannot be fitted on ${maxFitted} codes; give a whole number of at least ${minFitted}`,
    );
  }
  const count = checkCodes(codes, latent);
  if (latent === 1) return strip(codes, seed);
  if (latent === 2 && method === 'auto') {
    return { points: codes.slice(), method: 'none', axes: ['code 1', 'code 2'] };
  }
  if (method !== 'pca') {
    const points = umapPoints(codes, count, latent, seed, maxFitted);
    if (points) return { points, method: 'umap', axes: ['UMAP 1', 'UMAP 2'] };
  }
  return pcaPoints(codes, count, latent);
}

function strip(codes: Float32Array, seed: number): Projection {
  const random = new Random(seed, 'second axis');
  const points = new Float32Array(2 * codes.length);
  codes.forEach((value, i) => {
    points[2 * i] = value;
    points[2 * i + 1] = random.uniform();
  });
  return { points, method: 'none', axes: ['code', 'random height'] };
}

function pcaPoints(codes: Float32Array, count: number, latent: number): Projection {
  const axes = ['component 1', 'component 2'] as const;
  if (count < 2) return { points: new Float32Array(2 * count), method: 'pca', axes };
  const pca = fitPca(codes, count, latent, 2);
  const part = (component: number) => `${Math.round(100 * pca.explained[component]!)} % of the variance`;
  return {
    points: transformPca(pca, codes, count),
    method: 'pca',
    axes: [`${axes[0]} (${part(0)})`, `${axes[1]} (${part(1)})`],
  };
}

/** Undefined when there are too few distinct codes. */
function umapPoints(
  codes: Float32Array,
  count: number,
  latent: number,
  seed: number,
  maxFitted: number,
): Float32Array | undefined {
  const fitted = distinctRows(codes, count, latent, seed, maxFitted);
  if (fitted.length < minFitted) return undefined;
  const rows = new Float32Array(fitted.length * latent);
  fitted.forEach((row, i) => {
    rows.set(codes.subarray(row * latent, (row + 1) * latent), i * latent);
  });
  const layout = fitUmap(rows, fitted.length, latent, seed);
  const { k, indices, distances } = nearestNeighbours({
    references: rows,
    queries: codes,
    width: latent,
    k: guides,
  });
  const points = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) place(i, k, indices, distances, layout, points);
  // A fitted code is where UMAP put it, whatever its neighbours.
  fitted.forEach((row, i) => {
    points.set(layout.subarray(2 * i, 2 * i + 2), 2 * row);
  });
  return points;
}

function place(
  i: number,
  k: number,
  indices: Uint32Array,
  distances: Float64Array,
  layout: Float32Array,
  points: Float32Array,
): void {
  const nearest = distances[i * k]!;
  let scale = 0;
  for (let j = 1; j < k; j++) scale += (distances[i * k + j]! - nearest) / (k - 1);
  // Equal to a fitted code: there. Else all equally far: each counts alike.
  const weights = Array.from({ length: k }, (_, j) => {
    if (nearest === 0) return Number(j === 0);
    return scale > 0 ? Math.exp(-(distances[i * k + j]! - nearest) / scale) : 1;
  });
  const near = (j: number) => 2 * indices[i * k + j]!;
  const apart = (a: number, b: number) =>
    Math.hypot(layout[near(a)]! - layout[near(b)]!, layout[near(a) + 1]! - layout[near(b) + 1]!);
  let [least, middle] = [Number.POSITIVE_INFINITY, 0];
  for (let j = 0; j < k; j++) {
    const sum = weights.reduce((total, weight, other) => total + weight * apart(j, other), 0);
    if (sum < least) [least, middle] = [sum, j];
  }
  let [x, y, total] = [0, 0, 0];
  for (let j = 0; j < k; j++) {
    if (apart(middle, j) > reach) continue;
    x += weights[j]! * layout[near(j)]!;
    y += weights[j]! * layout[near(j) + 1]!;
    total += weights[j]!;
  }
  points[2 * i] = x / total;
  points[2 * i + 1] = y / total;
}

function fitUmap(rows: Float32Array, count: number, latent: number, seed: number): Float32Array {
  const random = new Random(seed, 'umap');
  const k = Math.min(neighbours, count - 1);
  const umap = new UMAP({ nNeighbors: k, nComponents: 2, random: () => random.uniform() });
  // Exact, and faster than the library's approximate search at this size.
  const near = nearestNeighbours({ references: rows, width: latent, k });
  const nested = <T extends Uint32Array | Float64Array>(values: T, width: number) =>
    Array.from({ length: count }, (_, i) => [...values.subarray(i * width, (i + 1) * width)]);
  umap.setPrecomputedKNN(nested(near.indices, k), nested(near.distances, k));
  const epochs = umap.initializeFit(
    Array.from({ length: count }, (_, i) => [...rows.subarray(i * latent, (i + 1) * latent)]),
  );
  // The library optimizes this very array in place, and would begin with random places in -10 … 10.
  const embedding = umap.getEmbedding();
  const start = transformPca(fitPca(rows, count, latent, 2), rows, count);
  const size = start.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  embedding.forEach((point, i) => {
    point[0] = (10 * start[2 * i]!) / size + 0.01 * (random.uniform() - 0.5);
    point[1] = (10 * start[2 * i + 1]!) / size + 0.01 * (random.uniform() - 0.5);
  });
  for (let epoch = 0; epoch < epochs; epoch++) umap.step();
  return Float32Array.from(embedding.flat());
}

/** The places of at most so many codes, drawn with the seed, no two of them equal; ascending. */
function distinctRows(
  codes: Float32Array,
  count: number,
  latent: number,
  seed: number,
  most: number,
): Uint32Array {
  const seen = new Set<string>();
  const chosen: number[] = [];
  // Many equal codes would draw all others away, and make the library's search for scales quadratic.
  for (const row of permutation(count, new Random(seed, 'fitted codes'))) {
    const key = codes.subarray(row * latent, (row + 1) * latent).join();
    if (seen.has(key)) continue;
    seen.add(key);
    chosen.push(row);
    if (chosen.length === most) break;
  }
  return Uint32Array.from(chosen).sort();
}

function checkCodes(codes: Float32Array, latent: number): number {
  if (!Number.isInteger(latent) || latent < 1 || codes.length % latent !== 0) {
    throw new UserError(`${codes.length} values do not make codes of ${latent}; give whole codes`);
  }
  if (codes.length === 0) throw new UserError('there are no codes to project; give at least one');
  const wrong = codes.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new UserError(
      `code ${Math.floor(wrong / latent)} has the value ${codes[wrong]}; only finite codes can be projected, leave it out`,
    );
  }
  return codes.length / latent;
}
