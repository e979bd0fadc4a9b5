import type { Expr } from '../graph/expr.js';
import { add, elu, erf, leakyRelu, mul, relu, sigmoid, softplus, tanh } from '../graph/ops/elementwise.js';
import { softmax } from '../graph/ops/reducing.js';

/** SELU's constants, from its fixed point at mean 0 and variance 1 (Klambauer et al. 2017). */
const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;

/** The activations by name. Each keeps the shape; `softmax` runs along the last axis. */
export const activations = {
  linear: (x) => x,
  relu,
  leakyRelu: (x) => leakyRelu(x, 0.01),
  elu: (x) => elu(x, 1),
  /** λx above 0, λα(eˣ - 1) below (Klambauer et al. 2017). */
  selu: (x) => mul(elu(x, seluAlpha), seluScale),
  /** x · Φ(x), exact (Hendrycks and Gimpel 2016). */
  gelu: (x) => mul(mul(x, 0.5), add(1, erf(mul(x, Math.SQRT1_2)))),
  /** x · sigmoid(x), also called swish (Elfwing et al. 2018). */
  silu: (x) => mul(x, sigmoid(x)),
  softplus,
  tanh,
  sigmoid,
  softmax: (x) => softmax(x, -1),
} satisfies Record<string, (x: Expr) => Expr>;

/** The name of an activation. */
export type ActivationName = keyof typeof activations;

/** Where an activation's values can lie; the ends are included. */
export const activationRange: Readonly<
  Partial<Record<ActivationName, readonly [low: number, high: number]>>
> = {
  relu: [0, Infinity],
  softplus: [0, Infinity],
  tanh: [-1, 1],
  sigmoid: [0, 1],
  softmax: [0, 1],
};
