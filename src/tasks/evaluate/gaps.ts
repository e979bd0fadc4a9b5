import { column, countOf, type FactoredCodes, meanGap, spreadOf } from './factored.js';

/** Intervals of equal width into which a latent dimension is divided, as in Locatello et al. (2019). */
const bins = 20;

/**
 * The mutual information gap (Chen et al. 2018): for each factor the mutual information of the latent that knows most of
 * it, less that of the next, over the factor's entropy; the mean over factors, 0 … 1. The information is that of codes
 * (means) in 20 intervals between smallest and largest, as in Locatello et al. (2019).
 * @throws {UserError} see `countOf`
 */
export function mig(given: FactoredCodes): number {
  countOf(given);
  const { codes, latent, factors } = given;
  const { deviation } = spreadOf(given);
  const binned = Array.from({ length: latent }, (_, i) =>
    deviation[i] === 0 ? null : inBins(column(codes, latent, i)),
  );
  return meanGap(
    factors.sizes.map((size, k) => {
      const values = Int32Array.from(column(factors.values, factors.names.length, k));
      const entropy = mutualInformation(values, size, values, size);
      return binned.map((bin) => (bin === null ? 0 : mutualInformation(bin, bins, values, size) / entropy));
    }),
  );
}

function inBins(values: Float64Array): Int32Array {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return Int32Array.from(values, (value) =>
    Math.min(bins - 1, Math.floor((bins * (value - low)) / (high - low))),
  );
}

/** In nats, of the frequencies of pairs. */
function mutualInformation(a: Int32Array, sizeA: number, b: Int32Array, sizeB: number): number {
  const joint = new Float64Array(sizeA * sizeB);
  const [first, second] = [new Float64Array(sizeA), new Float64Array(sizeB)];
  a.forEach((value, i) => {
    joint[value * sizeB + b[i]!]! += 1 / a.length;
    first[value]! += 1 / a.length;
    second[b[i]!]! += 1 / a.length;
  });
  return joint.reduce(
    (total, p, at) =>
      p === 0 ? total : total + p * Math.log(p / (first[Math.floor(at / sizeB)]! * second[at % sizeB]!)),
    0,
  );
}

/**
 * The separated attribute predictability (Kumar et al. 2018): for each factor how well the best latent predicts it by
 * itself, less the next; the mean over factors, 0 … 1. Of a factor with an order the measure is the R² of a linear
 * regression; of one without, of each class against the rest the balanced accuracy of the best interval, brought from
 * 0.5 … 1 to 0 … 1, the mean over classes.
 * @throws {UserError} see `countOf`
 */
export function sap(given: FactoredCodes): number {
  countOf(given);
  const { codes, latent, factors } = given;
  const { deviation } = spreadOf(given);
  return meanGap(
    factors.sizes.map((size, k) => {
      const values = column(factors.values, factors.names.length, k);
      return Array.from({ length: latent }, (_, i) => {
        if (deviation[i] === 0) return 0;
        const code = column(codes, latent, i);
        return factors.categorical[k] ? intervalScore(code, values, size) : squaredCorrelation(code, values);
      });
    }),
  );
}

function squaredCorrelation(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((total, value) => total + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [aa, bb, ab] = [0, 0, 0];
  a.forEach((value, i) => {
    aa += (value - meanA) ** 2;
    bb += (b[i]! - meanB) ** 2;
    ab += (value - meanA) * (b[i]! - meanB);
  });
  return ab ** 2 / (aa * bb);
}

/**
 * The mean over classes of 2 · (balanced accuracy of the best interval) - 1: the largest sum of a run in the order of
 * codes, where a sample counts 1/n of its class, or -1/m of the others.
 */
function intervalScore(code: Float64Array, values: Float64Array, size: number): number {
  const order = Uint32Array.from(code, (_, i) => i).sort((a, b) => code[a]! - code[b]!);
  const counts = new Float64Array(size);
  for (const value of values) counts[value]!++;
  const present = Array.from(counts, (_, value) => value).filter((value) => counts[value]! > 0);
  const scores = present.map((wanted) => {
    const others = code.length - counts[wanted]!;
    let [best, worst, high, low] = [0, 0, 0, 0];
    for (let at = 0; at < order.length; ) {
      // Equal codes are on one side together.
      let step = 0;
      const here = code[order[at]!]!;
      for (; at < order.length && code[order[at]!] === here; at++) {
        step += values[order[at]!] === wanted ? 1 / counts[wanted]! : -1 / others;
      }
      high = Math.max(0, high + step);
      low = Math.min(0, low + step);
      best = Math.max(best, high);
      worst = Math.min(worst, low);
    }
    return Math.max(best, -worst);
  });
  return scores.reduce((total, score) => total + score, 0) / scores.length;
}
