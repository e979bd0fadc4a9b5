import { generationRows } from './generation.mjs';
import { kerasRows } from './keras.mjs';
import { likelihoodRows } from './likelihood.mjs';

/** Every row by name, in the groups under which docs/results.md shows them. */
export const groups = [
  { title: 'Likelihood of test images', rows: likelihoodRows },
  { title: 'Losses while training', rows: kerasRows },
  { title: 'New samples, by the features of our own classifier', rows: generationRows },
];

export const rows = Object.assign({}, ...groups.map((group) => group.rows));
