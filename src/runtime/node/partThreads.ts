import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { BatchBuffers, Program } from '../backend.js';
import {
  type Arrays,
  type BatchArrays,
  batchArrays,
  copyAll,
  type Layout,
  variableArrays,
} from './batchBuffers.js';

/** What a thread computes, and the shared arrays through which it is told and tells. */
export interface PartTask {
  readonly layout: Layout;
  readonly program: Program;
  readonly memory: BatchArrays;
  readonly weights: Arrays;
}

/** To a thread. It answers the first two when it is done. */
export type ToPart =
  | { readonly type: 'bind'; readonly id: number; readonly task: PartTask }
  | { readonly type: 'step' | 'release'; readonly id: number };

// ONNX Runtime takes no arrays on shared memory: threads copy what they are given, and copy results back.
const sharedMemory = (bytes: number) => new SharedArrayBuffer(bytes);

/**
 * The threads of this process. They are kept, with the sessions compiled in them, and without work do not keep the
 * process alive. All trainers share them: trainings run one after another.
 */
const pool: Worker[] = [];
let tasks = 0;

/** A thread of the pool, started where there is none or the last one has ended. */
function threadAt(i: number): Worker {
  const kept = pool[i];
  // A thread that has ended has no number any more.
  if (kept === undefined || kept.threadId === -1)
    pool[i] = new Worker(new URL('./partWorker.js', import.meta.url));
  return pool[i]!;
}

interface Part {
  readonly worker: Worker;
  readonly memory: BatchArrays;
}

/**
 * Threads that compute the parts of a batch after the first, each on one core with a session of its own. The caller
 * computes the first part meanwhile.
 */
export class PartThreads {
  private readonly id = tasks++;

  private constructor(
    private readonly parts: readonly Part[],
    private readonly weights: Arrays,
  ) {}

  /** Finds threads for so many parts and waits until they are ready. */
  static async start(
    { variables, row, metrics }: Layout,
    program: Program,
    count: number,
  ): Promise<PartThreads> {
    // Alone what is named: the rest of a trainer's spec would be copied into each thread, models included.
    const layout = { variables, row, metrics };
    const weights = variableArrays(variables, sharedMemory);
    const parts = Array.from({ length: count }, (_, i) => {
      const worker = threadAt(i);
      worker.ref();
      return { worker, memory: batchArrays(layout, program, sharedMemory) };
    });
    const threads = new PartThreads(parts, weights);
    await Promise.all(
      parts.map(({ worker, memory }) =>
        ask(worker, { type: 'bind', id: threads.id, task: { layout, program, memory, weights } }),
      ),
    );
    return threads;
  }

  /** Hands out the parts of a batch, the first left out. What it gives is settled when all have been computed. */
  begin(batch: BatchBuffers, weights: Arrays): Promise<unknown> {
    copyAll(this.weights, weights);
    const answers = this.parts.map(({ worker, memory }, i) => {
      const part = <T extends Float32Array | Uint8Array>(whole: T, size: number) =>
        whole.subarray((i + 1) * size, (i + 2) * size) as T;
      const { rows, noises, scalars } = memory.buffers;
      rows.set(part(batch.rows, rows.length));
      for (const [name, noise] of Object.entries(noises)) noise.set(part(batch.noises[name]!, noise.length));
      copyAll(scalars, batch.scalars);
      return ask(worker, { type: 'step', id: this.id });
    });
    return Promise.all(answers);
  }

  /** Turns results of the first part into the means over all parts. */
  collect(metrics: Float32Array, gradients: Arrays): void {
    const all = this.parts.map(({ memory }) => memory);
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

  /** Lets the threads go. */
  release(): void {
    for (const { worker } of this.parts) {
      worker.postMessage({ type: 'release', id: this.id } satisfies ToPart);
      worker.unref();
    }
  }
}

/** Waits for a thread's answer, or throws what ended it. */
async function ask(worker: Worker, message: ToPart): Promise<void> {
  const answer = once(worker, 'message');
  worker.postMessage(message);
  await answer;
}

/** Makes `first` the mean of itself and the others, element by element. */
function average(first: Float32Array, others: readonly Float32Array[]): void {
  const share = 1 / (others.length + 1);
  for (const other of others) {
    for (let i = 0; i < first.length; i++) first[i]! += other[i]!;
  }
  for (let i = 0; i < first.length; i++) first[i]! *= share;
}
