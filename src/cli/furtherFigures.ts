import { UserError } from '../errors.js';
import {
  aggregateMismatchOf,
  compressionFigures,
  type Dataset,
  disentanglementOf,
  generationQuality,
  type Model,
  reconstructionSsim,
  VariationalModel,
} from '../index.js';
import { count, figure } from './text.js';

/** What `evaluate` measures when it is asked to. */
export interface FurtherOptions {
  readonly seed?: number;
  readonly generation?: boolean;
  readonly factors?: boolean;
  readonly compression?: boolean;
}

/** Figures for people, in lines of a table, and under the names that `--json` prints. */
export interface FurtherFigures {
  readonly rows: readonly (readonly string[])[];
  readonly json: Readonly<Record<string, number>>;
}

/**
 * What `evaluate` measures beside the loss and its parts: on every model what costs little, the rest where it was asked for.
 * @throws {UserError} when what is asked for cannot be measured on the model or the data
 */
export async function furtherFigures(
  model: Model,
  data: Dataset,
  options: FurtherOptions,
): Promise<FurtherFigures> {
  const parts = [
    await aggregate(model, data, options),
    await similarity(model, data),
    ...(options.generation ? [await generation(model, data, options)] : []),
    ...(options.factors ? [await factors(model, data, options)] : []),
    ...(options.compression ? [await compression(model, data)] : []),
  ];
  return {
    rows: parts.flatMap(({ rows }) => rows),
    json: Object.assign({}, ...parts.map(({ json }) => json)) as Record<string, number>,
  };
}

const nothing: FurtherFigures = { rows: [], json: {} };

async function aggregate(model: Model, data: Dataset, { seed }: FurtherOptions): Promise<FurtherFigures> {
  const found =
    // Of the bounds both need normal distributions.
    model instanceof VariationalModel && model.hasNormalPosterior && model.hasNormalPrior
      ? await aggregateMismatchOf(model, data, seed === undefined ? {} : { seed })
      : undefined;
  if (found === undefined) return nothing;
  const { lower, upper, mutualInformation } = found;
  return {
    rows: [
      ['code information', figure(mutualInformation), 'nats or more that a code says of its sample'],
      [
        'prior mismatch',
        `${figure(lower, 3)} to ${figure(upper, 3)}`,
        'nats between all codes together and the prior',
      ],
    ],
    json: { mutualInformation, priorMismatchLower: lower, priorMismatchUpper: upper },
  };
}

async function similarity(model: Model, data: Dataset): Promise<FurtherFigures> {
  const ssim = await reconstructionSsim(model, data);
  return ssim === undefined
    ? nothing
    : { rows: [['SSIM', figure(ssim), 'of reconstructions; 1 for equal pictures']], json: { ssim } };
}

async function generation(model: Model, data: Dataset, { seed }: FurtherOptions): Promise<FurtherFigures> {
  if (!(model instanceof VariationalModel))
    throw new UserError('--generation: this model draws no new samples; variational models do');
  const found = await generationQuality(model, data, seed === undefined ? {} : { seed });
  const { frechetDistance, betweenData, samples } = found;
  return {
    rows: [
      [
        'Fréchet distance',
        figure(frechetDistance),
        `of ${count(samples)} new samples to data, by a small classifier (not Inception FID)`,
      ],
      ['  between data', figure(betweenData), 'of as many samples of the data in their place'],
    ],
    json: { frechetDistance, frechetBetweenData: betweenData, frechetSamples: samples },
  };
}

async function factors(model: Model, data: Dataset, { seed }: FurtherOptions): Promise<FurtherFigures> {
  const { mig, sap, dci, ...scores } = await disentanglementOf(
    model,
    data,
    seed === undefined ? {} : { seed },
  );
  const chance = `a linear classifier; chance is ${figure(1 / data.factors!.names.length, 2)}`;
  return {
    rows: [
      ['MIG', figure(mig), 'mutual information gap'],
      ['SAP', figure(sap), 'separated attribute predictability'],
      ['DCI', figure(dci.disentanglement), 'disentanglement'],
      ['', figure(dci.completeness), 'completeness'],
      ['', figure(dci.informativeness), 'informativeness'],
      ['β-VAE score', figure(scores.betaVaeScore), chance],
      [
        'FactorVAE score',
        figure(scores.factorVaeScore),
        chance.replace('a linear classifier', 'a majority vote'),
      ],
    ],
    json: {
      mig,
      sap,
      dciDisentanglement: dci.disentanglement,
      dciCompleteness: dci.completeness,
      dciInformativeness: dci.informativeness,
      ...scores,
    },
  };
}

async function compression(model: Model, data: Dataset): Promise<FurtherFigures> {
  const { codeBytes, pngBytes, ratio, psnr } = await compressionFigures(model, data);
  return {
    rows: [
      ['code as bytes', count(codeBytes), `PSNR of the reconstruction ${figure(psnr)} dB`],
      ['PNG', figure(pngBytes), `bytes on average, without loss: ${figure(ratio, 3)} times the code`],
    ],
    json: { codeBytes, pngBytes, pngRatio: ratio, codePsnr: psnr },
  };
}
