import { existsSync, statSync } from 'node:fs';
import { totalmem } from 'node:os';
import { UserError } from '../errors.js';
import { load, type Model } from '../index.js';
import { isDetector, resumeCommand, runState } from './runFolder.js';
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
  if (isDetector(folder)) {
    throw new UserError(
      `${folder} holds a detector, which judges rows of tables and nothing else: ${commandLine('detect', 'rows.csv', '--run', folder)}; ${commandLine('info', folder)} shows what it is`,
    );
  }
  return load(folder);
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
