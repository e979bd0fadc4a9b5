import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '../data/dataset.js';
import { isStored, type StoredRows } from '../data/storedRows.js';
import type { Table } from '../data/table/table.js';
import { UserError } from '../errors.js';
import type { TableEncoder } from './encode.js';

/** Encoded rows are kept in memory up to here, some quarter of a gigabyte, and in a file beyond. */
const memoryBytes = 2 ** 28;

let folder: string | undefined;
let files = 0;

/** A file that is gone when the process ends. */
function temporaryFile(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'autoencoder-rows-'));
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return join(folder, `rows${files++}`);
}

/**
 * All rows of a table, encoded, or only some of them: in memory where they fit into 256 MiB, else in a temporary file.
 * @throws {UserError} when none is left, the disk is full, and what reading the table and `TableEncoder` throw
 */
export async function encodeRows(
  table: Table,
  encoder: TableEncoder,
  used: (row: number) => boolean = () => true,
  limit = memoryBytes,
): Promise<Dataset | StoredRows> {
  const { width } = encoder;
  const places = encoder.locate(table);
  const pieces: Float32Array[] = [];
  let file: { path: string; handle: number } | undefined;
  let count = 0;
  let row = 0;
  try {
    for await (const chunk of table.chunks()) {
      const encoded = encoder.encode(chunk, places, table.source);
      let kept = 0;
      for (let i = 0; i < chunk.rows; i++) {
        if (!used(row++)) continue;
        encoded.copyWithin(kept * width, i * width, (i + 1) * width);
        kept++;
      }
      count += kept;
      const piece = encoded.subarray(0, kept * width);
      if (file === undefined && 4 * count * width > limit) {
        const path = temporaryFile();
        file = { path, handle: openSync(path, 'wx', 0o600) };
        for (const earlier of pieces.splice(0)) write(file.handle, earlier);
      }
      if (file === undefined) pieces.push(piece);
      else write(file.handle, piece);
    }
  } finally {
    if (file !== undefined) closeSync(file.handle);
  }
  if (count === 0) throw new UserError(`${table.source}: no rows are left`);
  if (file !== undefined) return { path: file.path, shape: [count, width], source: table.source };
  const data = new Float32Array(count * width);
  let at = 0;
  for (const piece of pieces) {
    data.set(piece, at);
    at += piece.length;
  }
  return { data, shape: [count, width], source: table.source };
}

function write(handle: number, piece: Float32Array): void {
  const bytes = new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
  try {
    let written = 0;
    while (written < bytes.length) written += writeSync(handle, bytes, written);
  } catch (cause) {
    throw new UserError(
      `the encoded rows do not fit on the disk of ${tmpdir()} (${(cause as Error).message}); free some space, or name another folder in TMPDIR`,
      { cause },
    );
  }
}

/** The first rows, in memory. */
export function firstRows(data: Dataset | StoredRows, count: number): Dataset {
  const [rows, width] = [Math.min(count, data.shape[0]!), data.shape[1]!];
  if (!isStored(data)) return { ...data, data: data.data.slice(0, rows * width), shape: [rows, width] };
  const handle = openSync(data.path, 'r');
  try {
    const values = new Float32Array(rows * width);
    const bytes = new Uint8Array(values.buffer);
    let filled = 0;
    while (filled < bytes.length) filled += readSync(handle, bytes, filled, bytes.length - filled, filled);
    return { data: values, shape: [rows, width], ...(data.source !== undefined && { source: data.source }) };
  } finally {
    closeSync(handle);
  }
}
