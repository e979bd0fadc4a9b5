import type { Expr } from '../graph/expr.js';
import * as pooling from '../graph/ops/pooling.js';
import { mean } from '../graph/ops/reducing.js';
import { padsFor, perAxis, spaceOf, type WindowOptions } from './convolution.js';
import type { Layer } from './layers.js';

export interface PoolLayerOptions extends WindowOptions {
  /** Size of the window, 2 by default; `strides` is the same by default, so that windows tile the input. */
  readonly poolSize?: number | readonly number[];
}

function windowOf(x: Expr, { poolSize = 2, strides = poolSize, padding = 'valid' }: PoolLayerOptions) {
  const kernel = perAxis(poolSize, x, 'poolSize');
  const steps = perAxis(strides, x, 'strides');
  return { kernel, strides: steps, pads: padsFor(spaceOf(x.shape), kernel, steps, padding) };
}

/** The largest of each window: [batch, channels, …space], with one or two spatial axes. */
export function maxPool(options: PoolLayerOptions = {}): Layer {
  return (x) => pooling.maxPool(x, windowOf(x, options));
}

/** The mean of each window, without what padding added, as in Keras: [batch, channels, …space]. */
export function averagePool(options: PoolLayerOptions = {}): Layer {
  return (x) => pooling.averagePool(x, windowOf(x, options));
}

/** The mean of each channel: [batch, channels, …space] → [batch, channels]. */
export function globalAveragePool(): Layer {
  return (x) =>
    mean(
      x,
      x.shape.slice(2).map((_, i) => i + 2),
    );
}

/** Repeats every element `size` times along each spatial axis: [batch, channels, …space]. */
export function upsample(size: number | readonly number[] = 2): Layer {
  return (x) => pooling.upsample(x, perAxis(size, x, 'upsample: size'));
}
