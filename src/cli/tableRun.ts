import { sampleCount } from '../data/dataset.js';
import type { ImageFolderOptions } from '../data/images/folder.js';
import type { StoredRows } from '../data/storedRows.js';
import { type ReadTableOptions, readTable } from '../data/table/readTable.js';
import type { DecimalMark, Table } from '../data/table/table.js';
import { UserError } from '../errors.js';
import { createTableModel, familyOf, tableParts } from '../estimator/create.js';
import { nodePlatform } from '../estimator/nodePlatform.js';
import type { Dataset, Model } from '../index.js';
import type { Family } from '../models/family.js';
import { hasChannelsFirst, isConvolutional } from '../models/networks.js';
import { fieldOutputs } from '../nn/fields.js';
import { layoutOf, type TableSchema } from '../table/columns.js';
import { TableEncoder } from '../table/encode.js';
import { encodeRows, encodeTable, splitRows } from '../table/encodeRows.js';
import { fitTable, pickTableOptions, type TableOptions } from '../table/fit.js';
import type { Scaling } from '../table/scaling.js';
import { heldOutRows } from '../train/split.js';
import { checkWarmup, commonOptions } from './complete.js';
import { checkKind } from './dataKind.js';
import { checkSize, networkConfig } from './modelOf.js';
import { givenOptions, usualConfig } from './modelOptions.js';
import type { Output } from './output.js';
import type { RunOptions } from './runRecord.js';
import { checkColumnOptions, describeTable, fewRows } from './tableText.js';
import { counted } from './text.js';
import type { TrainOptions } from './train.js';

/** A table that is ready to be learned from. */
export interface TableData {
  /** The rows that are learned from; those that are set aside are the validation. */
  readonly data: Dataset | StoredRows;
  readonly validation?: Dataset | StoredRows;
  readonly schema: TableSchema;
  /** What was found out about its columns, in lines. */
  readonly description: readonly string[];
  /** What is unlike training about the rows of a validation table. */
  readonly notes: readonly string[];
}

type TableRunOptions = Pick<RunOptions, 'table' | 'validation' | 'validationSplit' | 'seed'>;

/**
 * Reads a table, finds out from the rows that are learned from what its columns are, and encodes it.
 * @throws {UserError}
 */
export async function readTableData(spec: string, options: TableRunOptions): Promise<TableData> {
  const { encoding, delimiter, decimal, scaling, ...rest } = options.table ?? {};
  const reading = readingOf({ encoding, delimiter, decimal });
  const table = await readTable(spec, reading);
  checkColumnOptions(table, rest);
  const { validationSplit, seed } = options;
  const held = validationSplit === undefined ? undefined : await heldOut(table, validationSplit, seed);
  const isHeld = (row: number) => held?.has(row) ?? false;
  const columns = { ...rest, ...(scaling && { scaling: scaling as Scaling }) } as TableOptions;
  const { schema: found, notes } = await fitTable(table, columns, (row) => !isHeld(row));
  const schema = Object.keys(reading).length === 0 ? found : { ...found, reading };
  const encoder = new TableEncoder(schema);
  const { data, held: aside } = await splitRows(table, encoder, isHeld);
  const other = new TableEncoder(schema);
  const validation =
    options.validation === undefined
      ? aside
      : await encodeRows(await readTable(options.validation, reading), other);
  const rows = sampleCount(data) + (held?.size ?? 0);
  return {
    data,
    ...(validation && { validation }),
    schema,
    notes: other.notes().map((note) => ofValidation(options.validation, note)),
    description: describeTable(table.source, rows, schema, [...notes, ...fewRows(sampleCount(data))]),
  };
}

/** A note on the data of `--validation`. */
export function ofValidation(validation: string | undefined, note: string): string {
  return `--validation ${validation}: ${note}`;
}

/**
 * The numbers of the rows that are set aside.
 * @throws {UserError} when none is, or all are
 */
async function heldOut(table: Table, share: number, seed: number): Promise<ReadonlySet<number>> {
  let count = table.rowCount ?? 0;
  if (table.rowCount === undefined) for await (const { rows } of table.chunks()) count += rows;
  const aside = Math.round(count * share);
  if (count > 0 && (aside === 0 || aside === count)) {
    throw new UserError(
      `--validation-split ${share} of the ${counted(count, 'row')} of ${table.source} is ${aside}, but both sides need at least one; ${count < 3 ? 'leave it out' : 'give another share'}, or --validation with a table of its own`,
    );
  }
  return new Set(heldOutRows(count, share, seed));
}

/** What a run on a table records of how its columns are to be read. */
export function tableOptionsOf(given: TrainOptions): NonNullable<RunOptions['table']> {
  const { encoding, delimiter, decimal } = given;
  return {
    ...pickTableOptions(given as Parameters<typeof pickTableOptions>[0]),
    ...readingOf({ encoding, delimiter, decimal }),
  } as NonNullable<RunOptions['table']>;
}

/**
 * Fills in what was not given; the sizes of the network from the columns.
 * @throws {UserError} for options that a table does not have
 */
export function completeTableOptions(spec: string, given: TrainOptions, schema: TableSchema): RunOptions {
  for (const name of ['output', 'loss', 'likelihood', 'variance'] as const) {
    if (given[name] === undefined) continue;
    throw new UserError(
      `--${name} is for arrays and images; each column of a table has a likelihood of its own (gaussian for numbers, categorical for categories, bernoulli for booleans); leave it out`,
    );
  }
  const family = familyOf(given.model ?? 'autoencoder');
  const modelOptions = givenOptions(family, given);
  checkWarmup(family, given);
  if (
    Object.hasOwn(family.own, 'likelihood') ||
    modelOptions.channels !== undefined ||
    isConvolutional(usualConfig(family))
  ) {
    throw new UserError(
      `--model ${family.name}${modelOptions.channels === undefined ? '' : ' with --channels'} is for arrays and images, and ${spec} is a table; choose another, such as vae`,
    );
  }
  const outputs = fieldOutputs(layoutOf(schema.columns));
  const table = tableOptionsOf(given);
  const latentActivation = given.latentActivation as RunOptions['activation'] | undefined;
  return {
    ...commonOptions(spec, given),
    model: family.name as RunOptions['model'],
    hidden: given.hidden ?? [Math.min(Math.max(4 * outputs, 32), 256)],
    latent: given.latent ?? usualLatent(family, outputs),
    ...(latentActivation !== undefined && { latentActivation }),
    ...(given.betaWarmup !== undefined && { betaWarmup: given.betaWarmup }),
    modelOptions: modelOptions as RunOptions['modelOptions'],
    ...(Object.keys(table).length > 0 && { table }),
  };
}

/** The square root of what a row holds, from 2 to 32; a multiple of the pieces that some models cut codes into. */
function usualLatent(family: Family<unknown>, outputs: number): number {
  const size = Math.min(Math.max(Math.ceil(Math.sqrt(outputs)), 2), 32);
  const { classes, codeSize } = usualConfig(family) as { classes?: number; codeSize?: number };
  const piece = classes ?? codeSize ?? 1;
  return Math.ceil(size / piece) * piece;
}

/**
 * The model of a run on a table, with its first weights.
 * @param samples how many rows there are to learn from
 * @throws {UserError} when it is too large for this machine
 */
export function tableModelOf(options: RunOptions, schema: TableSchema, samples: number): Model {
  const { model, latentActivation, seed } = options;
  const config = { ...networkConfig(options), ...(latentActivation && { latentActivation }) };
  const { sample, likelihood } = tableParts(schema);
  checkSize(options, { ...config, likelihood }, sample, samples);
  return createTableModel(nodePlatform, schema, { model, seed, ...config } as never);
}

/** What was said of how data for a trained model are to be read. */
export interface DataReading {
  /** How pictures are brought to the size of the model's. */
  readonly fit?: ImageFolderOptions['fit'] | undefined;
  /** What stands before the decimals of numbers in a table. */
  readonly decimal?: DecimalMark | undefined;
}

/**
 * Data for a trained model: rows of a table encoded as in training, or arrays as they are. Warns of what is unlike
 * training.
 * @throws {UserError}
 */
export async function dataFor(
  model: Model,
  spec: string,
  output: Output,
  reading: DataReading = {},
): Promise<Dataset> {
  const data = await readFor(model, spec, reading);
  output.warnAll(data.notes ?? []);
  return data;
}

async function readFor(model: Model, spec: string, { fit, decimal }: DataReading): Promise<Dataset> {
  checkKind(model, spec);
  if (model.table === undefined) {
    if (decimal !== undefined) {
      throw new UserError(
        '--decimal is about the numbers of a table, but the run was trained on arrays; leave it out',
      );
    }
    const { readDataset } = await import('../index.js');
    const data = await readDataset(spec, { ...imagesLike(model), ...(fit && { fit }) });
    if (data.names !== undefined && hasChannelsFirst(model.config, model.sampleSpec.shape)) {
      throw new UserError(
        `${spec}: pictures of a folder are read with their channels last, and the run takes them first, as [${model.sampleSpec.shape.join(', ')}]; give a .npy file of that form`,
      );
    }
    return data;
  }
  return encodeTable(await tableFor(model, spec, decimal), new TableEncoder(model.table));
}

/**
 * A table that is read as the one that the model was trained on was.
 * @param decimal what stands before decimals, where it was said of this table
 * @throws {UserError} when it is none, or cannot be read
 */
export async function tableFor(model: Model, spec: string, decimal: DecimalMark | undefined): Promise<Table> {
  checkKind(model, spec);
  return readTable(spec, readingOf({ ...model.table?.reading, ...(decimal !== undefined && { decimal }) }));
}

/** How a text file is to be read, as far as it was said. */
export function readingOf({
  encoding,
  delimiter,
  decimal,
}: {
  readonly encoding?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly decimal?: DecimalMark | undefined;
}): ReadTableOptions {
  return {
    ...(encoding !== undefined && { encoding }),
    ...(delimiter !== undefined && { delimiter }),
    ...(decimal !== undefined && { decimal }),
  };
}

/** Pictures as the model was trained on them. */
function imagesLike({ sampleSpec }: Model): ImageFolderOptions {
  const [height, width, channels] = sampleSpec.shape;
  if (height === undefined || width === undefined) return {};
  return { size: [height, width], colour: channels === 3 ? 'colour' : 'grey' };
}
