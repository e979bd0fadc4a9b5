import type { Dataset } from '../data/dataset.js';
import type { StoredRows } from '../data/storedRows.js';
import type { ScheduledScalar } from '../models/definition.js';
import type { Schedule } from '../nn/schedules.js';
import type { TrainerSpec, TrainerState } from '../runtime/backend.js';

/** Where training stands: all that decides what the next step does, beside weights and optimizer state. */
export interface Position {
  /** Steps done since training began. */
  readonly step: number;
  /** What callbacks have made of the learning rate. */
  readonly learningRateScale: number;
  /** Samples seen in the epoch that is under way, and metrics summed over them. */
  readonly seen: number;
  readonly sums: readonly number[];
}

/** One training run as plain data, so that a worker can be given it. */
export interface TrainJob {
  readonly spec: TrainerSpec;
  readonly data: Dataset | StoredRows;
  readonly validation: Dataset | StoredRows | null;
  readonly epochs: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly learningRateSchedule: Schedule;
  readonly scalars: Readonly<Record<string, ScheduledScalar>>;
  /** Weights to start from, and the optimizer's state where training goes on. */
  readonly state: TrainerState;
  readonly position: Position;
  /** Whether epoch reports carry a copy of all state. */
  readonly snapshots: boolean;
}

/** What an epoch gave. Metrics are means over its samples. */
export interface EpochReport {
  /** Counts from 1. */
  readonly epoch: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly validation: Readonly<Record<string, number>> | null;
  readonly learningRate: number;
  readonly seconds: number;
  readonly position: Position;
  readonly state: TrainerState | null;
}

/** What is to happen after an epoch. */
export interface EpochVerdict {
  readonly stop: boolean;
  readonly learningRateScale: number;
}

/** How far the epoch under way is. */
export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  /** Samples of this epoch that are done, and all of them. */
  readonly samples: number;
  readonly total: number;
  /** Mean loss over the samples that are done. */
  readonly loss: number;
}

/** How training ended. The state is that of the last step that was kept. */
export interface JobEnd {
  readonly reason: 'finished' | 'stopped' | 'aborted' | 'diverged';
  readonly position: Position;
  readonly state: TrainerState;
  /** Where the first number that is not finite appeared. */
  readonly divergence: { readonly epoch: number; readonly step: number; readonly loss: number } | null;
}

/** Whoever runs a job answers these. */
export interface JobHooks {
  epochEnd(report: EpochReport): Promise<EpochVerdict>;
  /** Called after every step; must be cheap. */
  progress?(progress: Progress): void;
  /** Asked before every step. */
  aborted(): boolean;
  /** What `aborted` looks at, for whoever must tell another thread. */
  readonly signal?: AbortSignal;
}

/** Runs a training job to its end, in this thread or another. */
export type JobRunner = (job: TrainJob, hooks: JobHooks) => Promise<JobEnd>;
