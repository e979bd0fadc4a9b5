import { UserError } from '../errors.js';
import type { TrainerState } from '../runtime/backend.js';
import type { EpochReport, JobEnd, Progress } from './job.js';

/** The figures of one epoch: `epoch`, `loss`, other metrics, and the same of validation as `validationLoss`, … */
export type HistoryRow = Readonly<Record<string, number>>;

/** What an epoch's end offers to a callback. */
export interface EpochContext {
  readonly row: HistoryRow;
  /** All epochs up to this one. */
  readonly history: readonly HistoryRow[];
  readonly epochs: number;
  /** Ends training after this epoch. */
  stop(reason: string): void;
  /** Multiplies the learning rate of all epochs to come. */
  scaleLearningRate(factor: number): void;
  /** Weights and optimizer state as they are now; for callbacks that declare `needsState`. */
  readonly state: TrainerState | null;
  /** All that is needed to go on from here; for callbacks that declare `needsState`. */
  checkpoint(): CheckpointContent;
}

/** What training that ended offers to a callback. */
export interface EndContext {
  readonly history: readonly HistoryRow[];
  readonly reason: JobEnd['reason'];
  readonly stopReason: string | null;
  /** The weights that the model will have. A callback may replace them. */
  readonly state: TrainerState;
  replaceWeights(weights: Readonly<Record<string, Float32Array>>): void;
  checkpoint(): CheckpointContent;
}

/** A point in training from which it can go on. */
export interface CheckpointContent {
  readonly state: TrainerState;
  readonly progress: TrainingProgress;
  /** State of callbacks by their names. */
  readonly callbacks: Readonly<Record<string, CallbackState>>;
}

/** The part of a checkpoint that is not tensors. */
export interface TrainingProgress {
  readonly position: EpochReport['position'];
  readonly history: readonly HistoryRow[];
  /** Options that must be the same when training goes on. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What a callback keeps across an interruption: plain JSON data, and tensors. */
export interface CallbackState {
  readonly data: unknown;
  readonly tensors: Readonly<Record<string, Float32Array>>;
}

/** Something that watches training, and may steer it. All methods are optional; they may be asynchronous. */
export interface Callback {
  /** Identifies its state in checkpoints; unique in one call of `fit`. */
  readonly name: string;
  /** Set where `state` and `checkpoint` are wanted at every epoch's end; it costs a copy of the weights. */
  readonly needsState?: boolean;
  onProgress?(progress: Progress): void;
  onEpochEnd?(context: EpochContext): void | Promise<void>;
  onTrainEnd?(context: EndContext): void | Promise<void>;
  /** What is worth knowing before training begins: data that are constant, a code larger than the input. */
  onWarning?(message: string): void;
  /** What has to survive an interruption. */
  save?(): CallbackState;
  restore?(saved: CallbackState): void;
}

/** Options of `earlyStopping`. */
export interface EarlyStoppingOptions {
  /** The figure that should fall: `validationLoss` where there is validation, else `loss`. */
  readonly monitor?: string;
  /** Epochs without improvement that are borne. */
  readonly patience?: number;
  /** How much lower counts as lower. */
  readonly minDelta?: number;
  /** Whether the model gets the weights of its best epoch at the end. True by default. */
  readonly restoreBest?: boolean;
}

/** The value that a callback watches. */
function monitored(row: HistoryRow, monitor: string | undefined): { name: string; value: number } {
  const name = monitor ?? ('validationLoss' in row ? 'validationLoss' : 'loss');
  const value = row[name];
  if (value === undefined) {
    throw new UserError(`there is no figure '${name}' to monitor; there are ${Object.keys(row).join(', ')}`);
  }
  return { name, value };
}

/** Ends training when a figure has not improved for `patience` epochs, and gives back the best weights. */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  const { monitor, patience = 5, minDelta = 0, restoreBest = true } = options;
  let best = { value: Number.POSITIVE_INFINITY, epoch: 0 };
  let weights: Readonly<Record<string, Float32Array>> | null = null;
  return {
    name: 'earlyStopping',
    needsState: restoreBest,
    onEpochEnd({ row, state, stop }) {
      const { name, value } = monitored(row, monitor);
      // The first epoch is the best so far whatever its loss.
      if (best.epoch === 0 || value < best.value - minDelta) {
        best = { value, epoch: row.epoch! };
        weights = state?.weight ?? null;
      } else if (row.epoch! - best.epoch >= patience) {
        stop(`${name} has not fallen below ${best.value} of epoch ${best.epoch} for ${patience} epochs`);
      }
    },
    onTrainEnd({ replaceWeights, reason }) {
      if (restoreBest && weights !== null && reason !== 'aborted') replaceWeights(weights);
    },
    save: () => ({ data: best, tensors: weights ?? {} }),
    restore({ data, tensors }) {
      best = data as typeof best;
      weights = Object.keys(tensors).length > 0 ? tensors : null;
    },
  };
}

/** Options of `reduceLearningRateOnPlateau`. */
export interface PlateauOptions {
  readonly monitor?: string;
  /** Factor on the learning rate. */
  readonly factor?: number;
  /** Epochs without improvement that are borne. */
  readonly patience?: number;
  /** Relative improvement that counts: lower than best · (1 - threshold). */
  readonly threshold?: number;
}

/** Lowers the learning rate when a figure has not improved for more than `patience` epochs (PyTorch's rule). */
export function reduceLearningRateOnPlateau(options: PlateauOptions = {}): Callback {
  const { monitor, factor = 0.1, patience = 10, threshold = 1e-4 } = options;
  let state = { best: Number.MAX_VALUE, waited: 0 };
  return {
    name: 'reduceLearningRateOnPlateau',
    onEpochEnd({ row, scaleLearningRate }) {
      const { value } = monitored(row, monitor);
      if (value < state.best - Math.abs(state.best) * threshold) state = { best: value, waited: 0 };
      else state = { ...state, waited: state.waited + 1 };
      if (state.waited > patience) {
        scaleLearningRate(factor);
        state = { ...state, waited: 0 };
      }
    },
    save: () => ({ data: state, tensors: {} }),
    restore({ data }) {
      state = data as typeof state;
    },
  };
}
