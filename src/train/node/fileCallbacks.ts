import { readFile } from 'node:fs/promises';
import { writeWhole } from '../../artifact/write.js';
import { UserError } from '../../errors.js';
import type { Callback, CheckpointContent, HistoryRow } from '../callbacks.js';
import { decodeCheckpoint, encodeCheckpoint } from '../checkpoint.js';
import { historyCsv } from '../history.js';

/** Writes a checkpoint after every epoch, and when training is aborted in the middle of one. */
export function checkpoint(path: string): Callback {
  return {
    name: 'checkpoint',
    needsState: true,
    onEpochEnd: (context) => writeWhole(path, encodeCheckpoint(context.checkpoint())),
    async onTrainEnd(context) {
      if (context.reason === 'aborted') await writeWhole(path, encodeCheckpoint(context.checkpoint()));
    },
  };
}

/** Writes all epochs so far as CSV after every epoch: a column for each figure. */
export function csvHistory(path: string): Callback {
  return historyFile('csvHistory', path, historyCsv);
}

/** Writes all epochs so far as JSON Lines after every epoch: one object for each. */
export function jsonLinesHistory(path: string): Callback {
  return historyFile('jsonLinesHistory', path, (rows) =>
    rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
  );
}

function historyFile(name: string, path: string, format: (rows: readonly HistoryRow[]) => string): Callback {
  return { name, onEpochEnd: ({ history }) => writeWhole(path, format(history)) };
}

/**
 * Reads a checkpoint, for `fit(data, { resume })`.
 * @throws {UserError} when the file is missing, damaged, foreign or newer
 */
export async function readCheckpoint(path: string): Promise<CheckpointContent> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new UserError(`${path}: no checkpoint can be read here: ${(cause as Error).message}`, { cause });
  }
  return decodeCheckpoint(bytes, path);
}
