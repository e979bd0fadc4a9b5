import type { EpochReport, EpochVerdict, JobEnd, Progress, TrainJob } from '../job.js';

/** From the caller's thread to the worker. */
export type ToWorker =
  | { readonly type: 'job'; readonly job: TrainJob; readonly control: SharedArrayBuffer }
  | { readonly type: 'verdict'; readonly verdict: EpochVerdict };

/** From the worker to the caller's thread. */
export type FromWorker =
  | { readonly type: 'epoch'; readonly report: EpochReport }
  | { readonly type: 'end'; readonly end: JobEnd }
  | { readonly type: 'error'; readonly error: unknown };

const numbers = 6;

/**
 * Memory that both threads see: how far training is, and whether it should stop. Reading it costs the worker no
 * message and no turn of its event loop.
 */
export class Control {
  private readonly flags: Int32Array;
  private readonly progress: Float64Array;

  constructor(readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(numbers * 8)) {
    this.progress = new Float64Array(buffer, 0, numbers - 1);
    this.flags = new Int32Array(buffer, (numbers - 1) * 8, 1);
  }

  abort(): void {
    Atomics.store(this.flags, 0, 1);
  }

  get aborted(): boolean {
    return Atomics.load(this.flags, 0) === 1;
  }

  write({ epoch, epochs, samples, total, loss }: Progress): void {
    this.progress[0] = epoch;
    this.progress[1] = epochs;
    this.progress[2] = samples;
    this.progress[3] = total;
    this.progress[4] = loss;
  }

  read(): Progress {
    const [epoch, epochs, samples, total, loss] = this.progress;
    return { epoch: epoch!, epochs: epochs!, samples: samples!, total: total!, loss: loss! };
  }
}
