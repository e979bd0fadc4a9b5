import { extname } from 'node:path';
import { UserError } from '../errors.js';
import { looksLikeIdx, parseIdx } from './idx.js';
import { parseNpy } from './npy.js';
import { looksLikeNpy } from './npyHeader.js';
import type { NumericTensor } from './numeric.js';

/** A file format that data are read from. */
interface Format {
  readonly name: string;
  /** Whether a file with this name should be of this format; the name has no `.gz`. */
  readonly named: (path: string) => boolean;
  /** Whether a file with these bytes is of this format. */
  readonly matches: (bytes: Uint8Array) => boolean;
  readonly parse: (bytes: Uint8Array, source: string) => NumericTensor;
}

const formats: readonly Format[] = [
  {
    name: 'IDX',
    named: (path) => /idx\d*-?[a-z]*$/i.test(path),
    matches: looksLikeIdx,
    parse: parseIdx,
  },
  {
    name: '.npy',
    named: (path) => extname(path).toLowerCase() === '.npy',
    matches: looksLikeNpy,
    parse: parseNpy,
  },
];

/** First bytes of formats that people try, so that the message can say what the file is. */
const foreign: readonly (readonly [prefix: string, name: string])[] = [
  ['PK\x03\x04', 'a ZIP archive (.npz is one, and is read as a table)'],
  ['\x89PNG', 'a PNG picture'],
  ['\xff\xd8\xff', 'a JPEG picture'],
  ['PAR1', 'a Parquet file'],
  ['\x89HDF', 'an HDF5 file'],
  ['\x80\x02', 'a Python pickle'],
  ['\x80\x03', 'a Python pickle'],
  ['\x80\x04', 'a Python pickle'],
  ['\x80\x05', 'a Python pickle'],
  ['BZh', 'a bzip2 archive'],
  ['\xfd7zXZ', 'an xz archive'],
  ['\x28\xb5\x2f\xfd', 'a Zstandard archive'],
  ['\x1f\x8b', 'gzipped twice'],
];

/**
 * Reads a file's numbers, in the format that its content shows; only when it shows none does the name decide,
 * so that the message can say what is wrong with the header.
 * @throws {UserError} for every format that is not read, and all that the format's own reader throws.
 */
export function parseFile(bytes: Uint8Array, path: string): NumericTensor {
  const format =
    formats.find(({ matches }) => matches(bytes)) ??
    (foreignName(bytes) ? undefined : formats.find(({ named }) => named(path.replace(/\.gz$/i, ''))));
  if (format) return format.parse(bytes, path);
  const known = formats.map(({ name }) => name).join(' and ');
  throw new UserError(
    `${path} is ${foreignName(bytes) ?? 'of no format that is read'}; ${known} files are read (gzipped too)`,
  );
}

function foreignName(bytes: Uint8Array): string | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 512));
  const found = foreign.find(([prefix]) => head.startsWith(prefix));
  if (found) return found[1];
  return head.length > 0 && /^[\t\n\r -~\u00a0-\u00ff]*$/.test(head)
    ? 'text (CSV and JSON Lines are read as tables)'
    : undefined;
}
