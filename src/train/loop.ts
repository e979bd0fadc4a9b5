import type { Dataset } from '../data/dataset.js';
import type { StoredRows } from '../data/storedRows.js';
import { type Schedule, scheduleFactor } from '../nn/schedules.js';
import { fillNoise } from '../random/fill.js';
import { Random } from '../random/random.js';
import type { BatchBuffers, Program, Trainer } from '../runtime/backend.js';
import type { EpochVerdict, JobEnd, JobHooks, Position, TrainJob } from './job.js';
import { memoryRows, type RowSource } from './rows.js';

/** The training loop, the same on every backend: shuffles, gathers, feeds, steps, and sums up metrics. */
export async function runLoop(
  job: TrainJob,
  trainer: Trainer,
  hooks: JobHooks,
  open: (data: Dataset | StoredRows) => RowSource = inMemory,
): Promise<JobEnd> {
  await trainer.write(job.state);
  const rows = open(job.data);
  const validation = job.validation === null ? null : open(job.validation);
  try {
    return await new Loop(job, trainer, hooks, rows, validation).run();
  } finally {
    rows.close();
    validation?.close();
  }
}

/** Pages have no files. */
function inMemory(data: Dataset | StoredRows): RowSource {
  return memoryRows(data as Dataset);
}

class Loop {
  private readonly samples: number;
  private readonly stepsPerEpoch: number;
  private step: number;
  private learningRateScale: number;
  private seen: number;
  private sums: Float64Array;

  constructor(
    private readonly job: TrainJob,
    private readonly trainer: Trainer,
    private readonly hooks: JobHooks,
    private readonly rows: RowSource,
    private readonly validation: RowSource | null,
  ) {
    const { position } = job;
    this.samples = rows.count;
    this.stepsPerEpoch = Math.ceil(this.samples / job.batchSize);
    this.step = position.step;
    this.learningRateScale = position.learningRateScale;
    this.seen = position.seen;
    this.sums = Float64Array.from({ length: job.spec.metrics.length }, (_, i) => position.sums[i] ?? 0);
  }

  async run(): Promise<JobEnd> {
    for (let epoch = Math.floor(this.step / this.stepsPerEpoch); epoch < this.job.epochs; epoch++) {
      const started = performance.now();
      const end = await this.epoch(epoch);
      if (end !== null) return end;
      const verdict = await this.report(epoch, (performance.now() - started) / 1000);
      this.learningRateScale = verdict.learningRateScale;
      if (verdict.stop) return this.end('stopped');
    }
    return this.end('finished');
  }

  /** The steps of one epoch from where it stands. Gives the end of training where it ends within. */
  private async epoch(epoch: number): Promise<JobEnd | null> {
    const { job, trainer, hooks } = this;
    const order = job.shuffle ? this.rows.order(new Random(job.seed, 'shuffle', epoch)) : null;
    const full = job.spec.trainPrograms;
    for (let batch = this.step % this.stepsPerEpoch; batch < this.stepsPerEpoch; batch++) {
      if (hooks.aborted()) return this.end('aborted');
      const start = batch * job.batchSize;
      const size = Math.min(job.batchSize, this.samples - start);
      const program = programFor(full, size);
      const buffers = trainer.buffers(program);
      this.rows.gather(order, start, size, buffers.rows);
      fillNoises(program, buffers, (name) => new Random(job.seed, name, this.step));
      this.fillScalars(program, buffers);
      const { metrics, kept } = await trainer.step(program, this.step + 1, this.learningRate());
      if (!kept) return this.end('diverged', { epoch: epoch + 1, step: this.step + 1, loss: metrics[0]! });
      this.step++;
      this.seen += size;
      for (let i = 0; i < this.sums.length; i++) this.sums[i]! += size * metrics[i]!;
      hooks.progress?.({
        epoch: epoch + 1,
        epochs: job.epochs,
        samples: this.seen,
        total: this.samples,
        loss: this.sums[0]! / this.seen,
      });
    }
    return null;
  }

  private async report(epoch: number, seconds: number): Promise<EpochVerdict> {
    const { job, trainer } = this;
    const metrics = this.means(this.sums, this.seen);
    const learningRate = this.learningRate(this.step - 1);
    this.seen = 0;
    this.sums.fill(0);
    const validation = this.validation === null ? null : await this.validate(this.validation);
    const state = job.snapshots ? await trainer.read() : null;
    return this.hooks.epochEnd({
      epoch: epoch + 1,
      metrics,
      validation,
      learningRate,
      seconds,
      position: this.position(),
      state,
    });
  }

  /**
   * Validation draws the same noise at every epoch, and has scheduled numbers at their full value, so that its values can
   * be compared: with a weight that rises, an early epoch would seem the best.
   */
  private async validate(data: RowSource): Promise<Record<string, number>> {
    const { job, trainer } = this;
    const { count } = data;
    const sums = new Float64Array(this.sums.length);
    for (let start = 0; start < count; start += job.batchSize) {
      const size = Math.min(job.batchSize, count - start);
      const program = programFor(job.spec.evaluatePrograms, size);
      const buffers = trainer.buffers(program);
      data.gather(null, start, size, buffers.rows);
      fillNoises(program, buffers, (name) => new Random(job.seed, 'validation', name, start));
      this.fillScalars(program, buffers, () => 1);
      const metrics = await trainer.evaluate(program);
      for (let i = 0; i < sums.length; i++) sums[i]! += size * metrics[i]!;
    }
    return this.means(sums, count);
  }

  private learningRate(step = this.step): number {
    const { spec, learningRateSchedule } = this.job;
    const factor = scheduleFactor(learningRateSchedule, step, this.stepsPerEpoch);
    return spec.optimizer.learningRate * factor * this.learningRateScale;
  }

  private fillScalars(
    program: Program,
    { scalars }: BatchBuffers,
    factor = (schedule: Schedule) => scheduleFactor(schedule, this.step, this.stepsPerEpoch),
  ): void {
    for (const name of program.scalars) {
      const { base, schedule } = this.job.scalars[name]!;
      scalars[name]![0] = base * factor(schedule);
    }
  }

  private means(sums: Float64Array, count: number): Record<string, number> {
    return Object.fromEntries(this.job.spec.metrics.map((name, i) => [name, sums[i]! / count]));
  }

  private position(): Position {
    const { step, learningRateScale, seen, sums } = this;
    return { step, learningRateScale, seen, sums: Array.from(sums) };
  }

  private async end(reason: JobEnd['reason'], divergence: JobEnd['divergence'] = null): Promise<JobEnd> {
    return { reason, divergence, position: this.position(), state: await this.trainer.read() };
  }
}

function programFor(programs: readonly Program[], batch: number): Program {
  return programs.find((program) => program.batch === batch)!;
}

function fillNoises(program: Program, buffers: BatchBuffers, random: (name: string) => Random): void {
  for (const { name, kind } of program.noises) fillNoise(buffers.noises[name]!, kind, random(name));
}
