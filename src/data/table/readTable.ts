import { createWriteStream, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { shown, UserError } from '../../errors.js';
import { makeTemporaryFolder } from '../../temporary.js';
import type { DecimalMark, Table } from './table.js';
import { readText } from './textStream.js';

/** How text files are read; binary ones say all of it themselves. */
export interface ReadTableOptions {
  /** The encoding of a text file, such as `windows-1252`; UTF-8 and what a byte order mark says by default. */
  readonly encoding?: string;
  /** What separates the cells of a CSV file; found out by default. */
  readonly delimiter?: string;
  /** The mark before decimals in texts that are numbers; the texts show it by default. */
  readonly decimal?: DecimalMark;
}

type Reader = (path: string, options: ReadTableOptions) => Promise<Table>;

/** A reader is loaded, with the libraries for its format, when a file asks for it: most programs need one or none. */
const readers: readonly { readonly ending: RegExp; readonly read: Reader }[] = [
  { ending: /\.(csv|tsv|tab|txt)$/i, read: csv },
  { ending: /\.(jsonl|ndjson)$/i, read: jsonLines },
  { ending: /\.(parquet|pq)$/i, read: async (path) => (await import('./parquet.js')).parquetTable(path) },
  { ending: /\.npz$/i, read: async (path) => (await import('./numpyTable.js')).npzTable(path) },
  { ending: /\.npy$/i, read: async (path) => (await import('./numpyTable.js')).npyTable(path) },
];

async function csv(path: string, options: ReadTableOptions): Promise<Table> {
  return (await import('./csv.js')).csvTable(path, options);
}

async function jsonLines(path: string, options: ReadTableOptions): Promise<Table> {
  return (await import('./jsonLines.js')).jsonLinesTable(path, options);
}

/** The files that are read as tables, for help texts and messages. */
export const tableFiles = 'CSV, TSV, JSON Lines, Parquet, .npz or .npy (gzipped too)';

/** Whether a path names a table by its ending, or standard input. A .npy may as well hold images. */
export function namesTable(path: string): boolean {
  return path === '-' || (readerOf(path) !== undefined && !/\.npy(\.gz)?$/i.test(path));
}

function readerOf(path: string): Reader | undefined {
  const name = path.replace(/\.gz$/i, '');
  return readers.find(({ ending }) => ending.test(name))?.read;
}

/**
 * Opens a table: CSV (and TSV, `;`, `|`), JSON Lines, Parquet, .npz with `X` and `y`, or .npy, each gzipped or not; `-`
 * is CSV, or JSON Lines, from standard input.
 * @throws {UserError} for a file of another kind, and all that the readers throw
 */
export async function readTable(path: string, options: ReadTableOptions = {}): Promise<Table> {
  const { decimal } = options;
  if (decimal !== undefined && decimal !== '.' && decimal !== ',') {
    throw new UserError(`decimal: ${shown(decimal)} was given; expected "." or ","`);
  }
  const table = await open(path, options);
  return decimal === undefined ? table : { ...table, decimal };
}

async function open(path: string, options: ReadTableOptions): Promise<Table> {
  if (path === '-') return standardInput(options);
  const read = readerOf(path);
  if (read !== undefined) return read(path, options);
  if (!existsSync(path)) throw new UserError(`there is no file ${path}; check the path`);
  throw new UserError(
    `${path}: the name's ending does not say what the file holds; tables are read from ${tableFiles}`,
  );
}

let spooled: Promise<string> | undefined;

/** Standard input can be read once, a table more often: it goes through a file, which is gone when the process ends. */
async function standardInput(options: ReadTableOptions): Promise<Table> {
  spooled ??= spool();
  const path = await spooled;
  try {
    const read = (await startsWithBrace(path, options)) ? jsonLines : csv;
    const table = await read(path, options);
    return {
      ...table,
      source: standardInputName,
      async *chunks() {
        try {
          yield* table.chunks();
        } catch (error) {
          throw renamed(error, path);
        }
      },
    };
  } catch (error) {
    throw renamed(error, path);
  }
}

const standardInputName = 'standard input';

/** A user does not know the file. */
function renamed(error: unknown, path: string): unknown {
  if (!(error instanceof UserError)) return error;
  return new UserError(error.message.replaceAll(path, standardInputName), { cause: error.cause });
}

async function spool(): Promise<string> {
  if (process.stdin.isTTY) {
    throw new UserError(
      '- means standard input, but nothing is piped in; as in: zcat data.csv.gz | autoencoder … -',
    );
  }
  try {
    const folder = makeTemporaryFolder('autoencoder-stdin-');
    const path = join(folder, 'stdin');
    await pipeline(process.stdin, createWriteStream(path, { mode: 0o600 }));
    return path;
  } catch (error) {
    throw new UserError(
      `${standardInputName} could not be put into a file in ${tmpdir()} (${(error as Error).message}); pipe in a table, with room for it there, or name another folder in TMPDIR`,
      { cause: error },
    );
  }
}

async function startsWithBrace(path: string, options: ReadTableOptions): Promise<boolean> {
  for await (const text of readText(path, options)) return text.trimStart().startsWith('{');
  return false;
}
