import * as ort from 'onnxruntime-node';
import { type BatchBuffers, outputName, type Program } from '../backend.js';
import type { Arrays, Layout } from './batchBuffers.js';
import type { TensorMap } from './quietRun.js';

// Tensors that share the arrays they are made of, under the names that programs give them.

/** A float32 tensor over an array. */
function floats(data: Float32Array, shape: readonly number[]): ort.Tensor {
  return new ort.Tensor('float32', data, shape);
}

/** What a program reads besides variables. */
export function inputTensors(
  { row }: Layout,
  program: Program,
  { rows, noises, scalars }: BatchBuffers,
): TensorMap {
  const shape = [program.batch, ...row.shape];
  return {
    input: new ort.Tensor(row.dtype as 'float32', rows as Float32Array, shape),
    ...Object.fromEntries(program.noises.map(({ name, shape }) => [name, floats(noises[name]!, shape)])),
    ...Object.fromEntries(program.scalars.map((name) => [name, floats(scalars[name]!, [])])),
  };
}

/** The values of variables, as inputs. */
export function weightTensors({ variables }: Layout, weights: Arrays): TensorMap {
  return Object.fromEntries(variables.map(({ name, shape }) => [name, floats(weights[name]!, shape)]));
}

/** Where the metrics are written. */
export function metricTensor(metrics: Float32Array): TensorMap {
  return { [outputName.metrics]: floats(metrics, [metrics.length]) };
}

/** Where the gradients of trained variables are written. */
export function gradientTensors({ variables }: Layout, gradients: Arrays): TensorMap {
  return Object.fromEntries(
    variables
      .filter(({ trainable }) => trainable)
      .map(({ name, shape }) => [outputName.gradient(name), floats(gradients[name]!, shape)]),
  );
}

/** Where the next values of state are written. */
export function stateTensors({ variables }: Layout, values: Arrays): TensorMap {
  return Object.fromEntries(
    variables
      .filter(({ name }) => values[name] !== undefined)
      .map(({ name, shape }) => [outputName.next('weight', name), floats(values[name]!, shape)]),
  );
}
