import { UserError } from '../errors.js';

/** Typed arrays that hold numbers, of any width; 64-bit integers come as BigInt arrays. */
export type NumericArray =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** Numbers as a file held them, before they become a data set: flat, row-major, of any rank (`[]` is a scalar). */
export interface NumericTensor {
  readonly data: NumericArray;
  readonly shape: readonly number[];
}

/** The name of a numeric typed array's type. */
export type NumericKind = keyof typeof elementSizes;

const elementSizes = {
  Uint8Array: 1,
  Uint8ClampedArray: 1,
  Int8Array: 1,
  Uint16Array: 2,
  Int16Array: 2,
  Uint32Array: 4,
  Int32Array: 4,
  Float16Array: 2,
  Float32Array: 4,
  Float64Array: 8,
  BigInt64Array: 8,
  BigUint64Array: 8,
} as const;

/** From here on, rounding to float32 gives infinity. */
const float32Overflow = 3.4028235677973366e38;

/**
 * Which numeric typed array a value is, or `undefined`. A Node `Buffer` counts as `Uint8Array`. Goes by the
 * type tag, not by `instanceof`: arrays from another realm (a test runner's sandbox, an iframe) count too.
 */
export function numericKind(value: unknown): NumericKind | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return Object.hasOwn(elementSizes, tag) ? (tag as NumericKind) : undefined;
}

/**
 * The product of a shape's lengths.
 * @throws {UserError} when a length is not a whole number from 0 up, or the product is beyond 2^53; `what`
 *   begins the message.
 */
export function shapeSize(shape: readonly number[], what: string): number {
  let size = 1;
  for (const [axis, length] of shape.entries()) {
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new UserError(
        `${what}: axis ${axis} of shape [${shape.join(', ')}] is ${String(length)}; expected whole numbers from 0 up`,
      );
    }
    size *= length;
    if (!Number.isSafeInteger(size)) {
      throw new UserError(
        `${what}: shape [${shape.join(', ')}] means more values than a computer can count exactly`,
      );
    }
  }
  return size;
}

/**
 * The numbers as `float32`, rounded to the nearest; the same memory when they are `Float32Array` already.
 * @throws {UserError} for a finite number beyond ±3.4e38, which would silently turn into infinity, and for a
 *   64-bit integer that a JavaScript number does not hold exactly (beyond ±2^53). `locate` puts the position
 *   of a flat index into words.
 */
export function toFloat32(data: NumericArray, locate: (index: number) => string): Float32Array {
  const kind = numericKind(data);
  switch (kind) {
    case 'Float32Array':
      return new Float32Array(data.buffer as ArrayBuffer, data.byteOffset, data.length);
    case 'Float64Array':
      return fromFloat64(data as Float64Array, locate);
    case 'BigInt64Array':
    case 'BigUint64Array':
      return fromBigInt(data as BigInt64Array, locate);
    default:
      return new Float32Array(data as Uint8Array);
  }
}

function fromFloat64(data: Float64Array, locate: (index: number) => string): Float32Array {
  const out = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (overflowsFloat32(value)) throw float32OverflowError(value, locate(i));
    out[i] = value;
  }
  return out;
}

function fromBigInt(data: BigInt64Array | BigUint64Array, locate: (index: number) => string): Float32Array {
  const out = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    const number = Number(value);
    if (BigInt(number) !== value) {
      throw new UserError(
        `the 64-bit integer ${value} (${locate(i)}) is beyond what a number holds exactly (±2^53); subtract an offset or convert the data to float64 yourself`,
      );
    }
    out[i] = number;
  }
  return out;
}

/** Whether a finite number becomes infinite in float32. */
export function overflowsFloat32(value: number): boolean {
  return Math.abs(value) >= float32Overflow && Math.abs(value) !== Number.POSITIVE_INFINITY;
}

/** The error for a number that {@link overflowsFloat32}; `where` is its position in words. */
export function float32OverflowError(value: number, where: string): UserError {
  return new UserError(
    `the value ${value} (${where}) is beyond float32's range of ±3.4e38; rescale the data before training`,
  );
}
