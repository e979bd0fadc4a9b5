import { earlyStopping } from '../../train/callbacks.js';
import type { FitOptions } from '../../train/fit.js';

const steps = 4000;
const largestBatch = 256;
/** Each epoch ends in a pause, so few codes are taken in small batches rather than in many epochs. */
const stepsPerEpoch = 20;
/** Of fewer codes none can be spared for validation. */
const fewest = 100;

/** How a network is trained on codes. */
export interface SecondStageOptions {
  /** Passes over the codes; by default as many as make some 4,000 steps. */
  readonly epochs?: number | undefined;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  /** The figure of validation that decides; the loss by default. */
  readonly monitor?: string;
}

/**
 * How networks that learn codes are trained: a tenth of the codes decides which epoch was the best. None ends the
 * training: before it is over a warm-up makes that figure worse for a while.
 */
export function secondStageFit(
  count: number,
  { epochs, seed, signal, monitor }: SecondStageOptions,
): Omit<FitOptions, 'validation'> & { readonly epochs: number } {
  const batchSize = Math.max(Math.min(Math.floor(count / stepsPerEpoch), largestBatch), 1);
  const passes = epochs ?? Math.ceil(steps / Math.ceil(count / batchSize));
  return {
    epochs: passes,
    batchSize,
    seed,
    clipNorm: 5,
    learningRateSchedule: { type: 'cosine', duration: passes },
    ...(count >= fewest && {
      validationSplit: 0.1,
      callbacks: [earlyStopping({ patience: passes, ...(monitor && { monitor }) })],
    }),
    ...(signal && { signal }),
  };
}
