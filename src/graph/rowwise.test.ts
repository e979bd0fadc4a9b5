import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Expr, input } from './expr.js';
import * as g from './index.js';
import { dilate, sliceAxes } from './ops/shaping.js';
import { areMeansOverRows } from './rowwise.js';

const x = input('x', [4, 3, 5, 5]);
const flat = input('flat', [4, 6]);
const w = input('w', [6, 2]);
const kernel = input('kernel', [2, 3, 3, 3]);
const per = input('per', [4, 1]);
const rows = new Set(['x', 'flat']);
const product = g.matMul(flat, w);

const means: Record<string, Expr> = {
  'the mean over everything': g.mean(g.mul(flat, flat)),
  'the mean over rows alone': g.mean(product, 0),
  'a mean, scaled, and a penalty on weights': g.add(g.mul(g.mean(product), 0.3), g.sum(g.mul(w, w))),
  'a mean divided by something of no row': g.div(g.mean(product), g.sum(w)),
  'a convolution': g.mean(g.sum(g.relu(g.conv(x, kernel)), [1, 2, 3])),
  'a softmax along features': g.mean(g.logSoftmax(product)),
  'a reshape within rows': g.mean(g.reshape(x, [4, 75])),
  'products of rows by rows': g.mean(g.matMul(g.reshape(flat, [4, 2, 3]), g.reshape(flat, [4, 3, 2]))),
  'a bias for all rows': g.mean(g.add(product, input('bias', [2]))),
  'what is of no row': g.sum(w),
  'zeros between features': g.mean(dilate(flat, 1, 2)),
  'zeros between pixels': g.mean(dilate(dilate(x, 2, 3), 3, 2)),
};

const others: Record<string, Expr> = {
  'a sum over rows': g.sum(flat),
  'the square of a mean': g.mul(g.mean(flat), g.mean(flat)),
  'a function of a mean': g.exp(g.mean(flat)),
  'something divided by a mean': g.div(1, g.mean(flat)),
  'a variance over rows': g.mean(g.variance(flat, [0])),
  'the largest over rows': g.mean(g.max(flat, 0)),
  'a softmax over rows': g.mean(g.softmax(flat, 0)),
  'rows less their mean': g.mean(g.abs(g.sub(flat, g.mean(flat, 0, true)))),
  'distances between rows': g.mean(g.matMul(flat, g.transpose(flat))),
  'rows turned into columns': g.mean(g.transpose(flat)),
  'a reshape across rows': g.mean(g.max(g.reshape(flat, [8, 3]), 1)),
  'some of the rows': g.mean(sliceAxes(flat, [{ axis: 0, start: 0, end: 2, step: 1 }])),
  'rows beside rows': g.mean(g.concat([flat, flat], 0)),
  'a number for each place in the batch': g.mean(g.mul(flat, per)),
  'kernels that come from rows': g.mean(g.conv(input('one', [1, 3, 5, 5]), g.mul(x, 1))),
  'a mean and a row': g.mean(g.mul(flat, g.mean(flat))),
  'rows as the second factor': g.mean(g.matMul(input('left', [2, 4]), flat)),
};

describe('whether a graph gives means over the rows of a batch', () => {
  for (const [name, node] of Object.entries(means))
    it(`holds for ${name}`, () => assert.ok(areMeansOverRows([node], rows)));
  for (const [name, node] of Object.entries(others))
    it(`does not hold for ${name}`, () => assert.ok(!areMeansOverRows([node], rows)));
  it('needs every output to be one', () => assert.ok(!areMeansOverRows([g.mean(flat), g.sum(flat)], rows)));
});
