import type { Expr } from '../graph/expr.js';
import { add, div, mul, sqrt, sub } from '../graph/ops/elementwise.js';

/** An optimizer as it is written in options, in checkpoints and in a manifest. */
export type OptimizerConfig =
  | {
      readonly type: 'sgd';
      readonly learningRate: number;
      readonly momentum?: number;
      readonly nesterov?: boolean;
    }
  | {
      readonly type: 'rmsprop';
      readonly learningRate: number;
      readonly rho?: number;
      readonly epsilon?: number;
      readonly momentum?: number;
    }
  | {
      readonly type: 'adagrad';
      readonly learningRate: number;
      readonly initialAccumulator?: number;
      readonly epsilon?: number;
    }
  | {
      readonly type: 'adadelta';
      readonly learningRate: number;
      readonly rho?: number;
      readonly epsilon?: number;
    }
  | AdamConfig
  | (Omit<AdamConfig, 'type'> & { readonly type: 'adamw'; readonly weightDecay?: number });

interface AdamConfig {
  readonly type: 'adam';
  readonly learningRate: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** The name of an optimizer. */
export type OptimizerName = OptimizerConfig['type'];

/** Expressions by name: an optimizer's state for one weight, or the numbers that change from step to step. */
type Named<T> = Readonly<Record<string, T>>;

/**
 * An optimizer as element-wise mathematics. The same rule becomes nodes of an ONNX graph in the browser and one
 * fused loop over all weights in Node.
 */
export interface Optimizer {
  /** The state kept for every weight, with its first value. */
  readonly slots: Named<number>;
  /** Numbers that depend on the step alone. `step` counts from 1. */
  scalars(step: number, learningRate: number): Named<number>;
  /** The weight after the step, and its new state. */
  update(
    weight: Expr,
    gradient: Expr,
    slots: Named<Expr>,
    scalars: Named<Expr>,
  ): { weight: Expr; slots: Named<Expr> };
}

const square = (x: Expr) => mul(x, x);
/** The moving average: rate · old + (1 - rate) · now. */
const average = (old: Expr, now: Expr, rate: number) => add(mul(old, rate), mul(now, 1 - rate));

/** w ← w - lr · v with v ← momentum · v + g; Nesterov: w ← w - lr · (g + momentum · v). PyTorch's SGD. */
function sgd(momentum: number, nesterov: boolean): Optimizer {
  return {
    slots: momentum === 0 ? {} : { velocity: 0 },
    scalars: (_step, learningRate) => ({ learningRate }),
    update(weight, gradient, { velocity }, { learningRate }) {
      if (velocity === undefined) return { weight: sub(weight, mul(gradient, learningRate!)), slots: {} };
      const moved = add(mul(velocity, momentum), gradient);
      const direction = nesterov ? add(gradient, mul(moved, momentum)) : moved;
      return { weight: sub(weight, mul(direction, learningRate!)), slots: { velocity: moved } };
    },
  };
}

/** w ← w - lr · g / (√v + ε), v the moving average of g² (Tieleman and Hinton 2012). PyTorch's RMSprop. */
function rmsprop(rho: number, epsilon: number, momentum: number): Optimizer {
  return {
    slots: { square: 0, ...(momentum === 0 ? {} : { velocity: 0 }) },
    scalars: (_step, learningRate) => ({ learningRate }),
    update(weight, gradient, slots, { learningRate }) {
      const mean = average(slots.square!, square(gradient), rho);
      const scaled = div(gradient, add(sqrt(mean), epsilon));
      if (slots.velocity === undefined)
        return { weight: sub(weight, mul(scaled, learningRate!)), slots: { square: mean } };
      const velocity = add(mul(slots.velocity, momentum), scaled);
      return { weight: sub(weight, mul(velocity, learningRate!)), slots: { square: mean, velocity } };
    },
  };
}

/** w ← w - lr · g / (√Σg² + ε) (Duchi et al. 2011). PyTorch's Adagrad. */
function adagrad(initialAccumulator: number, epsilon: number): Optimizer {
  return {
    slots: { total: initialAccumulator },
    scalars: (_step, learningRate) => ({ learningRate }),
    update(weight, gradient, slots, { learningRate }) {
      const total = add(slots.total!, square(gradient));
      return {
        weight: sub(weight, mul(div(gradient, add(sqrt(total), epsilon)), learningRate!)),
        slots: { total },
      };
    },
  };
}

/** w ← w - lr · g · √(d + ε) / √(v + ε), v and d moving averages of g² and of squared steps (Zeiler 2012). */
function adadelta(rho: number, epsilon: number): Optimizer {
  return {
    slots: { square: 0, delta: 0 },
    scalars: (_step, learningRate) => ({ learningRate }),
    update(weight, gradient, slots, { learningRate }) {
      const mean = average(slots.square!, square(gradient), rho);
      const step = mul(div(sqrt(add(slots.delta!, epsilon)), sqrt(add(mean, epsilon))), gradient);
      return {
        weight: sub(weight, mul(step, learningRate!)),
        slots: { square: mean, delta: average(slots.delta!, square(step), rho) },
      };
    },
  };
}

/**
 * w ← w - lr · m̂ / (√v̂ + ε) (Kingma and Ba 2015), PyTorch's Adam. The corrections of m and v depend on the step
 * alone, so they are taken into the step size and into ε. With weight decay: w ← w - lr · decay · w first (AdamW,
 * Loshchilov and Hutter 2019).
 */
function adam(beta1: number, beta2: number, epsilon: number, weightDecay: number): Optimizer {
  return {
    slots: { momentum: 0, square: 0 },
    scalars(step, learningRate) {
      const correction = Math.sqrt(1 - beta2 ** step);
      return {
        stepSize: (learningRate * correction) / (1 - beta1 ** step),
        epsilon: epsilon * correction,
        ...(weightDecay === 0 ? {} : { keep: 1 - learningRate * weightDecay }),
      };
    },
    update(weight, gradient, slots, scalars) {
      const momentum = average(slots.momentum!, gradient, beta1);
      const mean = average(slots.square!, square(gradient), beta2);
      const step = mul(div(momentum, add(sqrt(mean), scalars.epsilon!)), scalars.stepSize!);
      const kept = scalars.keep === undefined ? weight : mul(weight, scalars.keep);
      return { weight: sub(kept, step), slots: { momentum, square: mean } };
    },
  };
}

/** The optimizer that a configuration names, with PyTorch's defaults for what is left out. */
export function optimizer(config: OptimizerConfig): Optimizer {
  switch (config.type) {
    case 'sgd':
      return sgd(config.momentum ?? 0, config.nesterov ?? false);
    case 'rmsprop':
      return rmsprop(config.rho ?? 0.99, config.epsilon ?? 1e-8, config.momentum ?? 0);
    case 'adagrad':
      return adagrad(config.initialAccumulator ?? 0, config.epsilon ?? 1e-10);
    case 'adadelta':
      return adadelta(config.rho ?? 0.9, config.epsilon ?? 1e-6);
    case 'adam':
      return adam(config.beta1 ?? 0.9, config.beta2 ?? 0.999, config.epsilon ?? 1e-8, 0);
    case 'adamw':
      return adam(
        config.beta1 ?? 0.9,
        config.beta2 ?? 0.999,
        config.epsilon ?? 1e-8,
        config.weightDecay ?? 0.01,
      );
  }
}

/** The learning rate that is usual for an optimizer. */
export const defaultLearningRate: Readonly<Record<OptimizerName, number>> = {
  sgd: 0.01,
  rmsprop: 0.01,
  adagrad: 0.01,
  adadelta: 1,
  adam: 0.001,
  adamw: 0.001,
};
