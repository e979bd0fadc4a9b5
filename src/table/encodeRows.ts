import { closeSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '../data/dataset.js';
import { readFully } from '../data/readFully.js';
import { isStored, type StoredRows } from '../data/storedRows.js';
import type { Table } from '../data/table/table.js';
import { UserError } from '../errors.js';
import { makeTemporaryFolder } from '../temporary.js';
import type { TableEncoder } from './encode.js';

/** Encoded rows are kept in memory up to here, some quarter of a gigabyte, and in a file beyond. */
const memoryBytes = 2 ** 28;

let folder: string | undefined;
let files = 0;

/** A file that is gone when the process ends. */
function temporaryFile(): string {
  folder ??= makeTemporaryFolder('autoencoder-rows-');
  return join(folder, `rows${files++}`);
}

/**
 * All rows of a table, encoded: in memory where they fit into 256 MiB, else in a temporary file.
 * @throws {UserError} when the disk is full, and what reading the table and `TableEncoder` throw
 */
export async function encodeRows(
  table: Table,
  encoder: TableEncoder,
  limit = memoryBytes,
): Promise<Dataset | StoredRows> {
  return (await splitRows(table, encoder, () => false, limit)).data;
}

/**
 * All rows of a table, encoded, in memory; its notes say what is unlike training.
 * @throws {UserError} what reading the table and `TableEncoder` throw
 */
export async function encodeTable(table: Table, encoder: TableEncoder): Promise<Dataset> {
  const rows = (await encodeRows(table, encoder, Number.POSITIVE_INFINITY)) as Dataset;
  const notes = encoder.notes();
  return notes.length === 0 ? rows : { ...rows, notes };
}

/** Rows to learn from, and those set aside. */
export interface SplitRows {
  readonly data: Dataset | StoredRows;
  /** Missing where no row is set aside. */
  readonly held?: Dataset | StoredRows;
}

/**
 * Reads a table once and encodes its rows, some of them apart; each side as `encodeRows` gives it.
 * @param isHeld Which rows are set aside, by their number from 0.
 * @throws {UserError} when no row is left to learn from, the disk is full, and what reading the table and
 *   `TableEncoder` throw
 */
export async function splitRows(
  table: Table,
  encoder: TableEncoder,
  isHeld: (row: number) => boolean,
  limit = memoryBytes,
): Promise<SplitRows> {
  const { width } = encoder;
  const places = encoder.locate(table);
  const sides = [new RowCollector(width, limit), new RowCollector(width, limit)] as const;
  let row = 0;
  try {
    for await (const chunk of table.chunks()) {
      const encoded = encoder.encode(chunk, places, table.source);
      const apart = Array.from({ length: chunk.rows }, () => isHeld(row++));
      sides[0].add(encoded, apart, false);
      sides[1].add(encoded, apart, true);
    }
  } finally {
    for (const side of sides) side.close();
  }
  const [data, held] = [sides[0].rows(table.source), sides[1].rows(table.source)];
  if (data === undefined) throw new UserError(`${table.source}: no rows are left`);
  return held === undefined ? { data } : { data, held };
}

/** Keeps encoded rows: in memory until there are too many, in a file from then on. */
class RowCollector {
  private readonly pieces: Float32Array[] = [];
  private file: { readonly path: string; readonly handle: number } | undefined;
  private count = 0;

  constructor(
    private readonly width: number,
    private readonly limit: number,
  ) {}

  /** Takes those rows of a chunk whose mark is `wanted`. */
  add(encoded: Float32Array, marks: readonly boolean[], wanted: boolean): void {
    const { width } = this;
    const kept = marks.reduce((sum, mark) => sum + Number(mark === wanted), 0);
    if (kept === 0) return;
    const piece = kept === marks.length ? encoded : new Float32Array(kept * width);
    if (piece !== encoded) {
      let at = 0;
      marks.forEach((mark, i) => {
        if (mark === wanted) piece.set(encoded.subarray(i * width, (i + 1) * width), width * at++);
      });
    }
    this.count += kept;
    if (this.file === undefined && 4 * this.count * width > this.limit) {
      const path = temporaryFile();
      this.file = { path, handle: openSync(path, 'wx', 0o600) };
      for (const earlier of this.pieces.splice(0)) write(this.file.handle, earlier);
    }
    if (this.file === undefined) this.pieces.push(piece);
    else write(this.file.handle, piece);
  }

  /** No more rows come. */
  close(): void {
    if (this.file !== undefined) closeSync(this.file.handle);
  }

  /** All rows, where there are any. */
  rows(source: string): Dataset | StoredRows | undefined {
    const { count, width, file } = this;
    if (count === 0) return undefined;
    if (file !== undefined) return { path: file.path, shape: [count, width], source };
    const data = new Float32Array(count * width);
    let at = 0;
    for (const piece of this.pieces) {
      data.set(piece, at);
      at += piece.length;
    }
    return { data, shape: [count, width], source };
  }
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
    readFully(handle, values, 0);
    return { data: values, shape: [rows, width], ...(data.source !== undefined && { source: data.source }) };
  } finally {
    closeSync(handle);
  }
}
