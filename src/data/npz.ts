import { constants } from 'node:buffer';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { shown, UserError } from '../errors.js';
import { countText, hexOf } from './bytes.js';
import { readBytes } from './file.js';
import { parseNpy } from './npy.js';
import { parseNpyHeader } from './npyHeader.js';
import type { NumericTensor } from './numeric.js';

/** An opened .npz archive. Its arrays are unpacked when they are asked for, and not before. */
export interface Npz {
  /** The names of its arrays, without `.npy`, in the order of the archive. */
  readonly names: readonly string[];
  /**
   * Reads one array.
   * @throws {UserError} when there is none of that name, it is encrypted or damaged, holds no numbers, or unpacks to
   *   more than the limit, together with those read before
   */
  read(name: string): Promise<NumericTensor>;
  /**
   * The shape of an array, from its first bytes; `undefined` where it holds no numbers or cannot be read.
   */
  shape(name: string): Promise<readonly number[] | undefined>;
}

/** How {@link openNpz} reads. */
export interface NpzOptions {
  /** The most bytes that the arrays that are read may unpack to, together: 4 GiB less one byte unless given. */
  readonly maxBytes?: number;
}

const defaultMaxBytes = Math.min(2 ** 32 - 1, constants.MAX_LENGTH);

/** Deflate cannot pack closer than 1032 to 1: whoever claims more is not believed, and nothing is allocated. */
const closestPacking = 1032;

/** Numbers, in the notation of NumPy; all else is text, dates, objects. */
const numericType = /^[biuf]\d+$/;

/**
 * Opens a .npz archive, as numpy.savez and numpy.savez_compressed write it, zip64 too. Members that are not .npy are
 * left aside; pickled objects are refused when they are read, and not before.
 * @throws {UserError} when the file is missing, no ZIP archive, cut short or damaged, or has no arrays
 */
export async function openNpz(path: string, options: NpzOptions = {}): Promise<Npz> {
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  const bytes = await readBytes(path);
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) {
    throw new UserError(
      `${path} is no .npz archive: it begins with ${hexOf(bytes, 4)}; expected 50 4b (PK), as numpy.savez writes it`,
    );
  }
  let zip: ZipFile;
  let entries: Map<string, Entry>;
  try {
    zip = await openZip(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    entries = await listArrays(zip);
  } catch (error) {
    throw damaged(path, error);
  }
  if (entries.size === 0) {
    throw new UserError(
      `${path} is a ZIP archive without NumPy arrays; expected what numpy.savez('${path}', X=…) writes`,
    );
  }
  const names = [...entries.keys()];
  const found = (name: string): Entry => {
    const entry = entries.get(name);
    if (entry !== undefined) return entry;
    throw new UserError(`${path} has no array ${shown(name)}; it has ${names.join(', ')}`);
  };
  const counted = new Set<Entry>();
  return {
    names,
    async read(name) {
      const entry = found(name);
      counted.add(entry);
      const total = [...counted].reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
      if (total > maxBytes) {
        throw new UserError(
          `${path}: ${entry.fileName} unpacks to ${countText(entry.uncompressedSize)} bytes, ${countText(total)} in all, more than the limit of ${countText(maxBytes)}; save the arrays in smaller parts`,
        );
      }
      return parseNpy(await unpack(zip, entry, path), `${path} (${name})`);
    },
    async shape(name) {
      try {
        const { type, shape } = parseNpyHeader(await unpack(zip, found(name), path, 16_384), path);
        return numericType.test(type) ? shape : undefined;
      } catch (error) {
        if (error instanceof UserError) return undefined;
        throw error;
      }
    },
  };
}

function openZip(bytes: Buffer): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    yauzl.fromBuffer(bytes, { lazyEntries: true, validateEntrySizes: true }, (error, zip) =>
      error ? reject(error) : resolve(zip),
    );
  });
}

async function listArrays(zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  await new Promise<void>((resolve, reject) => {
    zip.on('entry', (entry: Entry) => {
      if (/\.npy$/i.test(entry.fileName)) entries.set(entry.fileName.slice(0, -4), entry);
      zip.readEntry();
    });
    zip.on('end', resolve);
    zip.on('error', reject);
    zip.readEntry();
  });
  return entries;
}

/** A member unpacked, or its beginning; whole members are held against their checksum. */
async function unpack(zip: ZipFile, entry: Entry, path: string, atMost?: number): Promise<Uint8Array> {
  const { fileName, uncompressedSize, compressedSize } = entry;
  if (entry.isEncrypted()) {
    throw new UserError(`${path}: ${fileName} is encrypted; save the arrays without a password`);
  }
  try {
    if (uncompressedSize > compressedSize * closestPacking + 1024) {
      throw new Error(`${compressedSize} bytes cannot unpack to ${uncompressedSize}`);
    }
    const size = Math.min(uncompressedSize, atMost ?? uncompressedSize);
    const bytes = new Uint8Array(size);
    const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
      zip.openReadStream(entry, (error, opened) => (error ? reject(error) : resolve(opened)));
    });
    let filled = 0;
    // That it gives no more than the archive states is checked by yauzl. Leaving the loop ends the stream.
    for await (const piece of stream as AsyncIterable<Buffer>) {
      const part = piece.subarray(0, size - filled);
      bytes.set(part, filled);
      filled += part.length;
      if (atMost !== undefined && filled === size) break;
    }
    if (filled < size) throw new Error(`it ends after ${countText(filled)} of ${countText(size)} bytes`);
    if (atMost === undefined && crc32(bytes) !== entry.crc32) throw new Error('its checksum is wrong');
    return bytes;
  } catch (error) {
    throw damaged(`${path}: ${fileName}`, error);
  }
}

function damaged(what: string, error: unknown): UserError {
  return new UserError(
    `${what} is damaged or cut short (${(error as Error).message}); copy the file or save it again`,
    { cause: error },
  );
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The checksum of ZIP. The one of node:zlib is missing in early versions of Node 20. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ crcTable[(crc ^ bytes[i]!) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}
