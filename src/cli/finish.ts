import { basename } from 'node:path';
import { writeWhole } from '../artifact/write.js';
import { type Dataset, featureShape, sampleCount, slice } from '../data/dataset.js';
import { isStored } from '../data/storedRows.js';
import { type Model, VariationalModel } from '../index.js';
import { imageGridPicture, reconstructionsPicture } from '../pictures/grid.js';
import { type LossPoint, lossChart } from '../pictures/lossChart.js';
import { firstRows } from '../table/encodeRows.js';
import type { HistoryRow } from '../train/callbacks.js';
import { splitDataset } from '../train/split.js';
import { classesPicture, picturedClasses } from './classes.js';
import { specOf } from './dataSpec.js';
import { evaluationJson, evaluationTable, lossText } from './figures.js';
import type { Output } from './output.js';
import { drawing } from './outputFile.js';
import type { Prepared } from './prepare.js';
import { type RunFolder, runFile } from './runFolder.js';
import { commandLine, counted, duration, words } from './text.js';

/** Without validation data, so many training samples show what the model can do. */
const shownSamples = 10_000;
const picturedSamples = 10;
const drawnSamples = 64;
const drawnOfClasses = 100;

/** Writes the model and its pictures into the run's folder, measures it, and says what there is now. */
export async function finish(run: Prepared, folder: RunFolder, output: Output): Promise<void> {
  const { model, options } = run;
  await model.save(folder.path);
  const measured = measuredData(run);
  const pictures = await writePictures(
    model,
    measured.data,
    folder,
    `${options.model} on ${basename(run.spec)}`,
  );
  const evaluation = await model.evaluate(measured.data);
  output.warnAll(evaluation.notes);
  const rows = model.history!.rows;
  const ended = model.history!.stopReason;
  output.result(
    () =>
      [
        // In the last epoch that was planned there was nothing left to stop.
        ...(ended === null || rows.length >= options.epochs
          ? []
          : [`Training stopped early: ${ended.replace(/^\w+/, words)}.`]),
        `Trained ${counted(rows.length, 'epoch')} in ${duration(sum(rows, 'seconds'))}. On ${measured.text}:`,
        evaluationTable(evaluation, model),
        '',
        `In ${folder.path}: encoder.onnx, decoder.onnx and autoencoder.onnx, for any program that runs ONNX;`,
        `pictures: ${pictures.join(', ')}.`,
        '',
        'What to do next:',
        ...nextCommands(folder.path, freshData(run), model),
      ].join('\n'),
    {
      done: true,
      run: folder.path,
      epochs: rows.length,
      stopReason: ended,
      final: rows.at(-1) ?? null,
      evaluation: { on: measured.name, ...evaluationJson(evaluation, model) },
      pictures,
    },
  );
}

interface Measured {
  readonly data: Dataset;
  readonly name: 'validation' | 'training';
  readonly text: string;
}

/** The validation data, or else some of the training data. */
function measuredData({ data, validation, options }: Prepared): Measured {
  const { validationSplit, seed } = options;
  const heldOut =
    validation ??
    (validationSplit === undefined || isStored(data)
      ? undefined
      : splitDataset(data, validationSplit, seed).validation);
  if (heldOut !== undefined) {
    // Rows in a file may be more than memory holds.
    const shown = isStored(heldOut) ? firstRows(heldOut, shownSamples) : heldOut;
    const first = sampleCount(shown) < sampleCount(heldOut) ? 'first ' : '';
    return {
      data: shown,
      name: 'validation',
      text: `the ${first}${counted(sampleCount(shown), 'validation sample')}`,
    };
  }
  const some = isStored(data) ? firstRows(data, shownSamples) : slice(data, 0, shownSamples);
  const part = sampleCount(some) < sampleCount(data) ? 'the first ' : '';
  return { data: some, name: 'training', text: `${part}${counted(sampleCount(some), 'training sample')}` };
}

async function writePictures(
  model: Model,
  data: Dataset,
  folder: RunFolder,
  title: string,
): Promise<string[]> {
  const shape = featureShape(data);
  const drawn = drawing(model);
  const pictures: [keyof typeof runFile, Promise<Uint8Array>][] = [
    ['loss', lossChart({ history: points(model.history!.rows), title, yLabel: lossText(model) })],
  ];
  // Rows of a table are no pictures.
  if (model.table === undefined) {
    const few = slice(data, 0, picturedSamples);
    const { data: reconstructions } = await model.reconstruct(few);
    pictures.push(['reconstructions', reconstructionsPicture(few.data, reconstructions, shape, drawn)]);
  }
  if (model.table === undefined && model instanceof VariationalModel) {
    pictures.push(['samples', samplesPicture(model)]);
  }
  for (const [name, picture] of pictures) await writeWhole(folder.file(name), await picture);
  return pictures.map(([name]) => runFile[name]);
}

/** New samples; of a conditional model a row of each class. */
async function samplesPicture(model: VariationalModel): Promise<Uint8Array> {
  if (model.classes === undefined) {
    const { data } = await model.sample(drawnSamples);
    return imageGridPicture(data, model.sampleSpec.shape, drawing(model));
  }
  const label = picturedClasses(model.classes, drawnOfClasses);
  return classesPicture(await model.sample(label.length, { label }), label, model);
}

function points(rows: readonly HistoryRow[]): LossPoint[] {
  return rows.map(({ epoch, loss, validationLoss }) => ({
    epoch: epoch!,
    loss: loss!,
    ...(validationLoss !== undefined && { validationLoss }),
  }));
}

function sum(rows: readonly HistoryRow[], name: string): number {
  return rows.reduce((total, row) => total + (row[name] ?? 0), 0);
}

function nextCommands(folder: string, data: string, model: Model): string[] {
  const isTable = model.table !== undefined;
  const commands = [
    ['evaluate', folder, data],
    ['reconstruct', folder, data, '-o', isTable ? 'reconstructed.csv' : 'grid.png'],
    ['sample', folder, '-o', isTable ? 'samples.csv' : 'samples.png'],
    ['encode', folder, data, '-o', isTable ? 'codes.csv' : 'codes.npy'],
    ['info', folder],
  ];
  return commands.map((words) => `  ${commandLine(...words)}`);
}

/** Data that the model has not learned from, where they are known. */
function freshData({ spec, options: { validation } }: Prepared): string {
  if (validation !== undefined) return validation;
  const parsed = specOf(spec);
  return parsed.kind === 'mnist' && parsed.part === 'train' ? 'mnist:test' : spec;
}
