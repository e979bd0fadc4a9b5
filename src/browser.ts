import { UserError } from './errors.js';
import {
  type AutoencoderOptions,
  createAutoencoder,
  createVae,
  type VaeOptions,
} from './estimator/create.js';
import type { Model } from './estimator/model.js';
import type { VariationalModel } from './estimator/variational.js';
import { webPlatform } from './estimator/webPlatform.js';
import type { WebBackendName } from './runtime/web/name.js';

/**
 * Where a model computes in a browser.
 *
 * Both need the package `onnxruntime-web` beside this one (`npm install onnxruntime-web@1.30.0`). Its WebAssembly
 * files are looked for beside the script that holds onnxruntime-web. Where they are elsewhere, say so before the
 * first model is trained or used, through the entry point of the backend: `onnxruntime-web/wasm` or `/webgpu`.
 *
 *     import { env } from 'onnxruntime-web/wasm';
 *     env.wasm.wasmPaths = '/assets/onnxruntime/';
 *
 * Training runs in the thread that calls `fit`, and lets the event loop turn between steps. A page that is to stay
 * smooth with large models trains in a web worker of its own.
 */
export interface BrowserOptions {
  /**
   * `wasm` (the default) is WebAssembly on the CPU and runs everywhere; it uses several threads on pages that are
   * cross-origin isolated. `webgpu` keeps weights and optimizer state on the GPU.
   */
  readonly backend?: WebBackendName;
}

/**
 * A plain autoencoder: encoder and decoder of dense layers, trained to give back its input.
 * @throws {UserError} when an option is wrong
 */
export function autoencoder(options: AutoencoderOptions, where: BrowserOptions = {}): Model {
  return createAutoencoder(platform(where), options);
}

/**
 * A variational autoencoder (Kingma and Welling 2014): codes have a distribution, so new samples can be drawn.
 * @throws {UserError} when an option is wrong
 */
export function vae(options: VaeOptions, where: BrowserOptions = {}): VariationalModel {
  return createVae(platform(where), options);
}

function platform({ backend = 'wasm' }: BrowserOptions) {
  if (backend !== 'wasm' && backend !== 'webgpu')
    throw new UserError(`backend: 'wasm' or 'webgpu' is expected, got ${JSON.stringify(backend)}`);
  return webPlatform(backend);
}

export { type Dataset, type DatasetInput, dataset } from './data/dataset.js';
export { UserError } from './errors.js';
export type { AutoencoderOptions, VaeOptions } from './estimator/create.js';
export type { Evaluation } from './estimator/evaluate.js';
export type { Matrix } from './estimator/inference.js';
export { Model, type ModelFiles, type TrainingOptions } from './estimator/model.js';
export { type SampleOptions, VariationalModel } from './estimator/variational.js';
export type { OptimizerConfig, OptimizerName } from './nn/optimizers.js';
export type { Schedule } from './nn/schedules.js';
export type { WebBackendName } from './runtime/web/name.js';
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
export { version } from './version.js';
