import { constants } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { UserError } from '../errors.js';
import { countText } from './bytes.js';

/** How {@link readBytes} reads. */
export interface ReadOptions {
  /**
   * The most bytes that a gzipped file may unpack to: 4 GiB less one byte unless given. A few megabytes can
   * be made to unpack to terabytes; without a limit they would take all memory.
   */
  readonly maxUnpackedBytes?: number;
}

const defaultMaxUnpackedBytes = Math.min(2 ** 32 - 1, constants.MAX_LENGTH);

/** A single read call takes less than 2 GiB. */
const chunkBytes = 2 ** 30;

/**
 * All bytes of a file; a gzipped one (known by its first bytes 1f 8b, whatever its name) unpacked.
 * @throws {UserError} when the file is missing, empty, a directory or another thing that is no file, not
 *   readable, too large for memory, damaged gzip, or unpacks to more than the limit.
 */
export async function readBytes(path: string, options: ReadOptions = {}): Promise<Uint8Array> {
  const bytes = await readPacked(path);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  return unpack(bytes, path, options.maxUnpackedBytes ?? defaultMaxUnpackedBytes);
}

async function readPacked(path: string): Promise<Uint8Array> {
  const { file, size } = await openDataFile(path);
  try {
    return await readAll(file, size, path);
  } catch (error) {
    throw explainReadError(error, path);
  } finally {
    await file.close();
  }
}

/**
 * Opens a file of data. The caller closes it.
 * @throws {UserError} when it is missing, empty, a directory or another thing that is no file, or not readable
 */
export async function openDataFile(path: string): Promise<{ file: FileHandle; size: number }> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const stats = await file.stat();
    if (stats.isDirectory()) {
      throw new UserError(`${path} is a directory; expected a file. Name the file inside it`);
    }
    // What can be read only once is no use: data are read from their beginning more than once.
    if (!stats.isFile()) {
      throw new UserError(`${path} is a device or a pipe; expected a file. Save the data to a file first`);
    }
    if (stats.size === 0) throw new UserError(`${path} is empty (0 bytes)`);
    return { file, size: stats.size };
  } catch (error) {
    await file?.close();
    throw explainReadError(error, path);
  }
}

async function readAll(file: FileHandle, size: number, path: string): Promise<Uint8Array> {
  if (size > constants.MAX_LENGTH) throw tooLarge(path, size);
  const bytes = allocate(size, path);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await file.read(bytes, filled, Math.min(chunkBytes, size - filled), filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled === size ? bytes : bytes.slice(0, filled);
}

function allocate(size: number, path: string): Uint8Array {
  try {
    return new Uint8Array(size);
  } catch {
    throw tooLarge(path, size);
  }
}

function tooLarge(path: string, size: number): UserError {
  return new UserError(
    `${path} has ${countText(size)} bytes, more than this machine can hold at once; split it into smaller files`,
  );
}

async function unpack(packed: Uint8Array, path: string, limit: number): Promise<Uint8Array> {
  try {
    const bytes = await promisify(gunzip)(packed, { maxOutputLength: limit });
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      throw new UserError(
        `${path} (${countText(packed.length)} bytes, gzipped) unpacks to more than the limit of ${countText(limit)} bytes; if it is genuine, unpack it first with gunzip`,
      );
    }
    if (code === 'Z_BUF_ERROR') {
      throw new UserError(
        `${path} is a gzipped file that ends too early, after ${countText(packed.length)} bytes; copy or download it again`,
      );
    }
    throw new UserError(
      `${path} starts like a gzipped file but is damaged (${(error as Error).message}); copy or download it again`,
    );
  }
}

/** Puts the operating system's refusals into words; leaves every other error as it is. */
export function explainReadError(error: unknown, path: string): unknown {
  if (path.includes('\0'))
    return new UserError('a path with a NUL character was given; expected the path of a file');
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return new UserError(`there is no file ${path}; check the path`);
    case 'ENOTDIR':
      return new UserError(`there is no file ${path}: part of the path is a file, not a directory`);
    case 'ENAMETOOLONG':
      return new UserError(`the path ${path.slice(0, 60)}… is longer than the system allows`);
    case 'ELOOP':
      return new UserError(`${path} is a symbolic link that leads back to itself`);
    case 'EISDIR':
      return new UserError(`${path} is a directory; expected a file. Name the file inside it`);
    case 'EACCES':
    case 'EPERM':
      return new UserError(`${path} may not be read by this user; change its permissions (chmod u+r)`);
    default:
      return error;
  }
}
