import { UserError } from '../../errors.js';
import { Random } from '../../random/random.js';
import { countOf, type FactoredCodes, spreadOf } from './factored.js';
import { linearAccuracy } from './linearClassifier.js';

/** Samples that have a factor in common, in one point of the two scores. */
const together = 64;
const trainingPoints = 1000;
const testPoints = 500;

/** What the draws depend on. */
export interface ScoreOptions {
  readonly seed?: number;
}

/**
 * The β-VAE score (Higgins et al. 2017): pairs of samples agree in one factor and are otherwise drawn; from the mean
 * absolute difference of their codes over 64 pairs a linear classifier tells which factor it was. The share that it gets
 * right of 500 points, learned from 1,000; chance is 1 over the number of factors. Codes are divided by their deviations.
 * @throws {UserError} see `countOf`
 */
export function betaVaeScore(given: FactoredCodes, { seed = 0 }: ScoreOptions = {}): number {
  const groups = new Groups(given, new Random(seed, 'beta-VAE score'));
  const { codes, latent } = given;
  const { deviation } = spreadOf(given);
  const draw = (points: number) => {
    const inputs = new Float64Array(points * latent);
    const classes = Int32Array.from({ length: points }, () => groups.factor());
    classes.forEach((factor, point) => {
      for (let pair = 0; pair < together; pair++) {
        const rows = groups.value(factor);
        const [a, b] = [groups.row(rows) * latent, groups.row(rows) * latent];
        for (let k = 0; k < latent; k++) {
          if (deviation[k] === 0) continue;
          inputs[point * latent + k]! += Math.abs(codes[a + k]! - codes[b + k]!) / deviation[k]! / together;
        }
      }
    });
    return { inputs, classes };
  };
  return linearAccuracy(draw(trainingPoints), draw(testPoints), latent, groups.count);
}

/**
 * The FactorVAE score (Kim and Mnih 2018): 64 samples agree in one factor; the latent whose variance among them, over its
 * variance in all data, is least, votes for that factor. The share of 500 votes that the majority of 1,000 others foretells;
 * chance is 1 over the number of factors. Latents that hold nothing do not vote.
 * @throws {UserError} see `countOf`
 */
export function factorVaeScore(given: FactoredCodes, { seed = 0 }: ScoreOptions = {}): number {
  const groups = new Groups(given, new Random(seed, 'FactorVAE score'));
  const { codes, latent } = given;
  const { deviation } = spreadOf(given);
  const vote = (): readonly [latent: number, factor: number] => {
    const factor = groups.factor();
    const rows = groups.value(factor);
    const drawn = Array.from({ length: together }, () => groups.row(rows) * latent);
    let [best, least] = [0, Number.POSITIVE_INFINITY];
    for (let k = 0; k < latent; k++) {
      if (deviation[k] === 0) continue;
      const mean = drawn.reduce((total, at) => total + codes[at + k]!, 0) / together;
      const variance =
        drawn.reduce((total, at) => total + (codes[at + k]! - mean) ** 2, 0) / deviation[k]! ** 2;
      if (variance < least) [best, least] = [k, variance];
    }
    return [best, factor];
  };
  const votes = new Float64Array(latent * groups.count);
  for (let i = 0; i < trainingPoints; i++) {
    const [best, factor] = vote();
    votes[best * groups.count + factor]!++;
  }
  let right = 0;
  for (let i = 0; i < testPoints; i++) {
    const [best, factor] = vote();
    const row = votes.subarray(best * groups.count, (best + 1) * groups.count);
    if (row.indexOf(Math.max(...row)) === factor) right++;
  }
  return right / testPoints;
}

/** Samples by the value of each factor, to draw from. */
class Groups {
  readonly count: number;
  /** Of each factor, of each value that at least two samples have, these samples. */
  private readonly rows: readonly (readonly (readonly number[])[])[];

  constructor(
    given: FactoredCodes,
    private readonly random: Random,
  ) {
    const samples = countOf(given);
    const { names, values, sizes } = given.factors;
    this.count = names.length;
    this.rows = sizes.map((size, k) => {
      const rows = Array.from({ length: size }, (): number[] => []);
      for (let i = 0; i < samples; i++) rows[values[i * names.length + k]!]!.push(i);
      const usable = rows.filter((list) => list.length > 1);
      if (usable.length > 0) return usable;
      throw new UserError(
        `no two of ${samples} samples agree in the factor "${names[k]}"; take more of the data`,
      );
    });
  }

  factor(): number {
    return this.random.below(this.count);
  }

  /** The samples of one of the factor's values. */
  value(factor: number): readonly number[] {
    const values = this.rows[factor]!;
    return values[this.random.below(values.length)]!;
  }

  row(rows: readonly number[]): number {
    return rows[this.random.below(rows.length)]!;
  }
}
