import { UserError } from '../errors.js';
import { countText, type ElementType, elementsOf, hostIsLittleEndian } from './bytes.js';
import { parseNpyHeader } from './npyHeader.js';
import {
  type NumericArray,
  type NumericKind,
  type NumericTensor,
  numericKind,
  shapeSize,
} from './numeric.js';

const elementTypes: Readonly<Record<string, ElementType>> = {
  b1: Uint8Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  u8: BigUint64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  f2: Uint16Array,
  f4: Float32Array,
  f8: Float64Array,
};

const writtenTypes: Readonly<Partial<Record<NumericKind, string>>> = {
  Uint8Array: 'u1',
  Uint8ClampedArray: 'u1',
  Uint16Array: 'u2',
  Uint32Array: 'u4',
  BigUint64Array: 'u8',
  Int8Array: 'i1',
  Int16Array: 'i2',
  Int32Array: 'i4',
  BigInt64Array: 'i8',
  Float32Array: 'f4',
  Float64Array: 'f8',
};

/**
 * Reads a .npy file: format versions 1 to 3; booleans (as 0 and 1), integers of 1 to 8 bytes, and floats of 2
 * (widened to `Float32Array`), 4 and 8; both byte orders; C and Fortran order (the result is row-major).
 * Values share memory with `bytes` where their layout allows it.
 * @param bytes The whole file, unpacked.
 * @param source The file's name for messages.
 * @throws {UserError} for what is no .npy file or is damaged, cut short or too long, and for elements that
 *   are not numbers; pickled Python objects are refused, never read. Nothing is allocated before the length
 *   is checked.
 */
export function parseNpy(bytes: Uint8Array, source: string): NumericTensor {
  const { type, littleEndian, fortranOrder, shape, dataStart } = parseNpyHeader(bytes, source);
  const elementType = Object.hasOwn(elementTypes, type) ? elementTypes[type] : undefined;
  if (!elementType) throw unsupported(type, source);
  const expected = dataStart + shapeSize(shape, `${source}: damaged header`) * elementType.BYTES_PER_ELEMENT;
  if (bytes.length !== expected) {
    const fault = bytes.length < expected ? 'is cut short' : 'has bytes after its end';
    throw new UserError(
      `${source} ${fault}: ${countText(bytes.length)} bytes found, ${countText(expected)} expected for shape (${shape.join(', ')}) of ${type}; save or copy it again`,
    );
  }
  const stored = elementsOf(bytes.subarray(dataStart), elementType, littleEndian);
  const numbers = type === 'f2' ? widen(stored as Uint16Array) : stored;
  return { data: fortranOrder && shape.length > 1 ? toRowMajor(numbers, shape) : numbers, shape };
}

/**
 * The bytes of a .npy file (version 1, C order, this machine's byte order) that NumPy and {@link parseNpy}
 * read back to the same numbers.
 * @throws {UserError} when the length does not fit the shape, or NumPy has no such element type.
 */
export function npyBytes({ data, shape }: NumericTensor): Uint8Array {
  const kind = numericKind(data);
  const type = kind && writtenTypes[kind];
  if (!type)
    throw new UserError(`a ${kind ?? typeof data} cannot be written as .npy; convert it to Float32Array`);
  if (shapeSize(shape, 'writing .npy') !== data.length) {
    throw new UserError(
      `writing .npy: shape [${shape.join(', ')}] does not fit ${countText(data.length)} values; give the shape of the data`,
    );
  }
  const order = data.BYTES_PER_ELEMENT === 1 ? '|' : hostIsLittleEndian ? '<' : '>';
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dictionary = `{'descr': '${order}${type}', 'fortran_order': False, 'shape': (${tuple}), }`;
  // NumPy aligns the values to 64 bytes, with spaces before a final newline.
  const dataStart = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const headerLength = dataStart - 10;
  const bytes = new Uint8Array(dataStart + data.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, headerLength & 0xff, headerLength >> 8]);
  bytes.set(new TextEncoder().encode(`${dictionary.padEnd(headerLength - 1)}\n`), 10);
  bytes.set(new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength), dataStart);
  return bytes;
}

function unsupported(type: string, source: string): UserError {
  if (type.startsWith('O')) {
    return new UserError(
      `${source} holds pickled Python objects, which are never read: unpickling can run any program. Save numbers: numpy.save(path, array.astype(numpy.float32))`,
    );
  }
  const names: Readonly<Record<string, string>> = {
    U: 'text',
    S: 'text',
    a: 'text',
    M: 'dates',
    m: 'time spans',
    c: 'complex numbers',
    V: 'raw bytes',
    f: 'floats wider than 64 bits',
  };
  const name = names[type[0]!];
  return new UserError(
    `${source} holds elements of type ${type}${name ? ` (${name})` : ''}; expected booleans, integers, or floats of 16, 32 or 64 bits. Convert it: numpy.save(path, array.astype(numpy.float32))`,
  );
}

let halfTable: Float32Array | undefined;

/** 16-bit floats as float32, by a table of all 65,536: exact, infinities and NaN included. */
function widen(halves: Uint16Array): Float32Array {
  halfTable ??= Float32Array.from({ length: 65_536 }, (_, bits) => halfToNumber(bits));
  const out = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) out[i] = halfTable[halves[i]!]!;
  return out;
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function toRowMajor(data: NumericArray, shape: readonly number[]): NumericArray {
  const out = data.slice() as NumericArray;
  // One indexed type for the loop: both arrays have the same elements, numbers or BigInts.
  const from = data as unknown as { [index: number]: number };
  const to = out as unknown as { [index: number]: number };
  const rank = shape.length;
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((size, length) => size * length, 1));
  const index = new Array<number>(rank).fill(0);
  const inner = shape[rank - 1]!;
  const innerStride = strides[rank - 1]!;
  let base = 0;
  for (let row = 0; row < out.length; row += inner) {
    for (let i = 0; i < inner; i++) to[row + i] = from[base + i * innerStride]!;
    for (let axis = rank - 2; axis >= 0; axis--) {
      base += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      base -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}
