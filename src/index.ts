import {
  type AutoencoderOptions,
  createAutoencoder,
  createVae,
  type VaeOptions,
} from './estimator/create.js';
import { loadModel } from './estimator/load.js';
import type { Model } from './estimator/model.js';
import { nodePlatform } from './estimator/nodePlatform.js';
import type { VariationalModel } from './estimator/variational.js';

/**
 * A plain autoencoder: encoder and decoder of dense layers, trained to give back its input.
 * @throws {UserError} when an option is wrong
 */
export function autoencoder(options: AutoencoderOptions): Model {
  return createAutoencoder(nodePlatform, options);
}

/**
 * A variational autoencoder (Kingma and Welling 2014): codes have a distribution, so new samples can be drawn.
 * @throws {UserError} when an option is wrong
 */
export function vae(options: VaeOptions): VariationalModel {
  return createVae(nodePlatform, options);
}

/**
 * Reads a model that `save` or `autoencoder train` wrote.
 * @throws {UserError} when the folder holds no model, or a file is missing, damaged, foreign or newer
 */
export function load(folder: string): Promise<Model> {
  return loadModel(nodePlatform, folder);
}

export { type Dataset, type DatasetInput, dataset } from './data/dataset.js';
export { type MnistPart, mnist } from './data/mnist.js';
export { readDataset } from './data/read.js';
export { UserError } from './errors.js';
export type { AutoencoderOptions, VaeOptions } from './estimator/create.js';
export type { Evaluation } from './estimator/evaluate.js';
export type { Matrix } from './estimator/inference.js';
export { Model, type TrainingOptions } from './estimator/model.js';
export { type SampleOptions, VariationalModel } from './estimator/variational.js';
export type { OptimizerConfig, OptimizerName } from './nn/optimizers.js';
export type { Schedule } from './nn/schedules.js';
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
