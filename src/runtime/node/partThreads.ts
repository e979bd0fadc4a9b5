import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { BatchBuffers, Program, TrainerSpec } from '../backend.js';
import { type Arrays, copyAll, type PartMemory, partMemory, variableArrays } from './batchBuffers.js';

/** What a thread is started with. */
export interface PartTask {
  readonly spec: TrainerSpec;
  readonly program: Program;
  readonly memory: PartMemory;
  readonly weights: Arrays;
}

// ONNX Runtime takes no arrays on shared memory: threads copy what they are given, and copy results back.
const sharedMemory = (bytes: number) => new SharedArrayBuffer(bytes);

/**
 * Threads that compute the parts of a batch after the first, each on one core with a session of its own. The caller
 * computes the first part meanwhile.
 */
export class PartThreads {
  private readonly answers: Promise<unknown>[] = [];

  private constructor(
    private readonly threads: readonly { readonly worker: Worker; readonly memory: PartMemory }[],
    private readonly weights: Arrays,
  ) {}

  /** Starts threads for so many parts and waits until they are ready. */
  static async start(spec: TrainerSpec, program: Program, count: number): Promise<PartThreads> {
    const weights = variableArrays(spec.variables, sharedMemory);
    const threads = await Promise.all(
      Array.from({ length: count }, async () => {
        const memory = partMemory(spec, program, sharedMemory);
        const task: PartTask = { spec, program, memory, weights };
        const worker = new Worker(new URL('./partWorker.js', import.meta.url), { workerData: task });
        await once(worker, 'message');
        return { worker, memory };
      }),
    );
    return new PartThreads(threads, weights);
  }

  /** Hands out the parts of a batch, the first left out, and sets the threads going. */
  begin(batch: BatchBuffers, weights: Arrays): void {
    copyAll(this.weights, weights);
    this.threads.forEach(({ worker, memory }, i) => {
      const part = <T extends Float32Array | Uint8Array>(whole: T, size: number) =>
        whole.subarray((i + 1) * size, (i + 2) * size) as T;
      const { rows, noises, scalars } = memory.buffers;
      rows.set(part(batch.rows, rows.length));
      for (const [name, noise] of Object.entries(noises)) noise.set(part(batch.noises[name]!, noise.length));
      copyAll(scalars, batch.scalars);
      // An error in the thread rejects this too.
      this.answers[i] = once(worker, 'message');
      worker.postMessage('step');
    });
  }

  /** Waits for the threads and turns results of the first part into the means over all parts. */
  async end(metrics: Float32Array, gradients: Arrays): Promise<void> {
    await Promise.all(this.answers);
    const all = this.threads.map(({ memory }) => memory);
    average(
      metrics,
      all.map((memory) => memory.metrics),
    );
    for (const [name, gradient] of Object.entries(gradients)) {
      average(
        gradient,
        all.map((memory) => memory.gradients[name]!),
      );
    }
  }

  async release(): Promise<void> {
    await Promise.all(this.threads.map(({ worker }) => worker.terminate()));
  }
}

/** Makes `first` the mean of itself and the others, element by element. */
function average(first: Float32Array, others: readonly Float32Array[]): void {
  const share = 1 / (others.length + 1);
  for (const other of others) {
    for (let i = 0; i < first.length; i++) first[i]! += other[i]!;
  }
  for (let i = 0; i < first.length; i++) first[i]! *= share;
}
