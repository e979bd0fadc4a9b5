import type { InferenceSession, Tensor } from 'onnxruntime-web/wasm';
import type { TensorValue } from '../backend.js';
import type { WebBackendName } from './name.js';
import { loadOrt, type Ort } from './ort.js';
import { Queue } from './queue.js';

/** Tensors by name. */
export type TensorMap = Readonly<Record<string, Tensor>>;

/** A loaded ONNX Runtime and the queue through which all calls of it go. */
export class Runtime {
  private readonly queue = new Queue();

  private constructor(
    readonly name: WebBackendName,
    private readonly ort: Ort,
  ) {}

  /** @throws {UserError} when there is no such runtime here */
  static async load(name: WebBackendName): Promise<Runtime> {
    return new Runtime(name, await loadOrt(name));
  }

  /** Compiles a model. Outputs that `onDevice` names stay where they were computed. */
  compile(model: Uint8Array, onDevice: readonly string[] = []): Promise<InferenceSession> {
    const options: InferenceSession.SessionOptions = {
      executionProviders: [this.name],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      ...(this.name === 'webgpu' && {
        preferredOutputLocation: Object.fromEntries(onDevice.map((name) => [name, 'gpu-buffer'])),
      }),
    };
    return this.queue.run(() => this.ort.InferenceSession.create(model, options));
  }

  /** All outputs of a model. */
  run(session: InferenceSession, feeds: TensorMap): Promise<TensorMap> {
    return this.queue.run(() => session.run(feeds));
  }

  /** A tensor that shares the array it is made of. */
  tensor({ dtype, data, shape }: TensorValue): Tensor {
    // The overloads pair each dtype with its array; here the pair is known to be right.
    return new this.ort.Tensor(dtype as 'float32', data as Float32Array, shape);
  }

  /** A copy of a tensor's numbers. One that was on a device is on the CPU afterwards. */
  read(tensor: Tensor): Promise<Float32Array> {
    return this.queue.run(async () => Float32Array.from((await tensor.getData(true)) as Float32Array));
  }

  /** Frees a compiled model. */
  release(session: InferenceSession): Promise<void> {
    return this.queue.run(() => session.release());
  }
}
