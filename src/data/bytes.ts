import type { NumericArray } from './numeric.js';

/** A typed array's constructor over a piece of memory. */
export interface ElementType {
  new (buffer: ArrayBuffer, byteOffset?: number, length?: number): NumericArray;
  readonly BYTES_PER_ELEMENT: number;
}

/** Whether this machine stores the low byte first. */
export const hostIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * Reads bytes as elements. The result shares memory with `bytes` where byte order and alignment allow it, and
 * is a copy otherwise.
 * @param bytes Whole elements; the length is a multiple of the element size.
 * @param littleEndian The byte order of `bytes`; of no matter for one-byte elements.
 */
export function elementsOf(bytes: Uint8Array, type: ElementType, littleEndian: boolean): NumericArray {
  const size = type.BYTES_PER_ELEMENT;
  const inOrder = size === 1 || littleEndian === hostIsLittleEndian;
  if (inOrder && bytes.byteOffset % size === 0) {
    return new type(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / size);
  }
  const copy = new Uint8Array(bytes.byteLength);
  copy.set(bytes);
  if (!inOrder) reverseEach(copy, size);
  return new type(copy.buffer);
}

function reverseEach(bytes: Uint8Array, size: number): void {
  for (let start = 0; start < bytes.length; start += size) {
    for (let low = start, high = start + size - 1; low < high; low++, high--) {
      const byte = bytes[low]!;
      bytes[low] = bytes[high]!;
      bytes[high] = byte;
    }
  }
}

/** The first `count` bytes as hexadecimal text, for error messages: `93 4e 55 4d`. */
export function hexOf(bytes: Uint8Array, count: number): string {
  return Array.from(bytes.subarray(0, count), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** A count with thousands separators: `47,040,016`. */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}
