import { parentPort, workerData } from 'node:worker_threads';
import { copyAll, partMemory, variableArrays } from './batchBuffers.js';
import type { PartTask } from './partThreads.js';
import { bindQuietRun } from './quietRun.js';
import { SessionCache } from './sessionCache.js';
import { gradientTensors, inputTensors, metricTensor, weightTensors } from './tensors.js';

// A thread that computes one part of each batch.

const { spec, program, memory, weights } = workerData as PartTask;
const own = partMemory(spec, program);
const ownWeights = variableArrays(spec.variables);
const binding = {
  feeds: { ...inputTensors(spec, program, own.buffers), ...weightTensors(spec, ownWeights) },
  fetches: { ...metricTensor(own.metrics), ...gradientTensors(spec, own.gradients) },
};
const run = await bindQuietRun(program.model, new SessionCache(1), [binding, binding], own.metrics, 1);

parentPort!.on('message', async () => {
  own.buffers.rows.set(memory.buffers.rows);
  copyAll(own.buffers.noises, memory.buffers.noises);
  copyAll(own.buffers.scalars, memory.buffers.scalars);
  copyAll(ownWeights, weights);
  await run(0);
  memory.metrics.set(own.metrics);
  copyAll(memory.gradients, own.gradients);
  parentPort!.postMessage('done');
});
parentPort!.postMessage('ready');
