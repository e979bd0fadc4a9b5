import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageFolderOptions } from '../data/images/folder.js';
import type { DecimalMark } from '../data/table/table.js';
import { UserError } from '../errors.js';
import type { Dataset, Model } from '../index.js';
import type { Output } from './output.js';
import { runFile } from './runFolder.js';
import { readRecord } from './runRecord.js';
import { dataFor } from './tableRun.js';

/** Data for a trained model, and the name that they go by. */
export interface RunData {
  readonly spec: string;
  readonly data: Dataset;
}

/**
 * The data that were named, or else those that a run was trained on, which its record holds.
 * @throws {UserError} when the run has no record, or data cannot be read
 */
export async function runData(
  folder: string,
  model: Model,
  { data: named, decimal }: { readonly data?: string; readonly decimal?: DecimalMark },
  output: Output,
): Promise<RunData> {
  if (named !== undefined) return { spec: named, data: await dataFor(model, named, output, { decimal }) };
  const path = join(folder, runFile.record);
  if (!existsSync(path)) {
    throw new UserError(
      `${folder}: ${runFile.record}, which tells what it was trained on, is missing; name the training data with --data`,
    );
  }
  const { options } = await readRecord(path);
  const { data: spec, images } = options;
  if (spec === '-') {
    throw new UserError(
      `${folder} was trained on standard input, which is gone; name the same data with --data`,
    );
  }
  try {
    const fit = images?.fit as ImageFolderOptions['fit'];
    return { spec, data: await dataFor(model, spec, output, { fit, decimal }) };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    throw new UserError(
      `${folder} was trained on ${spec}: ${cause.message}; if the data have moved, name them with --data`,
      { cause },
    );
  }
}
