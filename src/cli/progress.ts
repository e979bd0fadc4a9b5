import { SingleBar } from 'cli-progress';
import type { Callback, HistoryRow } from '../train/callbacks.js';
import type { Progress } from '../train/job.js';
import type { Output } from './output.js';
import { count, duration, figure } from './text.js';

/** Where training starts from, so that speeds are right after a resume. */
export interface ProgressStart {
  /** Samples in an epoch. */
  readonly samples: number;
  /** Samples of the first epoch that were seen before. */
  readonly seen: number;
}

/** Shows training: a bar on a terminal, a line for every epoch elsewhere, JSON lines where they were asked for. */
export class ProgressReport implements Callback {
  readonly name = 'progress';
  private bar: SingleBar | undefined;
  private began: { readonly time: number; readonly samples: number } | undefined;
  private seenBefore: number;
  private lastEpoch = 0;
  private closed = false;

  constructor(
    private readonly output: Output,
    private readonly start: ProgressStart,
  ) {
    this.seenBefore = start.seen;
  }

  onWarning(message: string): void {
    this.output.warn(message);
  }

  onProgress(progress: Progress): void {
    const { epoch, epochs, samples, total, loss } = progress;
    // The report that an epoch has ended overtakes the last look at its progress.
    if (!this.barWanted || samples === 0 || epoch <= this.lastEpoch) return;
    const done = (epoch - 1) * total + samples;
    this.began ??= { time: performance.now(), samples: done };
    const seconds = (performance.now() - this.began.time) / 1000;
    const rate = (done - this.began.samples) / seconds;
    const payload = {
      epoch: `${String(epoch).padStart(String(epochs).length)}/${epochs}`,
      loss: figure(loss),
      rate: rate > 0 ? count(rate) : '?',
      left: duration(rate > 0 ? (epochs * total - done) / rate : Number.NaN),
    };
    if (this.bar === undefined) {
      this.bar = this.newBar();
      this.bar.start(total, samples, payload);
    } else {
      this.bar.update(samples, payload);
    }
  }

  onEpochEnd({ row, epochs }: { readonly row: HistoryRow; readonly epochs: number }): void {
    this.stop();
    this.lastEpoch = row.epoch!;
    const rate = (this.start.samples - this.seenBefore) / row.seconds!;
    this.seenBefore = 0;
    this.output.note(epochLine(row, epochs, rate));
    this.output.jsonLine({ ...row, epochs, samplesPerSecond: Math.round(rate) });
  }

  private stop(): void {
    this.bar?.stop();
    this.bar = undefined;
  }

  /** Takes the bar off the terminal for good. */
  close(): void {
    this.closed = true;
    this.stop();
  }

  private get barWanted(): boolean {
    return !this.closed && wantsBar(this.output);
  }

  private newBar(): SingleBar {
    return barOf(
      this.output,
      'epoch {epoch} [{bar}] {percentage} %  loss {loss}  {rate} samples/s  {left} left',
    );
  }
}

/** Shows on a terminal how many networks of a detector are trained, from the first on; nothing elsewhere. */
export class NetworkProgress {
  private bar: SingleBar | undefined;
  private readonly began = performance.now();

  constructor(
    output: Output,
    private readonly total: number,
  ) {
    if (!wantsBar(output)) return;
    this.bar = barOf(output, 'autoencoder {next}/{total} [{bar}] {percentage} %  {left} left');
    this.bar.start(total, 0, { next: 1, left: '?' });
  }

  /** So many are trained. */
  update(done: number): void {
    const seconds = (performance.now() - this.began) / 1000;
    const left = duration((seconds / done) * (this.total - done));
    this.bar?.update(done, { next: Math.min(done + 1, this.total), left });
  }

  /** Takes the bar off the terminal. */
  close(): void {
    this.bar?.stop();
    this.bar = undefined;
  }
}

/** Bars are for people who look on. */
function wantsBar({ json, quiet, progressStream }: Output): boolean {
  return !json && !quiet && progressStream.isTTY === true;
}

function barOf({ progressStream }: Output, format: string): SingleBar {
  return new SingleBar({
    format,
    stream: progressStream as NodeJS.WriteStream,
    barsize: 24,
    clearOnComplete: true,
  });
}

/** How figures of the history are called where people read them. */
const labels: Readonly<Record<string, string>> = {
  loss: 'loss',
  mse: 'MSE',
  reconstructionNll: 'reconstruction',
  kl: 'KL',
  validationLoss: 'validation loss',
};

/** The figures of one epoch on a line. */
export function epochLine(row: HistoryRow, epochs: number, rate: number): string {
  const epoch = `epoch ${String(row.epoch).padStart(String(epochs).length)}/${epochs}`;
  const figures = Object.entries(labels).flatMap(([name, label]) =>
    row[name] === undefined ? [] : [`${label} ${figure(row[name])}`],
  );
  return [epoch, ...figures, duration(row.seconds!), `${count(rate)} samples/s`].join('  ');
}
