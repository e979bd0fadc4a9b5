import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../../errors.js';
import { explainReadError, openDataFile, readBytes } from '../file.js';

/** Bytes that can be read from any place: a file, or a piece of memory. */
export interface ByteSource {
  readonly size: number;
  /**
   * Some bytes, in memory of their own.
   * @throws {UserError} when the file has become shorter
   */
  read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/**
 * Opens a file for reading at any place. A gzipped one, known by its first bytes, is unpacked into memory, since nothing
 * can be found in it without.
 * @throws {UserError} when there is no such file, it is empty, no plain file, or may not be read; and what `readBytes`
 *   throws for a gzipped one
 */
export async function openSource(path: string): Promise<ByteSource> {
  const { file, size } = await openDataFile(path);
  try {
    const source = fileSource(file, size, path);
    const [first, second] = await source.read(0, Math.min(2, size));
    if (first !== 0x1f || second !== 0x8b) return source;
    await file.close();
    return memorySource(await readBytes(path));
  } catch (error) {
    await file.close();
    throw explainReadError(error, path);
  }
}

function fileSource(file: FileHandle, size: number, path: string): ByteSource {
  return {
    size,
    async read(start, length) {
      const bytes = new Uint8Array(length);
      for (let filled = 0; filled < length; ) {
        const { bytesRead } = await file.read(bytes, filled, length - filled, start + filled);
        if (bytesRead === 0) throw new UserError(`${path} became shorter while it was read; run again`);
        filled += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}

function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: async (start, length) => new Uint8Array(bytes.subarray(start, start + length)),
    close: async () => undefined,
  };
}
