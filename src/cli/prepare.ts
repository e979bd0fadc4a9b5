import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkFolder } from '../artifact/folder.js';
import { type Dataset, featureShape, featureSize, sampleCount } from '../data/dataset.js';
import type { ImageFolderOptions } from '../data/images/folder.js';
import type { StoredRows } from '../data/storedRows.js';
import { UserError } from '../errors.js';
import { type Model, readCheckpoint, readDataset } from '../index.js';
import { isConvolutional } from '../models/networks.js';
import type { CheckpointContent } from '../train/callbacks.js';
import { resumeOptions } from './agree.js';
import { checkNotConditional, isConditional, withClassesOf } from './classes.js';
import { completeOptions } from './complete.js';
import { checkValidationKind } from './dataKind.js';
import { isTableSpec } from './dataSpec.js';
import { modelOf } from './modelOf.js';
import { allFiles, checkFree, defaultFolder, isDetector, runFile, runState } from './runFolder.js';
import { fingerprint, makeRecord, type RunOptions, type RunRecord, readRecord } from './runRecord.js';
import {
  completeTableOptions,
  ofValidation,
  readTableData,
  type TableData,
  tableModelOf,
  tableOptionsOf,
} from './tableRun.js';
import { checkFolderTarget } from './targets.js';
import { shape } from './text.js';
import type { TrainOptions } from './train.js';

/** A run that may begin: its options are complete, its data are read, its folder is free. */
export interface Prepared {
  readonly folder: string;
  /** The data as the user named them. */
  readonly spec: string;
  readonly resumed: boolean;
  readonly options: RunOptions;
  /** What about the data decided the output or the likelihood. */
  readonly because?: string;
  readonly record: RunRecord;
  readonly data: Dataset | StoredRows;
  readonly validation?: Dataset | StoredRows;
  readonly model: Model;
  /** Of a table: what was found out about its columns, in lines. */
  readonly description?: readonly string[];
  /** What the user should know of how the data were read. */
  readonly notes: readonly string[];
  /** From where training goes on. */
  readonly checkpoint?: CheckpointContent;
}

/**
 * Checks all that can be checked before anything is written.
 * @throws {UserError}
 */
export async function prepare(spec: string | undefined, given: TrainOptions): Promise<Prepared> {
  if (given.out === '') throw new UserError('--out has no name; give a folder, such as runs/first');
  return given.resume === true ? prepareResume(spec, given) : prepareNew(spec, given);
}

async function prepareNew(spec: string | undefined, given: TrainOptions): Promise<Prepared> {
  if (spec === undefined) {
    throw new UserError(
      'no data were named; give mnist, or the path of a table, an IDX or a .npy file, as in: autoencoder train mnist',
    );
  }
  const folder = given.out ?? defaultFolder(spec, given.model ?? 'autoencoder');
  if (given.overwrite !== true) checkFree(folder);
  checkFolderTarget(folder, allFiles, { data: [spec, given.validation] });
  checkFolder(folder);
  checkValidationKind(spec, given.validation);
  if (isTableSpec(spec)) return prepareTable(spec, given, folder);
  checkNoTableOptions(spec, given);
  const images = imageOptions(given);
  const { data, validation } = await readData(spec, given.validation, images);
  if (data.names === undefined) checkNoImageOptions(spec, given);
  checkFolderFormat(spec, data, given.dataFormat);
  const sets = validation ? [data, validation] : [data];
  const { options, because } = completeOptions(spec, withClassesOf(data, given), sets, images);
  const record = makeRecord(options, fingerprints(options, data, validation));
  const model = modelOf(options, data);
  return {
    folder,
    spec,
    resumed: false,
    options,
    ...(because !== undefined && { because }),
    record,
    data,
    ...(validation && { validation }),
    model,
    notes: [
      ...notesOf(data, validation, given.validation),
      ...(given.dataFormat === undefined ? formatNotes(model) : []),
    ],
  };
}

async function prepareTable(spec: string, given: TrainOptions, folder: string): Promise<Prepared> {
  checkNotConditional(spec, given);
  checkNoImageOptions(spec, given);
  const { validation, validationSplit, seed = 0 } = given;
  const read = await readTableData(spec, {
    table: tableOptionsOf(given),
    validation,
    validationSplit,
    seed,
  });
  const options = completeTableOptions(spec, given, read.schema);
  return {
    folder,
    spec,
    resumed: false,
    options,
    record: makeRecord(options, fingerprints(options, read.data, read.validation)),
    data: read.data,
    ...(read.validation && { validation: read.validation }),
    description: read.description,
    notes: read.notes,
    model: tableModelOf(options, read.schema, sampleCount(read.data)),
  };
}

/** What there is to say of how data and validation were read. */
function notesOf(data: Dataset, validation: Dataset | undefined, name: string | undefined): string[] {
  return [...(data.notes ?? []), ...(validation?.notes ?? []).map((note) => ofValidation(name, note))];
}

/** What there is to say of samples that look as if their channels came first, while convolutions take them to be last. */
function formatNotes({ config, sampleSpec: { shape: sample } }: Model): string[] {
  const [first, , last] = sample;
  const counts = [1, 3, 4];
  if (!isConvolutional(config) || sample.length !== 3 || !counts.includes(first!) || counts.includes(last!))
    return [];
  return [
    `samples of ${shape(sample)} are taken for pictures of ${sample[0]} × ${sample[1]} with ${last} channels; if the first axis counts channels, give --data-format channelsFirst`,
  ];
}

/** @throws {UserError} when pictures of a folder are said to have their channels first */
function checkFolderFormat(spec: string, { names }: Dataset, format: unknown): void {
  if (names === undefined || format !== 'channelsFirst') return;
  throw new UserError(
    `--data-format channelsFirst: pictures of a folder, such as ${spec}, are read with their channels last; leave it out`,
  );
}

/** How pictures of a folder are to be brought to one size, where it was said. */
function imageOptions({ imageSize, imageFit, colour }: TrainOptions): RunOptions['images'] {
  if (imageSize === undefined && imageFit === undefined && colour === undefined) return undefined;
  return {
    ...(imageSize && { size: imageSize }),
    ...(imageFit !== undefined && { fit: imageFit as ImageFolderOptions['fit'] }),
    ...(colour !== undefined && { colour: colour as ImageFolderOptions['colour'] }),
  };
}

/** Options that only folders of pictures have. */
function checkNoImageOptions(spec: string, given: TrainOptions): void {
  if (imageOptions(given) === undefined) return;
  throw new UserError(
    `--image-size, --image-fit and --colour are about the pictures of a folder, and ${spec} is none; leave them out`,
  );
}

/** Options that only tables have. */
function checkNoTableOptions(spec: string, given: TrainOptions): void {
  const [option] = Object.keys(tableOptionsOf(given));
  if (option === undefined) return;
  throw new UserError(
    `--${option} is about the columns of a table, and ${spec} is none; leave it out, or give a CSV, TSV, JSON Lines, Parquet or .npz file`,
  );
}

async function prepareResume(spec: string | undefined, given: TrainOptions): Promise<Prepared> {
  const folder = folderToResume(spec, given);
  const recorded = await readRecord(join(folder, runFile.record));
  const options = resumeOptions(folder, recorded.options, spec, given);
  checkFolderTarget(folder, allFiles, { data: [options.data, options.validation] });
  checkValidationKind(options.data, options.validation);
  const table = isTableSpec(options.data);
  const reading = table
    ? readTableData(options.data, options)
    : readData(options.data, options.validation, options.images);
  const read: TableData | { data: Dataset; validation?: Dataset } = await reading.catch((error: unknown) => {
    if (spec !== undefined || !(error instanceof UserError)) throw error;
    throw new UserError(`${error.message}; if the data have moved, name them before --resume`, {
      cause: error,
    });
  });
  const { data, validation } = read;
  const found = fingerprints(options, data, validation);
  for (const which of ['data', 'validation'] as const) {
    if (found[which] === recorded.fingerprints[which]) continue;
    const names =
      which === 'data' ? [spec ?? options.data, 'trained on'] : [options.validation, 'validated with'];
    throw new UserError(
      `${names[0]} does not hold the samples that ${folder} was ${names[1]}; give the same data, or start a new run with another --out`,
    );
  }
  const path = join(folder, runFile.checkpoint);
  return {
    folder,
    spec: spec ?? options.data,
    resumed: true,
    options,
    // Data may have moved since; where they are now is what counts the next time.
    record: { ...recorded, options },
    data,
    ...(validation && { validation }),
    ...('schema' in read
      ? {
          model: tableModelOf(options, read.schema, sampleCount(read.data)),
          description: read.description,
          notes: read.notes,
        }
      : {
          model: modelOf(options, read.data),
          notes: notesOf(read.data, read.validation, options.validation),
        }),
    ...(existsSync(path) && { checkpoint: await readCheckpoint(path) }),
  };
}

function folderToResume(spec: string | undefined, given: TrainOptions): string {
  if (given.out === undefined && spec === undefined) {
    throw new UserError(
      '--resume needs to know the run; give its folder, as in: autoencoder train --resume --out runs/mnist-vae',
    );
  }
  const folder = given.out ?? defaultFolder(spec!, given.model ?? 'autoencoder');
  if (runState(folder) === 'none') {
    throw new UserError(
      `there is no run in ${folder} to go on with; check the name, or leave --resume out to start one`,
    );
  }
  if (isDetector(folder)) {
    throw new UserError(
      `${folder} holds a detector, which learns once and does not go on; choose the folder of a run of train`,
    );
  }
  if (!existsSync(join(folder, runFile.record))) {
    throw new UserError(
      `${folder} was not made by this command: ${runFile.record}, which says how to go on, is missing; start anew with --overwrite`,
    );
  }
  return folder;
}

async function readData(
  spec: string,
  validationSpec: string | undefined,
  images: RunOptions['images'] = {},
): Promise<{ data: Dataset; validation?: Dataset }> {
  const data = await readDataset(spec, images as ImageFolderOptions);
  if (validationSpec === undefined) return { data };
  const [, height, width, channels] = data.shape;
  const alike: ImageFolderOptions = {
    ...(images as ImageFolderOptions),
    size: [height!, width!],
    colour: channels === 3 ? 'colour' : 'grey',
  };
  const validation = await readDataset(validationSpec, data.names === undefined ? {} : alike);
  if (featureSize(validation) !== featureSize(data)) {
    throw new UserError(
      `--validation ${validationSpec}: its samples have ${shape(featureShape(validation))} values, those of ${spec} have ${shape(featureShape(data))}; give data of the same kind`,
    );
  }
  return { data, validation };
}

function fingerprints(
  { model }: RunOptions,
  data: Dataset | StoredRows,
  validation: Dataset | StoredRows | undefined,
): RunRecord['fingerprints'] {
  const of = (set: Dataset | StoredRows) => fingerprint(set, isConditional(model));
  return { data: of(data), ...(validation && { validation: of(validation) }) };
}
