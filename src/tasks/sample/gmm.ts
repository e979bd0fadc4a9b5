import { forEachChunk } from '../../estimator/inference.js';
import type { Platform } from '../../estimator/platform.js';
import { input } from '../../graph/expr.js';
import { toOnnx } from '../../graph/onnx.js';
import { add, exp, mul, sub } from '../../graph/ops/elementwise.js';
import { matMul } from '../../graph/ops/linear.js';
import { logSumExp, sum } from '../../graph/ops/reducing.js';
import { reshape, transpose } from '../../graph/ops/shaping.js';
import { permutation } from '../../random/fill.js';
import { normal } from '../../random/normal.js';
import { Random } from '../../random/random.js';
import type { Session } from '../../runtime/backend.js';
import type { CodeDensity } from './density.js';
import { kMeans } from './kMeans.js';
import { factorsOf, type Mixture, type MixtureSums, mixtureOf } from './mixture.js';

/** Codes on which starts are compared, so that only the best of them has to go through all codes. */
const compared = 8000;
const comparedPerComponent = 200;

/** How a mixture is fitted; the defaults of scikit-learn's GaussianMixture where it has them. */
export interface MixtureOptions {
  readonly components: number;
  readonly seed: number;
  /** Starts, of which the one is kept that explains the codes, or 8,000 of them, best; 3 by default. */
  readonly restarts?: number;
  /** 100 by default. */
  readonly maxIterations?: number;
  /** The least gain of the mean log-density that is worth another iteration, in nats; 1e-3 by default. */
  readonly tolerance?: number;
  /** Added to every variance, so that no component shrinks to a point; 1e-6 by default. */
  readonly regularization?: number;
  /** The mixture to start from, instead of groups by k-means. */
  readonly start?: Mixture;
  readonly signal?: AbortSignal | undefined;
}

/** A fitted mixture. */
export interface FittedMixture {
  readonly mixture: Mixture;
  /** The mean log-density of the codes before the last step, in nats. */
  readonly meanLogDensity: number;
}

/**
 * Fits a mixture of normal distributions with full covariances by expectation-maximisation (Dempster et al. 1977).
 * @param codes [count, width], row-major, count at least `components`
 */
export async function fitMixture(
  platform: Platform,
  codes: Float32Array,
  width: number,
  options: MixtureOptions,
): Promise<FittedMixture> {
  const { components, restarts = options.start ? 1 : 3, seed, regularization = 1e-6, start } = options;
  const center = meanOf(codes, width);
  // About their mean, codes far from zero keep the digits that matter in float32.
  const rows = codes.map((value, i) => value - center[i % width]!);
  const session = await platform.createSession(stepModel(components, width));
  try {
    let best: FittedMixture | undefined;
    const some = someOf(rows, width, components, new Random(seed, 'some'));
    for (let restart = 0; restart < restarts; restart++) {
      const groups = () => kMeans(some, width, components, new Random(seed, 'k-means', restart));
      const first = start
        ? shifted(start, center, -1)
        : mixtureOf(sumsOf(some, width, components, groups()), width, regularization);
      const found = await maximise(session, some, first, { ...options, regularization });
      if (best === undefined || found.meanLogDensity > best.meanLogDensity) best = found;
    }
    if (some !== rows) best = await maximise(session, rows, best!.mixture, { ...options, regularization });
    return { ...best!, mixture: shifted(best!.mixture, center, 1) };
  } finally {
    await session.release();
  }
}

/** The rows on which starts are compared: all of them, or as many as are enough for it. */
function someOf(rows: Float32Array, width: number, components: number, random: Random): Float32Array {
  const count = rows.length / width;
  const enough = Math.max(compared, comparedPerComponent * components);
  if (count <= enough) return rows;
  const some = new Float32Array(enough * width);
  permutation(count, random)
    .subarray(0, enough)
    .forEach((row, i) => {
      some.set(rows.subarray(row * width, (row + 1) * width), i * width);
    });
  return some;
}

/** A mixture as a density of codes. */
export function mixtureDensity(platform: Platform, mixture: Mixture): CodeDensity {
  const { width, weights, means } = mixture;
  const { lower } = factorsOf(mixture);
  return {
    async draw(count, random) {
      const codes = new Float32Array(count * width);
      for (let row = 0; row < count; row++) {
        const k = componentAt(weights, random.uniform());
        const noise = Float64Array.from({ length: width }, () => normal(random));
        lower[k]!.forEach((triangle, a) => {
          let value = means[k * width + a]!;
          for (let b = 0; b <= a; b++) value += triangle[b]! * noise[b]!;
          codes[row * width + a] = value;
        });
      }
      return codes;
    },
    async logDensity(codes) {
      const center = meanOf(means, width);
      const rows = codes.map((value, i) => value - center[i % width]!);
      const session = await platform.createSession(stepModel(weights.length, width));
      try {
        return (await expect(session, rows, shifted(mixture, center, -1))).logDensities;
      } finally {
        await session.release();
      }
    },
  };
}

async function maximise(
  session: Session,
  rows: Float32Array,
  first: Mixture,
  {
    maxIterations = 100,
    tolerance = 1e-3,
    regularization,
    signal,
  }: MixtureOptions & { regularization: number },
): Promise<FittedMixture> {
  let mixture = first;
  let reached = Number.NEGATIVE_INFINITY;
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    signal?.throwIfAborted();
    const { logDensities, sums } = await expect(session, rows, mixture);
    const meanLogDensity = logDensities.reduce((a, b) => a + b, 0) / logDensities.length;
    mixture = mixtureOf(sums, mixture.width, regularization);
    const gain = Math.abs(meanLogDensity - reached);
    reached = meanLogDensity;
    if (gain < tolerance) break;
  }
  return { mixture, meanLogDensity: reached };
}

/** The E step: the log-density of each code, and the sums that the M step needs. */
async function expect(
  session: Session,
  rows: Float32Array,
  mixture: Mixture,
): Promise<{ logDensities: Float64Array; sums: MixtureSums }> {
  const { width, weights } = mixture;
  const components = weights.length;
  const { whitening, logFactor } = factorsOf(mixture);
  const means = Float32Array.from(mixture.means);
  const tensor = (data: Float32Array, shape: readonly number[]) =>
    ({ dtype: 'float32', data, shape }) as const;
  const parameters = {
    means: tensor(means, [components, 1, width]),
    whitening: tensor(whitening, [components, width, width]),
    logFactor: tensor(logFactor, [components, 1]),
  };
  const count = rows.length / width;
  const logDensities = new Float64Array(count);
  const sums = {
    counts: new Float64Array(components),
    about: Float64Array.from(means),
    first: new Float64Array(components * width),
    second: new Float64Array(components * width * width),
  };
  await forEachChunk(tensor(rows, [count, width]), async (codes, start) => {
    const found = await session.run({ codes, ...parameters });
    logDensities.set(found.logDensity!.data, start);
    for (const name of ['counts', 'first', 'second'] as const) {
      const { data } = found[name]!;
      for (let i = 0; i < data.length; i++) sums[name][i]! += data[i]!;
    }
  });
  return { logDensities, sums };
}

/** The graph of the E step for a batch of codes. */
function stepModel(components: number, width: number): Uint8Array {
  const codes = input('codes', ['batch', width]);
  const means = input('means', [components, 1, width]);
  const difference = sub(reshape(codes, [1, 'batch', width]), means);
  const white = matMul(difference, input('whitening', [components, width, width]));
  const joint = add(mul(sum(mul(white, white), 2), -0.5), input('logFactor', [components, 1]));
  const total = logSumExp(joint, 0, true);
  const probability = exp(sub(joint, total));
  const weighted = mul(difference, reshape(probability, [components, 'batch', 1]));
  return toOnnx({
    name: 'expectation',
    outputs: {
      logDensity: reshape(total, ['batch']),
      counts: sum(probability, 1),
      first: sum(weighted, 1),
      second: matMul(transpose(weighted, [0, 2, 1]), difference),
    },
  });
}

/** The same sums where each row belongs to one component altogether. */
function sumsOf(rows: Float32Array, width: number, components: number, labels: Uint32Array): MixtureSums {
  const counts = new Float64Array(components);
  const about = new Float64Array(components * width);
  const second = new Float64Array(components * width * width);
  labels.forEach((k, row) => {
    counts[k]!++;
    for (let d = 0; d < width; d++) about[k * width + d]! += rows[row * width + d]!;
  });
  for (let i = 0; i < about.length; i++) about[i]! /= Math.max(counts[Math.floor(i / width)]!, 1);
  labels.forEach((k, row) => {
    for (let a = 0; a < width; a++) {
      const left = rows[row * width + a]! - about[k * width + a]!;
      for (let b = 0; b < width; b++) {
        second[(k * width + a) * width + b]! += left * (rows[row * width + b]! - about[k * width + b]!);
      }
    }
  });
  return { counts, about, first: new Float64Array(components * width), second };
}

function meanOf(rows: Float32Array | Float64Array, width: number): Float64Array {
  const mean = new Float64Array(width);
  const count = rows.length / width;
  for (let i = 0; i < rows.length; i++) mean[i % width]! += rows[i]! / count;
  return mean;
}

function shifted(mixture: Mixture, by: Float64Array, sign: 1 | -1): Mixture {
  const means = mixture.means.map((value, i) => value + sign * by[i % mixture.width]!);
  return { ...mixture, means };
}

/** The component at which the running sum of weights exceeds a number in [0, 1). */
function componentAt(weights: Float64Array, target: number): number {
  let left = target;
  for (let k = 0; k < weights.length - 1; k++) {
    left -= weights[k]!;
    if (left < 0) return k;
  }
  return weights.length - 1;
}
