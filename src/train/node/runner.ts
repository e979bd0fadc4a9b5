import { Worker } from 'node:worker_threads';
import type { Dataset } from '../../data/dataset.js';
import { isStored, type StoredRows } from '../../data/storedRows.js';
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
  // A callback failed: training ends in good order, then the callback's error is the caller's.
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown) => {
    failure ??= { error };
    control.abort();
  };
  const look = setInterval(() => {
    const progress = control.read();
    if (progress.epoch === 0 || failure !== undefined) return;
    try {
      hooks.progress?.(progress);
    } catch (error) {
      fail(error);
    }
  }, progressInterval);
  const abort = () => control.abort();
  hooks.signal?.addEventListener('abort', abort);
  if (hooks.aborted()) abort();

  const settle = (act: () => void) => {
    clearInterval(look);
    hooks.signal?.removeEventListener('abort', abort);
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
    if (message.type === 'end') {
      settle(() => (failure === undefined ? resolve(message.end) : reject(failure.error)));
    } else if (message.type === 'error') {
      settle(() => reject(message.error));
    } else {
      hooks
        .epochEnd(message.report)
        .catch((error: unknown) => {
          fail(error);
          return { stop: true, learningRateScale: 1 };
        })
        .then((verdict) => send({ type: 'verdict', verdict }));
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
function share(given: Dataset | StoredRows): Dataset | StoredRows {
  if (isStored(given)) return given;
  const { data, shape } = given;
  if (data.buffer instanceof SharedArrayBuffer) return { data, shape };
  const buffer = new SharedArrayBuffer(data.byteLength);
  const copy = data instanceof Uint8Array ? new Uint8Array(buffer) : new Float32Array(buffer);
  copy.set(data);
  return { data: copy, shape };
}
