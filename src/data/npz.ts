import { constants } from 'node:buffer';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { UserError } from '../errors.js';
import { countText } from './bytes.js';
import { readBytes } from './file.js';
import { parseNpy } from './npy.js';
import type { NumericTensor } from './numeric.js';

/** An opened .npz archive. */
export interface Npz {
  /** The names of its arrays, without `.npy`, in the order of the archive. */
  readonly names: readonly string[];
  /**
   * Reads one array.
   * @throws {UserError} when it is damaged, holds no numbers, or unpacks to more than the limit
   */
  read(name: string): Promise<NumericTensor>;
}

/** A few kilobytes can be made to unpack to terabytes. */
const defaultMaxBytes = Math.min(2 ** 32 - 1, constants.MAX_LENGTH);

/**
 * Opens a .npz archive, as numpy.savez and numpy.savez_compressed write it. Members that are not .npy are left aside;
 * pickled objects are refused when they are read.
 * @throws {UserError} when the file is missing, no ZIP archive, cut short, encrypted, or without arrays
 */
export async function openNpz(path: string, { maxBytes = defaultMaxBytes } = {}): Promise<Npz> {
  const bytes = await readBytes(path);
  const zip = await openZip(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), path);
  const entries = new Map<string, Entry>();
  try {
    await new Promise<void>((resolve, reject) => {
      zip.on('entry', (entry: Entry) => {
        if (/\.npy$/i.test(entry.fileName)) entries.set(entry.fileName.slice(0, -4), entry);
        zip.readEntry();
      });
      zip.on('end', resolve);
      zip.on('error', reject);
      zip.readEntry();
    });
  } catch (error) {
    throw damaged(path, error);
  }
  if (entries.size === 0) {
    throw new UserError(
      `${path} is a ZIP archive without NumPy arrays; expected what numpy.savez('${path}', X=…) writes`,
    );
  }
  return {
    names: [...entries.keys()],
    async read(name) {
      const entry = entries.get(name);
      if (entry === undefined) {
        throw new UserError(
          `${path} has no array ${JSON.stringify(name)}; it has ${[...entries.keys()].join(', ')}`,
        );
      }
      return parseNpy(await unpack(zip, entry, path, maxBytes), `${path} (${name})`);
    },
  };
}

function openZip(bytes: Buffer, path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    yauzl.fromBuffer(bytes, { lazyEntries: true, validateEntrySizes: true }, (error, zip) =>
      error ? reject(damaged(path, error)) : resolve(zip),
    );
  });
}

async function unpack(zip: ZipFile, entry: Entry, path: string, maxBytes: number): Promise<Uint8Array> {
  if (entry.isEncrypted()) {
    throw new UserError(`${path}: ${entry.fileName} is encrypted; save the arrays without a password`);
  }
  if (entry.uncompressedSize > maxBytes) {
    throw new UserError(
      `${path}: ${entry.fileName} unpacks to ${countText(entry.uncompressedSize)} bytes, more than the limit of ${countText(maxBytes)}; save it in smaller parts`,
    );
  }
  const pieces: Buffer[] = [];
  try {
    const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
      zip.openReadStream(entry, (error, opened) => (error ? reject(error) : resolve(opened)));
    });
    // The sizes that the archive states are checked on the way: it stops before it gives more.
    for await (const piece of stream) pieces.push(piece as Buffer);
  } catch (error) {
    throw damaged(path, error);
  }
  const whole = Buffer.concat(pieces);
  return new Uint8Array(whole.buffer as ArrayBuffer, whole.byteOffset, whole.byteLength);
}

function damaged(path: string, error: unknown): UserError {
  return new UserError(
    `${path} is no .npz archive that can be read (${(error as Error).message}); copy it or save it again`,
    { cause: error },
  );
}
