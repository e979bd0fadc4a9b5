import type { Operation } from '../expr.js';
import * as columns from './columns.js';
import { conv, convTranspose } from './convolution.js';
import * as elementwise from './elementwise.js';
import { gemm, matMul } from './linear.js';
import { averagePool, maxPool, upsample } from './pooling.js';
import * as reducing from './reducing.js';
import * as shaping from './shaping.js';

const { add, sub, mul, div, neg, pow, maximum, minimum } = elementwise;
const { greater, greaterOrEqual, less, lessOrEqual, equal, and, or, not, isNan, where, cast } = elementwise;
const { exp, log, sin, sqrt, log1p, abs, sign, floor, clip, stopGradient } = elementwise;
const { tanh, sigmoid, erf, softplus, relu, leakyRelu, elu } = elementwise;
const { sum, sumOfSquares, mean, max, softmax, logSoftmax, argMax, expand } = reducing;
const { reshape, transpose, concat, slice, flip, pad, gather, scatterAdd } = shaping;

const { standardize, unstandardize, roundWhole, phase, interpolate, uninterpolate } = columns;
const { labelEncode, labelDecode } = columns;

/** Every operation that graphs are made of. Tests walk it; whoever adds an operation adds it here. */
export const table = {
  ...{ add, sub, mul, div, neg, pow, maximum, minimum },
  ...{ greater, greaterOrEqual, less, lessOrEqual, equal, and, or, not, isNan, where, cast },
  ...{ exp, log, sin, sqrt, log1p, abs, sign, floor, clip, stopGradient },
  ...{ tanh, sigmoid, erf, softplus, relu, leakyRelu, elu },
  ...{ sum, sumOfSquares, mean, max, softmax, logSoftmax, argMax },
  ...{ expand, reshape, transpose, concat, slice, flip, pad, gather, scatterAdd },
  ...{ matMul, gemm },
  ...{ conv, convTranspose, maxPool, averagePool, upsample },
  ...{ standardize, unstandardize, roundWhole, phase, interpolate, uninterpolate, labelEncode, labelDecode },
} satisfies Record<string, Operation<never>>;

/** The name of an operation in the table. */
export type OperationName = keyof typeof table;
