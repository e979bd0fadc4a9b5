export { type ActivationName, activations } from './activations.js';
export {
  type ConvLayerOptions,
  type ConvTransposeLayerOptions,
  conv,
  convTranspose,
  type Padding,
  residual,
} from './convolution.js';
export { type Initializer, type InitializerName, initializers } from './initializers.js';
export {
  activation,
  type DenseOptions,
  dense,
  dropout,
  flatten,
  gaussianNoise,
  type Layer,
  reshapeTo,
  sequential,
} from './layers.js';
export { type Likelihood, type LikelihoodConfig, likelihood } from './likelihoods.js';
export { klToStandardNormal, type Loss, type LossName, losses, sumFeatures } from './losses.js';
export {
  type BatchNormOptions,
  batchNorm,
  type GroupNormOptions,
  groupNorm,
  layerNorm,
  type NormOptions,
} from './normalization.js';
export { type Optimizer, type OptimizerConfig, type OptimizerName, optimizer } from './optimizers.js';
export {
  averagePool,
  globalAveragePool,
  maxPool,
  type PoolLayerOptions,
  upsample,
} from './pooling.js';
export { type Schedule, scheduleFactor } from './schedules.js';
export { Scope } from './scope.js';
