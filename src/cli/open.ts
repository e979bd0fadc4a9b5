import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { manifestFile } from '../artifact/folder.js';
import { UserError } from '../errors.js';
import { load, type Model } from '../index.js';
import { resumeCommand, runState } from './runFolder.js';
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
  if (await isDetector(folder)) {
    throw new UserError(
      `${folder} holds a detector, which judges rows of tables and nothing else: ${commandLine('detect', 'rows.csv', '--run', folder)}; ${commandLine('info', folder)} shows what it is`,
    );
  }
  return load(folder);
}

/** Whether a folder holds a detector; false also where it holds nothing, of which opening it will say more. */
export async function isDetector(folder: string): Promise<boolean> {
  try {
    const { family } = JSON.parse(await readFile(join(folder, manifestFile), 'utf8')) as { family?: unknown };
    return family === 'detector';
  } catch {
    return false;
  }
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
