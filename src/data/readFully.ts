import { readSync } from 'node:fs';

/**
 * Fills an array with the bytes of an open file from a position on.
 * @throws {Error} when the file ends before that
 */
export function readFully(file: number, target: Float32Array | Uint8Array, position: number): void {
  const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
  let filled = 0;
  while (filled < bytes.length) {
    const read = readSync(file, bytes, filled, bytes.length - filled, position + filled);
    if (read === 0) throw new Error('a file became shorter while it was read');
    filled += read;
  }
}
