import { kerasRows } from './keras.mjs';
import { likelihoodRows } from './likelihood.mjs';

/** Every row by name, in the groups under which docs/results.md shows them. */
export const groups = [
  { title: 'Likelihood of test images', rows: likelihoodRows },
  { title: 'Losses while training', rows: kerasRows },
];

export const rows = Object.assign({}, ...groups.map((group) => group.rows));

/** Rows that cannot be run here, and why. */
export const notRun = {
  'rae-l2, rae-gp':
    'published as a Fréchet distance on the features of an Inception network (9.1 and 9.7; references 9.9 and 9.4), which the project does not have; `generationQuality` measures with a classifier of its own, and its figures cannot be compared with these',
};
