import type { Expr } from '../graph/expr.js';
import { gradient } from '../graph/gradient.js';
import { mul } from '../graph/ops/elementwise.js';
import { sum } from '../graph/ops/reducing.js';
import { identity, reshape } from '../graph/ops/shaping.js';
import { sizeOf } from '../graph/shape.js';
import { repeatRows } from './draws.js';

/**
 * ‖∂f(x)/∂x‖² of each row, the squared Frobenius norm of the whole Jacobian, exactly: [batch]. Each row is put through f
 * once for each of its outputs, and the gradient of copy i is that of output i, all in one pass.
 * @param f rows [batch, features] to rows [batch, outputs], each row by itself
 */
export function squaredJacobianNorm(f: (x: Expr) => Expr, x: Expr, outputs: number): Expr {
  const copies = repeatRows(x, outputs);
  const [batch, features] = x.shape;
  const each = mul(reshape(f(copies), [batch!, outputs, outputs]), identity(outputs));
  const [rows] = gradient(sum(each), [copies]);
  return sum(reshape(mul(rows, rows), [batch!, outputs * sizeOf([features!])]), 1);
}
