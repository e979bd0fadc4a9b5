import { type Dataset, sampleCount } from '../data/dataset.js';
import { isStored, type StoredRows } from '../data/storedRows.js';
import { option, UserError } from '../errors.js';
import { sizeOf } from '../graph/shape.js';
import type { Trainable } from '../models/definition.js';
import { rowOf, type SampleSpec } from '../models/io.js';
import type { OptimizerConfig, OptimizerName } from '../nn/optimizers.js';
import type { Schedule } from '../nn/schedules.js';
import type { ProgramForm, TrainerSpec, TrainerState } from '../runtime/backend.js';
import type { Callback, CheckpointContent, EpochContext, HistoryRow } from './callbacks.js';
import { checkTrainingData, dataWarnings } from './checks.js';
import type { History } from './history.js';
import type { EpochReport, EpochVerdict, JobEnd, JobRunner, Position, TrainJob } from './job.js';
import { labelledRows } from './labelledRows.js';
import { checkFitOptions, optimizerConfig } from './options.js';
import {
  evaluateProgram,
  metricNames,
  type ProgramOptions,
  trainProgram,
  variableSpecs,
  variablesOf,
} from './programs.js';
import { splitDataset } from './split.js';

/** Passes over the data where `fit` is told no number of epochs. */
export const defaultEpochs = 10;
/** Samples in a step where `fit` is told no batch size. */
export const defaultBatchSize = 128;

/** How to train. */
export interface FitOptions {
  /** Passes over the data; 10 by default. */
  readonly epochs?: number;
  /** Samples in a step; 128 by default. The last batch of an epoch may be smaller and counts by its size. */
  readonly batchSize?: number;
  /** Data that are measured after every epoch and never learned from. */
  readonly validation?: Dataset | StoredRows;
  /** Instead: the share of the data, between 0 and 1, that is set aside at random. */
  readonly validationSplit?: number;
  /** Whether the order is drawn anew for every epoch; true by default. */
  readonly shuffle?: boolean;
  /** Decides shuffling and noise; 0 by default. The same seed, data and machine give the same weights. */
  readonly seed?: number;
  /** `adam` by default. */
  readonly optimizer?: OptimizerName | OptimizerConfig;
  /** The optimizer's usual one by default. */
  readonly learningRate?: number;
  readonly learningRateSchedule?: Schedule;
  /** The largest norm of all gradients together. */
  readonly clipNorm?: number;
  /** The largest size of a gradient's element. */
  readonly clipValue?: number;
  readonly callbacks?: readonly Callback[];
  /** Stops training after the step that is under way. */
  readonly signal?: AbortSignal;
  /** Goes on from a checkpoint of the same model, data and options. */
  readonly resume?: CheckpointContent;
}

/** What is trained, and where. */
export interface FitTarget {
  readonly definition: Trainable;
  readonly sample: SampleSpec;
  readonly weights: Readonly<Record<string, Float32Array>>;
  readonly runner: JobRunner;
  readonly form: ProgramForm;
  /** Into how many parts a batch may be divided, 1 by default: the cores of this machine. */
  readonly parts?: number;
}

/** The outcome of training: the history, and the weights that the model is to have. */
export interface FitResult {
  readonly history: History;
  readonly weights: Readonly<Record<string, Float32Array>>;
  readonly optimizer: OptimizerConfig;
}

/**
 * Training met a number that is not finite. The update that would have kept it was not made: `result` holds the
 * history and the last good weights.
 */
export class DivergenceError extends Error {
  override readonly name = 'DivergenceError';

  constructor(
    message: string,
    readonly result: FitResult,
  ) {
    super(message);
  }
}

/**
 * Trains.
 * @throws {UserError} when options or data do not fit
 * @throws {DivergenceError} when the loss or an update of the weights is not finite
 */
export async function fit(
  target: FitTarget,
  given: Dataset | StoredRows,
  options: FitOptions = {},
): Promise<FitResult> {
  checkFitOptions(options);
  const { callbacks = [], seed = 0, signal } = options;
  const { data, validation } = splitData(given, options, seed);
  for (const set of [data, validation]) {
    // Rows in a file are a table's, encoded: there is nothing about them that a model could not take.
    if (set !== null && !isStored(set)) checkTrainingData(set, target.definition, target.sample);
  }
  const warnings = isStored(data) ? [] : dataWarnings(data, target.definition);
  for (const warning of warnings) for (const callback of callbacks) callback.onWarning?.(warning);

  const optimizer = optimizerConfig(options);
  const job = buildJob(target, data, validation, optimizer, options);
  const session = new FitSession(callbacks, job, options.resume);
  signal?.throwIfAborted();
  const end = await target.runner(job, {
    aborted: () => signal?.aborted ?? false,
    ...(signal !== undefined && { signal }),
    epochEnd: (report) => session.epochEnd(report),
    progress: (progress) => {
      for (const callback of callbacks) callback.onProgress?.(progress);
    },
  });
  const weights = await session.end(end);
  const history = { rows: session.rows, reason: end.reason, stopReason: session.stopReason };
  const result = { history, weights, optimizer };
  if (end.divergence !== null) throw new DivergenceError(divergenceMessage(end.divergence, job), result);
  return result;
}

/** Keeps history and talks to the callbacks. */
class FitSession {
  readonly rows: HistoryRow[];
  stopReason: string | null = null;
  private learningRateScale: number;

  constructor(
    private readonly callbacks: readonly Callback[],
    private readonly job: TrainJob,
    resume: CheckpointContent | undefined,
  ) {
    this.rows = [...(resume?.progress.history ?? [])];
    this.learningRateScale = resume?.progress.position.learningRateScale ?? 1;
    for (const callback of callbacks) {
      const saved = resume?.callbacks[callback.name];
      if (saved !== undefined) callback.restore?.(saved);
    }
  }

  async epochEnd(report: EpochReport): Promise<EpochVerdict> {
    const row = historyRow(report);
    this.rows.push(row);
    const context: EpochContext = {
      row,
      history: this.rows,
      epochs: this.job.epochs,
      state: report.state,
      stop: (reason) => {
        this.stopReason = reason;
      },
      scaleLearningRate: (factor) => {
        this.learningRateScale *= factor;
      },
      checkpoint: () =>
        this.content(report.state!, { ...report.position, learningRateScale: this.learningRateScale }),
    };
    // Those that write files come after those that only watch: a checkpoint holds what the others have decided.
    for (const callback of this.callbacks) if (!callback.needsState) await callback.onEpochEnd?.(context);
    for (const callback of this.callbacks) if (callback.needsState) await callback.onEpochEnd?.(context);
    return { stop: this.stopReason !== null, learningRateScale: this.learningRateScale };
  }

  /** Tells the callbacks that training has ended; gives the weights that they leave. */
  async end({ reason, state, position }: JobEnd): Promise<Readonly<Record<string, Float32Array>>> {
    let weights = state.weight!;
    for (const callback of this.callbacks) {
      await callback.onTrainEnd?.({
        history: this.rows,
        reason,
        stopReason: this.stopReason,
        state,
        replaceWeights: (better) => {
          weights = better;
        },
        checkpoint: () => this.content(state, position),
      });
    }
    return weights;
  }

  private content(state: TrainerState, position: Position): CheckpointContent {
    const callbacks = this.callbacks.flatMap((callback) => {
      const saved = callback.save?.();
      return saved === undefined ? [] : [[callback.name, saved] as const];
    });
    return {
      state,
      progress: { position, history: this.rows, settings: settingsOf(this.job) },
      callbacks: Object.fromEntries(callbacks),
    };
  }
}

function historyRow({ epoch, metrics, validation, learningRate, seconds }: EpochReport): HistoryRow {
  const row: Record<string, number> = { epoch, ...metrics };
  for (const [name, value] of Object.entries(validation ?? {})) {
    row[`validation${name.charAt(0).toUpperCase()}${name.slice(1)}`] = value;
  }
  return { ...row, learningRate, seconds };
}

function buildJob(
  target: FitTarget,
  data: Dataset | StoredRows,
  validation: Dataset | StoredRows | null,
  optimizer: OptimizerConfig,
  options: FitOptions,
): TrainJob {
  const { definition, sample, form, parts = 1, weights } = target;
  const { epochs = defaultEpochs, shuffle = true, seed = 0, clipNorm, clipValue, resume } = options;
  const batchSize = Math.min(options.batchSize ?? defaultBatchSize, sampleCount(data));
  const build: ProgramOptions = { definition, sample, optimizer, form, parts, clipNorm, clipValue };
  const rowsOf = (set: Dataset | StoredRows) => (isStored(set) ? set : labelledRows(set, sample));
  const spec: TrainerSpec = {
    variables: variableSpecs(variablesOf(definition, sample)),
    optimizer,
    row: rowOf(sample),
    metrics: metricNames(build),
    trainPrograms: batchSizes(sampleCount(data), batchSize).map((batch) => trainProgram(build, batch)),
    evaluatePrograms:
      validation === null
        ? []
        : batchSizes(sampleCount(validation), batchSize).map((batch) => evaluateProgram(build, batch)),
  };
  const start: Position = { step: 0, learningRateScale: 1, seen: 0, sums: [] };
  const job: TrainJob = {
    spec,
    data: rowsOf(data),
    validation: validation && rowsOf(validation),
    epochs,
    batchSize,
    shuffle,
    seed,
    learningRateSchedule: options.learningRateSchedule ?? { type: 'constant' },
    scalars: definition.scalars,
    state: resume?.state ?? { weight: weights },
    position: resume?.progress.position ?? start,
    snapshots: (options.callbacks ?? []).some((callback) => callback.needsState),
  };
  if (resume !== undefined) checkResumable(resume, job);
  return job;
}

/** The sizes of batches that cover so many samples: the full one, and that of the last batch where it differs. */
function batchSizes(samples: number, batchSize: number): number[] {
  const rest = samples % batchSize;
  return [...(samples >= batchSize ? [batchSize] : []), ...(rest > 0 ? [rest] : [])];
}

function splitData(
  given: Dataset | StoredRows,
  options: FitOptions,
  seed: number,
): { data: Dataset | StoredRows; validation: Dataset | StoredRows | null } {
  const { validation, validationSplit } = options;
  if (validationSplit === undefined || validationSplit === 0)
    return { data: given, validation: validation ?? null };
  if (isStored(given))
    throw new UserError(
      `${option('validationSplit')}: rows in a file cannot be split; give ${option('validation')}`,
    );
  return splitDataset(given, validationSplit, seed);
}

/** What must stay the same for training to go on as if it had never stopped. */
function settingsOf({ data, batchSize, shuffle, seed, spec }: TrainJob): Readonly<Record<string, unknown>> {
  return { samples: sampleCount(data), batchSize, shuffle, seed, optimizer: spec.optimizer.type };
}

function checkResumable({ state, progress }: CheckpointContent, job: TrainJob): void {
  const sizes = new Map(job.spec.variables.map(({ name, shape }) => [name, sizeOf(shape)]));
  const weights = state.weight ?? {};
  const fits =
    Object.keys(weights).length === sizes.size &&
    Object.entries(weights).every(([name, data]) => sizes.get(name) === data.length);
  if (!fits) {
    throw new UserError(
      `${option('resume')}: the checkpoint is of another model: its weights do not fit; train anew, or with the options it was made with`,
    );
  }
  const changed = Object.entries(settingsOf(job)).filter(
    ([name, value]) => progress.settings[name] !== value,
  );
  if (changed.length > 0) {
    const list = changed.map(
      ([name, value]) => `${name} (${progress.settings[name]} in the checkpoint, ${value} now)`,
    );
    throw new UserError(`${option('resume')}: training can only go on with the same ${list.join(', ')}`);
  }
}

function divergenceMessage({ epoch, step, loss }: NonNullable<JobEnd['divergence']>, job: TrainJob): string {
  const { learningRate } = job.spec.optimizer;
  const what = Number.isFinite(loss) ? 'an update of the weights was not finite' : `the loss became ${loss}`;
  if (step === 1 && !Number.isFinite(loss)) {
    return (
      `training stopped at its first step: ${what}. Nothing has been learned yet, so the cause is the data: their scale is ` +
      'too large for float32. Scale them to a range such as [0, 1] or [-1, 1]'
    );
  }
  return (
    `training stopped in epoch ${epoch} at step ${step}: ${what}. The usual cause is a learning rate that is too high ` +
    `(it is ${learningRate}; try ${option('learningRate', Number((learningRate / 10).toPrecision(2)))}), or data of a very large scale; ${option('clipNorm', 1)} also helps. ` +
    'The update was not kept: the weights are those of the step before'
  );
}
