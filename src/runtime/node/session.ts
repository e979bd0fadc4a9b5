import './telemetry.js';
import * as ort from 'onnxruntime-node';
import type { Session, TensorValue } from '../backend.js';
import { cores } from './cores.js';

const options: ort.InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
  ...(cores !== undefined && { intraOpNumThreads: cores }),
};

/**
 * Compiles a model that trains. ONNX Runtime's threads spin while they wait within a run, where waking them would cost
 * more than the wait, but not between runs: there they would take a core from the optimizer, and from everybody else.
 * @param threads all cores by default
 */
export function compileTraining(model: Uint8Array, threads?: number): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(model, {
    ...options,
    ...(threads !== undefined && { intraOpNumThreads: threads }),
    extra: { session: { force_spinning_stop: '1' } },
  });
}

/** A tensor that shares the array it is made of. */
export function toOrt(value: TensorValue): ort.Tensor {
  // The overloads pair each dtype with its array; here the pair is known to be right.
  return new ort.Tensor(value.dtype as 'float32', value.data as Float32Array, value.shape as number[]);
}

/** A session for inference in this thread. */
export async function createNodeSession(model: Uint8Array): Promise<Session> {
  const session = await ort.InferenceSession.create(model, options);
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(inputs) {
      const feeds = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, toOrt(value)]));
      const result = last.then(async () => {
        const outputs = await session.run(feeds);
        return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, fromOrt(tensor)]));
      });
      last = result.catch(() => undefined);
      return result;
    },
    release: () => session.release(),
  };
}

function fromOrt(tensor: ort.Tensor): TensorValue {
  return { dtype: tensor.type as 'float32', shape: tensor.dims, data: tensor.data as Float32Array };
}
