import { parentPort } from 'node:worker_threads';
import { batchArrays, copyAll, variableArrays } from './batchBuffers.js';
import type { PartTask, ToPart } from './partThreads.js';
import { bindQuietRun } from './quietRun.js';
import { SessionCache } from './sessionCache.js';
import { gradientTensors, inputTensors, metricTensor, weightTensors } from './tensors.js';

// A thread that computes one part of each batch.

/** Room for the full batch and the last of a few architectures in turn. */
const sessions = new SessionCache(8);
const steps = new Map<number, () => Promise<void>>();

async function bind({ layout, program, memory, weights }: PartTask): Promise<() => Promise<void>> {
  const own = batchArrays(layout, program);
  const ownWeights = variableArrays(layout.variables);
  const binding = {
    feeds: { ...inputTensors(layout, program, own.buffers), ...weightTensors(layout, ownWeights) },
    fetches: { ...metricTensor(own.metrics), ...gradientTensors(layout, own.gradients) },
  };
  await sessions.trim();
  const run = await bindQuietRun(program.model, sessions, [binding, binding], own.metrics, 1);
  return async () => {
    own.buffers.rows.set(memory.buffers.rows);
    copyAll(own.buffers.noises, memory.buffers.noises);
    copyAll(own.buffers.scalars, memory.buffers.scalars);
    copyAll(ownWeights, weights);
    await run(0);
    memory.metrics.set(own.metrics);
    copyAll(memory.gradients, own.gradients);
  };
}

// What fails here ends the thread, and its error is the caller's.
parentPort!.on('message', async (message: ToPart) => {
  if (message.type === 'bind') steps.set(message.id, await bind(message.task));
  else if (message.type === 'step') await steps.get(message.id)!();
  else steps.delete(message.id);
  if (message.type !== 'release') parentPort!.postMessage('done');
});
