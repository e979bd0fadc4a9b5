import { z } from 'zod';
import { option, UserError } from '../../errors.js';
import type { Expr } from '../../graph/expr.js';
import { add, cast, greaterOrEqual, less, mul, where } from '../../graph/ops/elementwise.js';
import type { Scope } from '../../nn/scope.js';
import { deterministicFamily } from '../deterministic.js';

const corruptions = {
  gaussian: (x: Expr, amount: number, scope: Scope) =>
    add(x, mul(scope.noise('corruption', 'normal', x.shape), amount)),
  masking: (x: Expr, amount: number, scope: Scope) =>
    mul(x, cast(greaterOrEqual(scope.noise('corruption', 'uniform', x.shape), amount), 'float32')),
  'salt-and-pepper'(x: Expr, amount: number, scope: Scope) {
    const draw = scope.noise('corruption', 'uniform', x.shape);
    return where(less(draw, amount / 2), 0, where(less(draw, amount), 1, x));
  },
} as const;

/**
 * The denoising autoencoder (Vincent et al. 2010): it sees damaged samples while it is trained, and is to give back the
 * undamaged ones, so that it learns what samples are like instead of copying them. Damage is normal noise, a share of the
 * values set to 0, or a share set to 0 or 1, each in model units. What it encodes afterwards is not damaged.
 */
export const denoisingAutoencoderFamily = deterministicFamily({
  name: 'denoising-autoencoder',
  title: 'Denoising autoencoder',
  summary: 'learns to undo damage: for cleaning samples, and for robust codes',
  source: 'Vincent et al. 2010',
  options: {
    corruption: z
      .enum(['gaussian', 'masking', 'salt-and-pepper'])
      .default('gaussian')
      .describe('what is done to samples'),
    amount: z
      .number()
      .positive()
      .default(0.3)
      .describe('deviation of gaussian noise, or the share of values that are replaced'),
  },
  check({ corruption, amount }) {
    if (corruption !== 'gaussian' && amount >= 1) {
      throw new UserError(
        `denoising-autoencoder: with ${option('corruption', corruption)} the ${option('amount')} is the share of values that are replaced, below 1; given ${amount}`,
      );
    }
  },
  corrupt: (x, { corruption, amount }, scope) => corruptions[corruption](x, amount, scope),
});
