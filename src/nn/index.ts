export { type ActivationName, activations } from './activations.js';
export { type Initializer, type InitializerName, initializers } from './initializers.js';
export {
  activation,
  type BatchNormOptions,
  batchNorm,
  type DenseOptions,
  dense,
  dropout,
  gaussianNoise,
  type Layer,
  layerNorm,
  type NormOptions,
  sequential,
} from './layers.js';
export { type Likelihood, type LikelihoodConfig, likelihood } from './likelihoods.js';
export { klToStandardNormal, type Loss, type LossName, losses, sumFeatures } from './losses.js';
export { type Optimizer, type OptimizerConfig, type OptimizerName, optimizer } from './optimizers.js';
export { type Schedule, scheduleFactor } from './schedules.js';
export { Scope } from './scope.js';
