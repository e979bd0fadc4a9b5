import type { Tensor } from 'onnxruntime-web/wasm';
import type { Session, TensorValue } from '../backend.js';
import type { Runtime } from './runtime.js';

/** A session for inference. */
export async function createWebSession(runtime: Runtime, model: Uint8Array): Promise<Session> {
  const session = await runtime.compile(model);
  return {
    async run(inputs) {
      const feeds = mapValues(inputs, (value) => runtime.tensor(value));
      return mapValues(await runtime.run(session, feeds), fromOrt);
    },
    release: () => runtime.release(session),
  };
}

function fromOrt(tensor: Tensor): TensorValue {
  return { dtype: tensor.type as 'float32', shape: tensor.dims, data: tensor.data as Float32Array };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
