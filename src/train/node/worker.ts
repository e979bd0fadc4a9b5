import { parentPort } from 'node:worker_threads';
import { nodeBackend } from '../../runtime/node/backend.js';
import type { EpochVerdict, JobEnd } from '../job.js';
import { runLoop } from '../loop.js';
import { openRows } from './fileRows.js';
import { Control, type FromWorker, type ToWorker } from './protocol.js';

// The thread in which training runs, one job at a time.

const port = parentPort!;
let answer: (verdict: EpochVerdict) => void = () => {};

function send(message: FromWorker): void {
  port.postMessage(message);
}

async function run({ job, control: buffer }: ToWorker & { type: 'job' }): Promise<JobEnd> {
  const control = new Control(buffer);
  const trainer = await nodeBackend.createTrainer(job.spec);
  try {
    return await runLoop(
      job,
      trainer,
      {
        aborted: () => control.aborted,
        progress: (progress) => control.write(progress),
        epochEnd(report) {
          const verdict = new Promise<EpochVerdict>((resolve) => {
            answer = resolve;
          });
          send({ type: 'epoch', report });
          return verdict;
        },
      },
      openRows,
    );
  } finally {
    await trainer.release();
  }
}

port.on('message', (message: ToWorker) => {
  if (message.type === 'verdict') {
    answer(message.verdict);
    return;
  }
  run(message).then(
    (end) => send({ type: 'end', end }),
    (error: unknown) => send({ type: 'error', error }),
  );
});
