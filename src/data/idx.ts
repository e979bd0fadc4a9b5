import { UserError } from '../errors.js';
import { countText, type ElementType, elementsOf, hexOf } from './bytes.js';
import { type NumericTensor, shapeSize } from './numeric.js';

/** The third byte of the file names the type; values are stored high byte first. */
const elementTypes: Readonly<Record<number, ElementType>> = {
  8: Uint8Array,
  9: Int8Array,
  11: Int16Array,
  12: Int32Array,
  13: Float32Array,
  14: Float64Array,
};

/** Whether bytes begin as an IDX file does: two zero bytes, a known type, at least one axis. */
export function looksLikeIdx(bytes: Uint8Array): boolean {
  return (
    bytes.length >= 4 &&
    bytes[0] === 0 &&
    bytes[1] === 0 &&
    elementTypes[bytes[2]!] !== undefined &&
    bytes[3]! > 0
  );
}

/**
 * Reads an IDX file, the format of MNIST: images have 3 axes `[samples, height, width]`, labels 1, and any
 * other number is read too. One-byte values share memory with `bytes`; all others are copied.
 * @param bytes The whole file, unpacked.
 * @param source The file's name for messages.
 * @throws {UserError} for a wrong magic number, a file that is too short or too long for its dimensions, and
 *   dimensions beyond 2^53 values. Nothing is allocated before the length is checked.
 */
export function parseIdx(bytes: Uint8Array, source: string): NumericTensor {
  if (!looksLikeIdx(bytes)) {
    throw new UserError(
      `${source} is not an IDX file: it starts with ${hexOf(bytes, 4) || 'nothing'}; expected 00 00, a type (08, 09, 0b, 0c, 0d or 0e) and the number of axes`,
    );
  }
  const type = elementTypes[bytes[2]!]!;
  const rank = bytes[3]!;
  const start = 4 + 4 * rank;
  if (bytes.length < start) {
    throw new UserError(
      `${source} is cut short: ${countText(bytes.length)} bytes, but the header alone (${rank} axes) has ${start}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = start + shapeSize(shape, `${source}: damaged header`) * type.BYTES_PER_ELEMENT;
  if (bytes.length !== expected) {
    const fault = bytes.length < expected ? 'is cut short' : 'has bytes after its end';
    throw new UserError(
      `${source} ${fault}: ${countText(bytes.length)} bytes found, ${countText(expected)} expected for dimensions [${shape.join(', ')}]; copy or download it again`,
    );
  }
  return { data: elementsOf(bytes.subarray(start), type, false), shape };
}
