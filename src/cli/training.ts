import { existsSync } from 'node:fs';
import { type Dataset, featureShape, sampleCount } from '../data/dataset.js';
import { UserError } from '../errors.js';
import {
  type Callback,
  checkpoint,
  csvHistory,
  DivergenceError,
  earlyStopping,
  type History,
} from '../index.js';
import { fieldOutputs } from '../nn/fields.js';
import type { CheckpointContent } from '../train/callbacks.js';
import { finish } from './finish.js';
import { Interrupt } from './interrupt.js';
import { titleOf } from './modelOptions.js';
import type { Output } from './output.js';
import { type Prepared, prepare } from './prepare.js';
import { ProgressReport } from './progress.js';
import { RunFolder, resumeCommand } from './runFolder.js';
import { type RunOptions, writeRecord } from './runRecord.js';
import { count, counted, shape, words } from './text.js';
import type { TrainOptions } from './train.js';

/**
 * Trains as `autoencoder train` is asked to.
 * @returns the exit status
 * @throws {UserError}
 */
export async function train(spec: string | undefined, given: TrainOptions, output: Output): Promise<number> {
  const run = await prepare(spec, given);
  output.warnAll(run.notes);
  for (const line of describe(run)) output.note(line);
  const folder = run.resumed ? RunFolder.resume(run.folder) : await RunFolder.start(run.folder);
  const progress = new ProgressReport(output, {
    samples: trainingSamples(run),
    seen: run.checkpoint?.progress.position.seen ?? 0,
  });
  const interrupt = new Interrupt(
    () => {
      progress.close();
      output.note('stopping: the checkpoint is being written (Ctrl-C again ends at once, without it)');
    },
    () => progress.close(),
  );
  try {
    await writeRecord(folder.file('record'), run.record);
    if (run.resumed) await folder.reopen();
    const history = await fit(run, folder, progress, interrupt.signal);
    progress.close();
    if (history.reason === 'aborted') return aborted(run, history, output, interrupt.exitCode);
    interrupt.release();
    await finish(run, folder, output);
    return 0;
  } catch (error) {
    if (!run.resumed) await folder.discard();
    if (interrupt.signal.aborted && error === interrupt.signal.reason) {
      output.fail('interrupted before training began; nothing was written', interrupt.exitCode);
      return interrupt.exitCode;
    }
    progress.close();
    if (error instanceof DivergenceError) throw explainDivergence(error, run);
    throw withResume(error, folder);
  } finally {
    interrupt.release();
    progress.close();
  }
}

async function fit(
  { options, model, data, validation, checkpoint: start }: Prepared,
  folder: RunFolder,
  progress: ProgressReport,
  signal: AbortSignal,
): Promise<History> {
  const {
    epochs,
    batchSize,
    seed,
    optimizer,
    learningRate,
    validationSplit,
    clipNorm,
    earlyStopping: patience,
  } = options;
  const callbacks: Callback[] = [
    progress,
    csvHistory(folder.file('history')),
    // Before the checkpoint, which is to hold what it has decided.
    ...(patience === undefined ? [] : [earlyStopping({ patience })]),
    checkpoint(folder.file('checkpoint')),
  ];
  return model.fit(data, {
    epochs: stoppedEarly(options, start) ? start!.progress.history.length : epochs,
    batchSize,
    seed,
    optimizer,
    learningRate,
    callbacks,
    signal,
    ...(validation ? { validation } : validationSplit !== undefined ? { validationSplit } : {}),
    ...(clipNorm !== undefined && { clipNorm }),
    ...(start && { resume: start }),
  });
}

/** Whether early stopping had ended the run that the checkpoint is of: then there is nothing left to train. */
function stoppedEarly(
  { earlyStopping: patience }: RunOptions,
  start: CheckpointContent | undefined,
): boolean {
  const best = start?.callbacks.earlyStopping?.data as { readonly epoch: number } | undefined;
  if (patience === undefined || best === undefined) return false;
  return start!.progress.history.length - best.epoch >= patience;
}

function describe(run: Prepared): string[] {
  const { options, because, data, validation, model, checkpoint: start, folder, spec } = run;
  const { optimizer, learningRate, epochs, batchSize, seed, validationSplit } = options;
  const lines = [
    ...(run.description ?? [`${spec}: ${samplesText(data as Dataset)}`]),
    ...(validation && options.validation !== undefined
      ? [`validation ${options.validation}: ${counted(sampleCount(validation), 'sample')}`]
      : []),
    ...(validationSplit === undefined
      ? []
      : [`${count(trainingSamples(run))} of them are trained on, the rest are for validation`]),
    `${titleOf(options.model)} ${networkText(run)}, ${counted(model.parameterCount, 'parameter')}; ${choiceText(options, because)}`,
    `${counted(epochs, 'epoch')}, batches of ${batchSize}, ${optimizer} with learning rate ${learningRate}, seed ${seed}; into ${folder}`,
  ];
  if (run.resumed) lines.push(resumeText(options, start, trainingSamples(run)));
  return lines;
}

/** The widths of all layers: 784-256-32-256-784, with convolutions by their channels. */
function networkText({ options: { hidden, latent }, model }: Prepared): string {
  const { features, config, sampleSpec } = model;
  const { channels } = config as { readonly channels: readonly number[] };
  const outputs = sampleSpec.fields === undefined ? features : fieldOutputs(sampleSpec.fields);
  const maps = channels.length === 0 ? [] : [`conv(${channels.join('-')})`];
  const back = maps.map((text) =>
    text.replace('conv', 'convTranspose').replace(/\d+(-\d+)*/, [...channels].reverse().join('-')),
  );
  return [features, ...maps, ...hidden, latent, ...[...hidden].reverse(), ...back, outputs].join('-');
}

function samplesText(data: Dataset): string {
  const values = data.data instanceof Uint8Array ? 'bytes' : 'numbers';
  return `${counted(sampleCount(data), 'sample')} of ${shape(featureShape(data))} ${values}`;
}

function choiceText(
  { output, loss, likelihood, variance, betaWarmup, modelOptions }: RunOptions,
  because?: string,
): string {
  const own = Object.entries(modelOptions).map(
    ([name, value]) => `, ${words(name)} ${Array.isArray(value) ? value.join(',') : String(value)}`,
  );
  const warmup = betaWarmup === undefined ? '' : `, beta rising over ${counted(betaWarmup, 'epoch')}`;
  const rest = `${own.join('')}${warmup}`;
  const spread =
    variance === undefined
      ? ''
      : ` of ${variance === 'learned' ? 'learned variance' : `variance ${variance}`}`;
  const reason = because === undefined ? '' : ` (${because})`;
  if (output === undefined && likelihood === undefined) {
    return `a likelihood for each column${rest}`;
  }
  return likelihood === undefined
    ? `${output} output${reason}, ${loss} loss${rest}`
    : `${likelihood} likelihood${spread}${reason}${rest}`;
}

function resumeText(options: RunOptions, start: CheckpointContent | undefined, samples: number): string {
  if (start === undefined) return 'there is no checkpoint yet: training starts from the beginning';
  const { history, position } = start.progress;
  if (stoppedEarly(options, start)) return `early stopping had ended this run after epoch ${history.length}`;
  if (history.length >= options.epochs)
    return `all ${options.epochs} epochs are done; --epochs N trains for more`;
  const within = position.seen === 0 ? '' : ` and ${count(position.seen)} of ${count(samples)} samples`;
  return `going on after ${counted(history.length, 'epoch')}${within}`;
}

/** Samples that are learned from. */
function trainingSamples({ data, validation, options: { validationSplit } }: Prepared): number {
  const all = sampleCount(data);
  // A table is split before it is encoded.
  return validationSplit === undefined || validation !== undefined
    ? all
    : all - Math.round(all * validationSplit);
}

function aborted({ folder }: Prepared, { rows }: History, output: Output, exitCode: number): number {
  output.fail(
    `interrupted in epoch ${rows.length + 1}; the checkpoint is kept. To go on:\n  ${resumeCommand(folder)}`,
    exitCode,
  );
  return exitCode;
}

/** A full disk, say, ends training, but not for good. */
function withResume(error: unknown, folder: RunFolder): unknown {
  if (!(error instanceof UserError) || !existsSync(folder.file('checkpoint'))) return error;
  return new UserError(
    `${error.message}.\nThe last checkpoint is kept. To go on from it:\n  ${resumeCommand(folder.path)}`,
    { cause: error },
  );
}

function explainDivergence({ message, result, stack }: DivergenceError, { folder }: Prepared): UserError {
  const kept =
    result.history.rows.length === 0
      ? ''
      : `. ${folder} keeps the checkpoint of epoch ${result.history.rows.length}; start again with --overwrite`;
  const error = new UserError(`${message}${kept}`);
  if (stack !== undefined) error.stack = stack;
  return error;
}
