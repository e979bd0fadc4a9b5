import { checkFinite } from '../data/checks.js';
import { type Dataset, featureSize } from '../data/dataset.js';
import { UserError } from '../errors.js';
import { readDataset } from '../index.js';
import { commandLine, counted } from './text.js';

/**
 * Reads codes.
 * @throws {UserError} when the file cannot be read, or its rows are no codes of this run
 */
export async function readCodes(spec: string, run: string, latent: number): Promise<Dataset> {
  if (/\.csv(\[[^\]]*\])?$/i.test(spec)) {
    throw new UserError(
      `${spec}: codes are read from .npy files; write them with: ${commandLine('encode', run, 'mnist:test', '-o', 'codes.npy')}`,
    );
  }
  const codes = await readDataset(spec);
  if (featureSize(codes) !== latent) {
    throw new UserError(
      `${spec}: a row has ${counted(featureSize(codes), 'number')}, but a code of ${run} has ${latent}; give codes that encode wrote with this run`,
    );
  }
  checkFinite(codes);
  return codes;
}
