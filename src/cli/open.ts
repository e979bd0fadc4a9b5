import { existsSync, statSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join, relative } from 'node:path';
import { nameText } from '../data/table/table.js';
import { UserError } from '../errors.js';
import { load, type Model, VariationalModel } from '../index.js';
import { resumeCommand, runFile, runState } from './runFolder.js';
import { readRecord } from './runRecord.js';
import { bytes, commandLine, count } from './text.js';

/**
 * Loads the model of a run.
 * @throws {UserError} when there is none, its training has not finished, or it is damaged
 */
export async function openRun(folder: string): Promise<Model> {
  if (!existsSync(folder)) throw new UserError(`there is no folder ${folder}; give the one that train wrote`);
  if (!statSync(folder).isDirectory()) {
    throw new UserError(`${folder} is a file; give the folder that train wrote`);
  }
  if (runState(folder) === 'started') {
    throw new UserError(`${folder}: its training has not finished; go on with it: ${resumeCommand(folder)}`);
  }
  return load(folder);
}

/**
 * The same, of a model that new samples can be drawn from.
 * @throws {UserError} when the model is a plain autoencoder
 */
export async function openVae(folder: string): Promise<VariationalModel> {
  const model = await openRun(folder);
  if (model instanceof VariationalModel) return model;
  throw new UserError(
    `${folder} holds a plain autoencoder, whose codes have no distribution to draw from; train a VAE: ${commandLine(...(await sameAsVae(folder)))}`,
  );
}

/** The words of the command that trains a VAE on the data of a run, read as they were for it. */
async function sameAsVae(folder: string): Promise<string[]> {
  const path = join(folder, runFile.record);
  // A model that a program has saved has no record.
  if (!existsSync(path)) return ['train', 'DATA', '--model', 'vae'];
  const { data, table = {} } = (await readRecord(path)).options;
  const reading = Object.entries(table).flatMap(([option, value = '']) => [
    `--${option}`,
    Array.isArray(value) ? value.map(nameText).join(',') : value,
  ]);
  return ['train', existsSync(data) ? relative(process.cwd(), data) : data, '--model', 'vae', ...reading];
}

/**
 * Makes sure that results fit into memory before they are computed.
 * @throws {UserError}
 */
export function checkResultSize(samples: number, values: number): void {
  const needed = samples * values * 4 * 2;
  const available = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  if (needed <= available) return;
  throw new UserError(
    `${count(samples)} samples of ${count(values)} numbers need about ${bytes(needed)} of memory, and this machine has ${bytes(available)}; ask for fewer`,
  );
}
