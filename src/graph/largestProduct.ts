import { type Expr, topological } from './expr.js';
import { conv, convTranspose } from './ops/convolution.js';
import { gemm, matMul } from './ops/linear.js';
import { sizeOf } from './shape.js';

/** How many multiplications the largest matrix product or convolution takes that outputs need; 0 where there is none. */
export function largestProduct(outputs: readonly Expr[]): number {
  return topological(outputs).reduce((most, node) => Math.max(most, multiplications(node)), 0);
}

function multiplications({ row, inputs, shape, attributes }: Expr): number {
  const [first, second] = inputs as [Expr, Expr];
  if (row === matMul.row) return sizeOf([...shape, first.shape.at(-1)!]);
  if (row === gemm.row) return sizeOf([...shape, first.shape[attributes.transA ? 0 : 1]!]);
  // The taps that each output sees, or that each input reaches.
  if (row === conv.row) return sizeOf([...shape, ...second.shape.slice(1)]);
  if (row === convTranspose.row) return sizeOf([...first.shape, ...second.shape.slice(1)]);
  return 0;
}
