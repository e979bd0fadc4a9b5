import { shown, UserError } from './errors.js';
import {
  type AutoencoderOptions,
  type CommonOptions,
  type ModelOf,
  type ModelOptions,
  makeModel,
  type VaeOptions,
} from './estimator/create.js';
import type { Model } from './estimator/model.js';
import type { VariationalModel } from './estimator/variational.js';
import { webPlatform } from './estimator/webPlatform.js';
import type { FamilyInput, FamilyName, families } from './models/families.js';
import type { Family } from './models/family.js';
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
  return makeModel(platform(where), 'autoencoder', options);
}

/**
 * A variational autoencoder (Kingma and Welling 2014): codes have a distribution, so new samples can be drawn.
 * @throws {UserError} when an option is wrong
 */
export function vae(options: VaeOptions, where: BrowserOptions = {}): VariationalModel {
  return makeModel(platform(where), 'vae', options);
}

/**
 * An autoencoder with convolutions, for pictures and signals: channels [32, 64] by default, each convolution halving the
 * picture, and a decoder that undoes them. `input` is [height, width], [height, width, channels] or [length].
 * @throws {UserError} when an option is wrong, or convolutions do not fit the samples
 */
export function convAutoencoder(options: AutoencoderOptions, where: BrowserOptions = {}): Model {
  return makeModel(platform(where), 'conv-autoencoder', options);
}

/**
 * A variational autoencoder with convolutions, as those of `convAutoencoder`.
 * @throws {UserError} when an option is wrong, or convolutions do not fit the samples
 */
export function convVae(options: VaeOptions, where: BrowserOptions = {}): VariationalModel {
  return makeModel(platform(where), 'conv-vae', options);
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
  where?: BrowserOptions,
): ModelOf<(typeof families)[Name]>;
export function createModel<Config, Input, Given extends Family<Config, Input>>(
  family: Given & Family<Config, Input>,
  options: ModelOptions<Input>,
  where?: BrowserOptions,
): ModelOf<Given>;
export function createModel(
  family: string | Family<unknown>,
  options: CommonOptions,
  where: BrowserOptions = {},
): Model {
  return makeModel(platform(where), family, options);
}

function platform({ backend = 'wasm' }: BrowserOptions) {
  if (backend !== 'wasm' && backend !== 'webgpu')
    throw new UserError(`backend: 'wasm' or 'webgpu' is expected, got ${shown(backend)}`);
  return webPlatform(backend);
}

export { type Dataset, type DatasetInput, dataset } from './data/dataset.js';
export { UserError } from './errors.js';
export type {
  AutoencoderOptions,
  CommonOptions,
  ModelOf,
  ModelOptions,
  VaeOptions,
} from './estimator/create.js';
export type { EvaluateOptions, Evaluation } from './estimator/evaluate.js';
export type { Matrix } from './estimator/inference.js';
export type { DecodeOptions, Labels } from './estimator/labels.js';
export { Model, type ModelFiles, type TrainingOptions } from './estimator/model.js';
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
