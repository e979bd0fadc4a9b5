import type { Dataset } from './data/dataset.js';
import { UserError } from './errors.js';
import type { TableModelOptions } from './estimator/create.js';
import {
  type AutoencoderOptions,
  type CommonOptions,
  type ModelOf,
  type ModelOptions,
  makeModel,
  type VaeOptions,
} from './estimator/create.js';
import { loadModel } from './estimator/load.js';
import type { Model } from './estimator/model.js';
import { nodePlatform } from './estimator/nodePlatform.js';
import { TableModel } from './estimator/tableModel.js';
import type { VariationalModel } from './estimator/variational.js';
import type { FamilyInput, FamilyName, families } from './models/families.js';
import type { Family } from './models/family.js';
import type { TableOptions } from './table/fit.js';
import { Detector } from './tasks/detect/detector.js';
import type { DetectorOptions } from './tasks/detect/options.js';
import {
  type GenerationQuality,
  generationQuality as measureGeneration,
  type SampleSource,
} from './tasks/evaluate/frechet.js';

/**
 * A plain autoencoder: encoder and decoder of dense layers, trained to give back its input.
 * @throws {UserError} when an option is wrong
 */
export function autoencoder(options: AutoencoderOptions): Model {
  return makeModel(nodePlatform, 'autoencoder', options);
}

/**
 * A variational autoencoder (Kingma and Welling 2014): codes have a distribution, so new samples can be drawn.
 * @throws {UserError} when an option is wrong
 */
export function vae(options: VaeOptions): VariationalModel {
  return makeModel(nodePlatform, 'vae', options);
}

/**
 * An autoencoder with convolutions, for pictures and signals: channels [32, 64] by default, each convolution halving the
 * picture, and a decoder that undoes them. `input` is [height, width], [height, width, channels] or [length].
 * @throws {UserError} when an option is wrong, or convolutions do not fit the samples
 */
export function convAutoencoder(options: AutoencoderOptions): Model {
  return makeModel(nodePlatform, 'conv-autoencoder', options);
}

/**
 * A variational autoencoder with convolutions, as those of `convAutoencoder`.
 * @throws {UserError} when an option is wrong, or convolutions do not fit the samples
 */
export function convVae(options: VaeOptions): VariationalModel {
  return makeModel(nodePlatform, 'conv-vae', options);
}

/**
 * A model of any family, by name or as the family itself: one of this project's, listed in docs/models.md, or your own,
 * made with `deterministicFamily` or `variationalFamily`.
 *
 *     const model = createModel('beta-tc-vae', { input: [28, 28], latent: 10, beta: 6 });
 *
 * Models of generative families can `sample`.
 * @throws {UserError} when there is no such family, or an option is wrong
 */
export function createModel<Name extends FamilyName>(
  family: Name,
  options: ModelOptions<FamilyInput<Name>>,
): ModelOf<(typeof families)[Name]>;
export function createModel<Config, Input, Given extends Family<Config, Input>>(
  family: Given & Family<Config, Input>,
  options: ModelOptions<Input>,
): ModelOf<Given>;
export function createModel(family: string | Family<unknown>, options: CommonOptions): Model {
  return makeModel(nodePlatform, family, options);
}

/**
 * Reads a model that `save` or `autoencoder train` wrote. Families of your own must be passed.
 * @throws {UserError} when the folder holds no model, or a file is missing, damaged, foreign or newer
 */
export function load(
  folder: string,
  { families: own = [] }: { readonly families?: readonly Family<unknown>[] } = {},
): Promise<Model> {
  return loadModel(nodePlatform, folder, own);
}

/**
 * A model for tables: an autoencoder, or by default a variational one, with a likelihood for each column. It reads
 * numbers, categories, booleans and dates, with missing values, and the models that it saves do so too.
 * @throws {UserError} when an option of the model is wrong; one that names a column, as soon as it is fitted
 */
export function tableModel(options: TableModelOptions & TableOptions = {}): TableModel {
  return new TableModel(nodePlatform, options);
}

/**
 * Reads a table model that `save` or `autoencoder train` wrote.
 * @throws {UserError} when the folder holds no model for tables, or is damaged or newer
 */
export async function loadTableModel(folder: string): Promise<TableModel> {
  const model = await load(folder);
  if (model.table !== undefined) return new TableModel(nodePlatform, {}, model);
  throw new UserError(`${folder} holds a model that was trained on arrays, not on a table; use load`);
}

/**
 * An anomaly detector for tables, with the conventions of scikit-learn and PyOD: `fit`, `score` (higher is odder),
 * `predict` (1 is an anomaly), `explain`.
 * @throws {UserError} when an option is wrong
 */
export function detector(options: DetectorOptions = {}): Detector {
  return new Detector(nodePlatform, options);
}

/**
 * Reads a detector that `save` or `autoencoder detect --out` wrote.
 * @throws {UserError} when the folder holds no detector, or is damaged or newer
 */
export function loadDetector(folder: string): Promise<Detector> {
  return Detector.load(nodePlatform, folder);
}

/**
 * How near new samples of a variational model, or of a `sampler`, are to labelled data, by a Fréchet distance on the
 * features of a small classifier that is trained on the data. Not the FID of the literature: see `GenerationQuality`.
 * @throws {UserError} when the data have no labels, or are fewer than 384
 */
export function generationQuality(
  source: SampleSource,
  data: Dataset,
  options: { readonly seed?: number } = {},
): Promise<GenerationQuality> {
  return measureGeneration(nodePlatform, source, data, options);
}

export { type Dataset, type DatasetInput, dataset, type Factors } from './data/dataset.js';
export { type MnistPart, mnist } from './data/mnist.js';
export { readDataset } from './data/read.js';
export { shapes } from './data/shapes.js';
export { type TableInput, tableOf } from './data/table/memoryTable.js';
export { type ReadTableOptions, readTable } from './data/table/readTable.js';
export type { Cell, DecimalMark, Table, TableChunk } from './data/table/table.js';
export { UserError } from './errors.js';
export type {
  AutoencoderOptions,
  CommonOptions,
  ModelOf,
  ModelOptions,
  TableModelOptions,
  VaeOptions,
} from './estimator/create.js';
export type { EvaluateOptions, Evaluation } from './estimator/evaluate.js';
export type { Matrix } from './estimator/inference.js';
export type { DecodeOptions, Labels } from './estimator/labels.js';
export { Model, type TrainingOptions } from './estimator/model.js';
export { type TableFitOptions, TableModel } from './estimator/tableModel.js';
export { type LikelihoodOptions, type SampleOptions, VariationalModel } from './estimator/variational.js';
export type { Definition, Objective, ScheduledScalar } from './models/definition.js';
export { type DeterministicFamily, deterministicFamily } from './models/deterministic.js';
export type { FamilyInput, FamilyName } from './models/families.js';
export type { Family, FamilyText } from './models/family.js';
export type { Posterior, Prior } from './models/posteriors.js';
export {
  besideElbo,
  negativeElbo,
  type VariationalFamily,
  type VariationalParts,
  variationalFamily,
} from './models/variational.js';
export type { OptimizerConfig, OptimizerName } from './nn/optimizers.js';
export type { Schedule } from './nn/schedules.js';
export type { Column, TableSchema } from './table/columns.js';
export type { ColumnType, TableOptions } from './table/fit.js';
export type { AnyTable } from './table/input.js';
export type { Scaling } from './table/scaling.js';
export { type DetectOptions, Detector, type DetectorFitOptions } from './tasks/detect/detector.js';
export type { Detection, Reason } from './tasks/detect/explain.js';
export { type DetectionFigures, detectionFigures } from './tasks/detect/figures.js';
export type { DetectorOptions } from './tasks/detect/options.js';
export {
  type AggregateMismatch,
  type AggregateOptions,
  aggregateMismatch,
  aggregateMismatchOf,
  type Posteriors,
} from './tasks/evaluate/aggregate.js';
export type { Dci } from './tasks/evaluate/dci.js';
export {
  type Disentanglement,
  disentanglement,
  disentanglementOf,
} from './tasks/evaluate/disentanglement.js';
export type { FactoredCodes } from './tasks/evaluate/factored.js';
export type { GenerationQuality, SampleSource } from './tasks/evaluate/frechet.js';
export {
  type CompressionFigures,
  compressionFigures,
  reconstructionSsim,
} from './tasks/evaluate/pictures.js';
export { type InterpolateOptions, interpolate } from './tasks/sample/interpolate.js';
export {
  type DrawOptions,
  type Sampler,
  type SamplerOptions,
  type SamplerType,
  sampler,
} from './tasks/sample/sampler.js';
export { type Traversal, type TraverseOptions, traverse } from './tasks/sample/traverse.js';
export {
  type Callback,
  type EpochContext,
  earlyStopping,
  type HistoryRow,
  reduceLearningRateOnPlateau,
} from './train/callbacks.js';
export { DivergenceError, type FitOptions } from './train/fit.js';
export type { History } from './train/history.js';
export type { Progress } from './train/job.js';
export { checkpoint, csvHistory, jsonLinesHistory, readCheckpoint } from './train/node/fileCallbacks.js';
export { version } from './version.js';
