import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeWhole } from '../artifact/write.js';
import type { Dataset } from '../data/dataset.js';
import { isStored, type StoredRows } from '../data/storedRows.js';
import { UserError } from '../errors.js';
import { activationName, count } from '../models/family.js';
import { defaultLearningRate, type OptimizerName } from '../nn/optimizers.js';
import { scalings } from '../table/scaling.js';
import { version } from '../version.js';
import { modelNames } from './modelOptions.js';

const optimizerName = z.enum(Object.keys(defaultLearningRate) as [OptimizerName, ...OptimizerName[]]);
const positive = z.number().positive();

const optionsSchema = z.strictObject({
  /** What can be read from any folder: files have their whole path. */
  data: z.string(),
  model: z.enum(modelNames),
  hidden: z.array(count),
  latent: count,
  activation: activationName,
  latentActivation: activationName.optional(),
  output: activationName.optional(),
  loss: z.enum(['mse', 'mae', 'huber', 'bce']).optional(),
  likelihood: z.enum(['bernoulli', 'gaussian']).optional(),
  variance: z.union([positive, z.literal('learned')]).optional(),
  betaWarmup: positive.optional(),
  /** Options of the model's family beside these, as they were given. */
  modelOptions: z.record(z.string(), z.json()),
  epochs: count,
  batchSize: count,
  validation: z.string().optional(),
  validationSplit: z.number().gt(0).lt(1).optional(),
  learningRate: positive,
  optimizer: optimizerName,
  clipNorm: positive.optional(),
  earlyStopping: count.optional(),
  seed: z.int(),
  /** How the pictures of a folder are brought to one size. */
  images: z
    .strictObject({
      size: z.tuple([count, count]).optional(),
      fit: z.enum(['cover', 'contain', 'fill']).optional(),
      colour: z.enum(['auto', 'grey', 'colour']).optional(),
    })
    .optional(),
  /** How the columns of a table are to be read. */
  table: z
    .strictObject({
      columns: z.array(z.string()).optional(),
      drop: z.array(z.string()).optional(),
      categorical: z.array(z.string()).optional(),
      label: z.string().optional(),
      id: z.string().optional(),
      scaling: z.enum(scalings).optional(),
      encoding: z.string().optional(),
      delimiter: z.string().optional(),
      decimal: z.enum(['.', ',']).optional(),
    })
    .optional(),
});

/** All options of a run that decide its outcome, defaults filled in; those that the model does not have are missing. */
export type RunOptions = z.output<typeof optionsSchema>;

const recordSchema = z.strictObject({
  format: z.literal('autoencoder run'),
  version: z.literal(1),
  writtenBy: z.string(),
  options: optionsSchema,
  /** SHA-256 of the samples: a run goes on with the same data or not at all. */
  fingerprints: z.strictObject({ data: z.string(), validation: z.string().optional() }),
});

/** What `run.json` holds: how a run was started, so that it can go on without being told again. */
export type RunRecord = z.output<typeof recordSchema>;

/** The record of a run that starts. */
export function makeRecord(options: RunOptions, fingerprints: RunRecord['fingerprints']): RunRecord {
  return {
    format: 'autoencoder run',
    version: 1,
    writtenBy: `autoencoder ${version}`,
    options,
    fingerprints,
  };
}

/**
 * Writes a record.
 * @throws {UserError} when the file cannot be written
 */
export function writeRecord(path: string, record: RunRecord): Promise<void> {
  return writeWhole(path, `${JSON.stringify(record, null, 2)}\n`);
}

/**
 * Reads a record.
 * @throws {UserError} when it is damaged, foreign or newer
 */
export async function readRecord(path: string): Promise<RunRecord> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new UserError(
      `${path}: the record of the run cannot be read (${(cause as Error).message}); start anew with --overwrite`,
      { cause },
    );
  }
  const { format, version: found } = (json ?? {}) as Record<string, unknown>;
  if (format === 'autoencoder run' && typeof found === 'number' && found > 1) {
    throw new UserError(`${path}: written by a newer program (format ${found}); update autoencoder`);
  }
  const result = recordSchema.safeParse(json);
  if (result.success) return result.data;
  throw new UserError(
    `${path}: damaged: ${z.prettifyError(result.error).replaceAll('\n', ' ')}; start anew with --overwrite`,
  );
}

/** A hash of the samples with their shape and dtype, and with their labels where these are learned from too. */
export function fingerprint(set: Dataset | StoredRows, labelled = false): string {
  if (isStored(set)) return fileFingerprint(set);
  const { data, shape, labels } = set;
  const dtype = data instanceof Uint8Array ? 'uint8' : 'float32';
  return createHash('sha256')
    .update(`${dtype} ${shape.join(',')}\n`)
    .update(data)
    .update(labelled && labels !== undefined ? labels : '')
    .digest('hex');
}

/** The same of rows in a file: what they would have in memory. */
function fileFingerprint({ path, shape }: StoredRows): string {
  const hash = createHash('sha256').update(`float32 ${shape.join(',')}\n`);
  const handle = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(2 ** 20);
    let read = readSync(handle, buffer);
    while (read > 0) {
      hash.update(buffer.subarray(0, read));
      read = readSync(handle, buffer);
    }
  } finally {
    closeSync(handle);
  }
  return hash.digest('hex');
}
