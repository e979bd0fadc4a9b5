import { Worker } from 'node:worker_threads';
import type { Dataset } from '../../data/dataset.js';
import type { JobEnd, JobRunner, TrainJob } from '../job.js';
import { Control, type FromWorker, type ToWorker } from './protocol.js';

/** How often the caller's thread looks at the worker's progress, in milliseconds. */
const progressInterval = 100;

let worker: Worker | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs jobs in a worker thread, so that the caller's event loop stays free. There is one worker, started at the
 * first job and kept; jobs run one after another, since each uses all cores. It does not keep the process alive.
 */
export const runInWorker: JobRunner = (job, hooks) => {
  const result = last.then(
    () => new Promise<JobEnd>((resolve, reject) => start(job, hooks, resolve, reject)),
  );
  last = result.catch(() => undefined);
  return result;
};

function start(
  job: TrainJob,
  hooks: Parameters<JobRunner>[1],
  resolve: (end: JobEnd) => void,
  reject: (error: unknown) => void,
): void {
  const thread = (worker ??= spawn());
  const control = new Control();
  const send = (message: ToWorker) => thread.postMessage(message);
  const look = setInterval(() => {
    if (hooks.aborted()) control.abort();
    const progress = control.read();
    if (progress.epoch > 0) hooks.progress?.(progress);
  }, progressInterval);

  const settle = (act: () => void) => {
    clearInterval(look);
    thread.off('message', onMessage).off('error', onFailure).off('exit', onExit);
    thread.unref();
    act();
  };
  const onFailure = (error: unknown) => {
    worker = undefined;
    settle(() => reject(error));
  };
  const onExit = (code: number) =>
    onFailure(new Error(`the training thread ended unexpectedly with code ${code}`));
  const onMessage = (message: FromWorker) => {
    if (message.type === 'end') settle(() => resolve(message.end));
    else if (message.type === 'error') settle(() => reject(message.error));
    else {
      hooks.epochEnd(message.report).then(
        (verdict) => send({ type: 'verdict', verdict }),
        (error: unknown) => {
          // A callback failed: training ends in good order, then the callback's error is the caller's.
          send({ type: 'verdict', verdict: { stop: true, learningRateScale: 1 } });
          resolve = () => reject(error);
        },
      );
    }
  };

  thread.ref();
  thread.on('message', onMessage).on('error', onFailure).on('exit', onExit);
  send({
    type: 'job',
    job: { ...job, data: share(job.data), validation: job.validation && share(job.validation) },
    control: control.buffer,
  });
}

function spawn(): Worker {
  const thread = new Worker(new URL('./worker.js', import.meta.url));
  thread.unref();
  return thread;
}

/** The same data in memory that both threads can read, without labels. Copied once, unless it is there already. */
function share({ data, shape }: Dataset): Dataset {
  if (data.buffer instanceof SharedArrayBuffer) return { data, shape };
  const buffer = new SharedArrayBuffer(data.byteLength);
  const copy = data instanceof Uint8Array ? new Uint8Array(buffer) : new Float32Array(buffer);
  copy.set(data);
  return { data: copy, shape };
}
