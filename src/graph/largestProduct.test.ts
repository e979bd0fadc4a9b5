import assert from 'node:assert/strict';
import { test } from 'node:test';
import { input } from './expr.js';
import { largestProduct } from './largestProduct.js';
import { conv, convTranspose } from './ops/convolution.js';
import { add } from './ops/elementwise.js';
import { gemm, matMul } from './ops/linear.js';

const x = (...shape: number[]) => input(`x${shape.join('x')}`, shape);

test('a product of matrices multiplies rows by columns by what is summed over', () => {
  assert.equal(largestProduct([matMul(x(2, 3), x(3, 5))]), 30);
  assert.equal(largestProduct([matMul(x(7, 2, 3), x(3, 5))]), 210);
  assert.equal(largestProduct([gemm(x(2, 3), x(3, 5))]), 30);
  assert.equal(largestProduct([gemm(x(3, 2), x(5, 3), null, { transA: true, transB: true })]), 30);
});

test('a convolution multiplies outputs by taps and channels, a transposed one inputs', () => {
  assert.equal(largestProduct([conv(x(2, 3, 6, 6), x(4, 3, 2, 2), { strides: [2, 2] })]), 2 * 4 * 9 * 12);
  assert.equal(
    largestProduct([convTranspose(x(2, 4, 3, 3), x(4, 3, 2, 2), { strides: [2, 2] })]),
    2 * 4 * 9 * 12,
  );
});

test('the largest of all that outputs need counts, and other operations do not', () => {
  const small = matMul(x(2, 3), x(3, 5));
  assert.equal(largestProduct([add(small, matMul(x(2, 9), x(9, 5)))]), 90);
  assert.equal(largestProduct([add(x(100, 100), x(100, 100))]), 0);
});
