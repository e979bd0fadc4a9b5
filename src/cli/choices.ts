import { activations } from '../nn/activations.js';
import { losses } from '../nn/losses.js';
import { defaultLearningRate } from '../nn/optimizers.js';

/** What `train` offers by name. */
export const choices = {
  activation: Object.keys(activations),
  loss: Object.keys(losses),
  likelihood: ['bernoulli', 'gaussian'],
  optimizer: Object.keys(defaultLearningRate),
} as const;
