import { join } from 'node:path';
import { type ModelFolder, readFolder } from '../artifact/folder.js';
import { fromSafetensors } from '../artifact/safetensors.js';
import { UserError } from '../errors.js';
import { sizeOf } from '../graph/shape.js';
import type { Family } from '../models/family.js';
import { parseTableSchema } from '../table/columns.js';
import type { History } from '../train/history.js';
import { findFamily, restoreModel } from './create.js';
import type { Model } from './model.js';
import type { Platform } from './platform.js';

/**
 * Reads a model from its folder. What it computes is bit for bit what it computed when it was saved.
 * @param own families that are not of this project
 * @throws {UserError} when the folder holds no model, or a file is missing, damaged, foreign or newer
 */
export async function loadModel(
  platform: Platform,
  folder: string,
  own: readonly Family<unknown>[] = [],
): Promise<Model> {
  const { manifest, files } = await readFolder(folder);
  const { family, config, sample, table, seed, training } = manifest;
  if (family === 'detector') {
    throw new UserError(`${folder} holds a detector of anomalies, not a model; open it with loadDetector`);
  }
  const known = findFamily(family, own);
  if (known === undefined) {
    throw new UserError(
      `${folder}: a model of the family '${family}', which this version does not know; update autoencoder, or open it in a program that gives the family to load()`,
    );
  }
  const weights = readWeights(folder, files);
  const parts = {
    family: known,
    config,
    sample,
    seed,
    weights,
    ...(table !== undefined && { table: parseTableSchema(table, sample.fields, folder) }),
    ...(training !== null && { training }),
  };
  const model = restoreModel(platform, {
    ...parts,
    ...(training !== null && { history: readHistory(files, training) }),
  });
  for (const { name, shape } of model.variables) {
    const size = sizeOf(shape);
    if (weights[name]?.length !== size) {
      throw new UserError(
        `${join(folder, weightsFile)}: damaged: '${name}' should have ${size} numbers, it has ${weights[name]?.length ?? 'none'}`,
      );
    }
  }
  return model;
}

const weightsFile = 'weights.safetensors';

function readWeights(folder: string, files: ModelFolder['files']): Record<string, Float32Array> {
  const path = join(folder, weightsFile);
  const file = files.get(weightsFile);
  if (file === undefined) throw new UserError(`${path}: the manifest does not list the weights`);
  return Object.fromEntries([...fromSafetensors(file, path).tensors].map(([name, { data }]) => [name, data]));
}

/** The history as it was written. */
function readHistory(
  files: ModelFolder['files'],
  training: Readonly<Record<string, unknown>> | null,
): History {
  const [header = '', ...lines] = new TextDecoder()
    .decode(files.get('history.csv') ?? new Uint8Array())
    .trim()
    .split('\n');
  const columns = header.split(',');
  const rows = lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(columns.flatMap((column, i) => (cells[i] ? [[column, Number(cells[i])]] : [])));
  });
  const { reason = 'finished', stopReason = null } = training as Partial<History>;
  return { rows, reason, stopReason };
}
