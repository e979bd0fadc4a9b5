import type { Dataset } from '../../data/dataset.js';
import { UserError } from '../../errors.js';
import type { Model } from '../../estimator/model.js';
import { type Dci, dci } from './dci.js';
import type { FactoredCodes } from './factored.js';
import { mig, sap } from './gaps.js';
import { betaVaeScore, factorVaeScore, type ScoreOptions } from './interventions.js';

/** How well each latent stands for one factor, by the usual measures; each 0 … 1, 1 is best. */
export interface Disentanglement {
  readonly mig: number;
  readonly sap: number;
  readonly dci: Dci;
  readonly betaVaeScore: number;
  readonly factorVaeScore: number;
}

/**
 * All measures on codes of which the factors are known.
 * @throws {UserError} see `countOf`
 */
export function disentanglement(codes: FactoredCodes, options: ScoreOptions = {}): Disentanglement {
  return {
    mig: mig(codes),
    sap: sap(codes),
    dci: dci(codes, options),
    betaVaeScore: betaVaeScore(codes, options),
    factorVaeScore: factorVaeScore(codes, options),
  };
}

/**
 * The same of a model, by its codes (means) of data with factors, such as `shapes()`.
 * @throws {UserError} when the data come without factors, or do not fit the model
 */
export async function disentanglementOf(
  model: Model,
  data: Dataset,
  options: ScoreOptions = {},
): Promise<Disentanglement> {
  if (data.factors === undefined) {
    throw new UserError(
      `${data.source ?? 'the data'}: the factors that samples were made by are not known; the data set shapes has them`,
    );
  }
  const { data: codes } = await model.encode(data);
  return disentanglement({ codes, latent: model.latent, factors: data.factors }, options);
}
