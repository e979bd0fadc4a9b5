export { constant, type Expr, inPlace, input, type Operand } from './expr.js';
export { gradient } from './gradient.js';
export { type OnnxModel, opset, toOnnx } from './onnx.js';
export * from './ops/convolution.js';
export {
  abs,
  add,
  and,
  cast,
  clip,
  div,
  elu,
  equal,
  erf,
  exp,
  floor,
  greater,
  greaterOrEqual,
  isNan,
  leakyRelu,
  less,
  lessOrEqual,
  log,
  log1p,
  maximum,
  minimum,
  mul,
  neg,
  not,
  or,
  pow,
  relu,
  sigmoid,
  sign,
  sin,
  softplus,
  sqrt,
  stopGradient,
  sub,
  tanh,
  where,
} from './ops/elementwise.js';
export { type GemmOptions, gemm, matMul } from './ops/linear.js';
export { averagePool, maxPool, type PoolOptions, upsample } from './ops/pooling.js';
export {
  argMax,
  expand,
  logSoftmax,
  logSumExp,
  max,
  mean,
  softmax,
  sum,
  sumOfSquares,
  variance,
} from './ops/reducing.js';
export { concat, flip, gather, oneHot, pad, reshape, scatterAdd, slice, transpose } from './ops/shaping.js';
export { type OperationName, table } from './ops/table.js';
export { type Dim, type DType, type Shape, ShapeError } from './shape.js';
