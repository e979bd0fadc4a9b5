import { constant, type Expr } from '../graph/expr.js';
import { mul } from '../graph/ops/elementwise.js';
import { concat, reshape } from '../graph/ops/shaping.js';
import { type Dim, sizeOf } from '../graph/shape.js';
import { repeatRows } from './draws.js';
import type { Layer } from './layers.js';

/**
 * Puts the condition of each sample beside what is known of it: [batch, features] → [batch, features + classes]; behind
 * the channels of maps, [batch, channels, …space], as a map of ones for its class and maps of zeros for the others.
 * Where a sample has several rows, as after `repeatRows`, each gets the sample's condition.
 */
export function joinCondition(): Layer {
  return (x, scope) => {
    const [rows, , ...space] = x.shape;
    const each = ofRows(scope.condition, rows!);
    if (space.length === 0) return concat([x, each], 1);
    const flat = reshape(each, [...each.shape, ...space.map(() => 1)]);
    return concat([x, mul(flat, constant(1, [1, 1, ...space.map((length) => sizeOf([length]))]))], 1);
  };
}

function ofRows(condition: Expr, rows: Dim): Expr {
  const samples = condition.shape[0]!;
  return rows === samples ? condition : repeatRows(condition, sizeOf([rows]) / sizeOf([samples]));
}
