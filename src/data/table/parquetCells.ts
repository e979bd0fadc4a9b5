import type { SchemaElement } from 'hyparquet';
import { parseDecimal, parseFloat16 } from 'hyparquet/src/convert.js';
import type { Cell } from './table.js';

/** Values as Parquet stores them: typed arrays, or arrays of truths, 96-bit integers or bytes. */
export type Stored = ArrayLike<unknown>;

/** Turns stored values into cells. Throws a plain `Error` that says what is wrong with a value. */
export type CellConverter = (values: Stored) => ArrayLike<Cell>;

/**
 * How the values of a column become cells. Integers of 64 bits become numbers, and `bigint` only where a number would
 * not hold their digits (beyond 2^53); dates and timestamps become `Date` (to the millisecond), decimals numbers, times
 * of day numbers in their unit; JSON stays text.
 * @returns what is wrong with the type, as text, where it has no cells.
 */
export function cellConverter(element: SchemaElement): CellConverter | string {
  const { type, converted_type: converted, logical_type: logical } = element;
  const kind = logical?.type ?? converted;
  if (logical?.type === 'DECIMAL' || converted === 'DECIMAL') {
    const scale = element.scale ?? (logical?.type === 'DECIMAL' ? logical.scale : 0) ?? 0;
    return (values) => decimals(values, scale);
  }
  switch (kind) {
    case 'BSON':
    case 'INTERVAL':
    case 'GEOMETRY':
    case 'GEOGRAPHY':
    case 'VARIANT':
      return `values of type ${kind}`;
    case 'NULL':
      return (values) => Array.from(values, () => null);
  }
  switch (type) {
    case 'BOOLEAN':
    case 'FLOAT':
    case 'DOUBLE':
      return (values) => values as ArrayLike<Cell>;
    case 'INT32':
      if (kind === 'DATE') return (values) => dates(values as ArrayLike<number>, (days) => days * 86_400_000);
      if (converted === 'UINT_32' || (logical?.type === 'INTEGER' && isWide(logical, 32))) return unsigned32;
      return (values) => values as ArrayLike<Cell>;
    case 'INT64': {
      const perMillisecond = timestampUnit(element);
      if (perMillisecond !== undefined) {
        return (values) =>
          dates(values as ArrayLike<bigint>, (value) => {
            const number = Number(value);
            // Floats hold microseconds of all usual dates exactly; nanoseconds they do not.
            return Number.isSafeInteger(number)
              ? Math.floor(number / perMillisecond)
              : Number(floorDivide(value, BigInt(perMillisecond)));
          });
      }
      if (converted === 'UINT_64' || (logical?.type === 'INTEGER' && isWide(logical, 64))) {
        return (values) => integers(unsigned64(values));
      }
      return (values) => integers(values as ArrayLike<bigint>);
    }
    case 'INT96':
      return (values) => dates(values as ArrayLike<bigint>, int96Milliseconds);
    case 'BYTE_ARRAY':
      return texts;
    case 'FIXED_LEN_BYTE_ARRAY':
      if (kind === 'UUID') return (values) => Array.from(values as ArrayLike<Uint8Array>, uuid);
      if (kind === 'FLOAT16')
        return (values) =>
          Float32Array.from(values as ArrayLike<Uint8Array>, (bytes) => parseFloat16(bytes)!);
      return texts;
    default:
      return `values of the unknown type ${String(type)}`;
  }
}

function isWide(logical: { bitWidth: number; isSigned: boolean }, bits: number): boolean {
  return logical.bitWidth === bits && !logical.isSigned;
}

/** How many of a timestamp's units a millisecond has. */
function timestampUnit({ converted_type, logical_type }: SchemaElement): number | undefined {
  if (logical_type?.type === 'TIMESTAMP') {
    return { MILLIS: 1, MICROS: 1000, NANOS: 1_000_000 }[logical_type.unit];
  }
  if (converted_type === 'TIMESTAMP_MILLIS') return 1;
  return converted_type === 'TIMESTAMP_MICROS' ? 1000 : undefined;
}

/** Rounds down also before 1970. */
function floorDivide(value: bigint, by: bigint): bigint {
  return (value - (((value % by) + by) % by)) / by;
}

/** Days since 4713 BC in the upper 32 bits, nanoseconds of the day in the lower 64. */
function int96Milliseconds(value: bigint): number {
  const days = Number(value >> 64n) - 2_440_588;
  return days * 86_400_000 + Number(floorDivide(BigInt.asIntN(64, value), 1_000_000n));
}

function dates<T>(values: ArrayLike<T>, milliseconds: (value: T) => number): Date[] {
  return Array.from(values, (value) => {
    const date = new Date(milliseconds(value));
    if (Number.isNaN(date.getTime())) throw new Error(`the date ${value} is beyond the year 275,760`);
    return date;
  });
}

function integers(values: ArrayLike<bigint>): Float64Array | Cell[] {
  const numbers = new Float64Array(values.length);
  for (let i = 0; i < numbers.length; i++) {
    const number = Number(values[i]!);
    if (!Number.isSafeInteger(number)) return Array.from(values, digits);
    numbers[i] = number;
  }
  return numbers;
}

function digits(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function unsigned32(values: Stored): Uint32Array {
  if (values instanceof Int32Array) return new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint32Array.from(values as ArrayLike<number>);
}

function unsigned64(values: Stored): ArrayLike<bigint> {
  if (values instanceof BigInt64Array) {
    return new BigUint64Array(values.buffer, values.byteOffset, values.length);
  }
  return Array.from(values as ArrayLike<bigint>, (value) => BigInt.asUintN(64, value));
}

function decimals(values: Stored, scale: number): Float64Array {
  // Dividing by a power of ten, which a float holds exactly, rounds once; multiplying by 0.01 would round twice.
  const unit = 10 ** scale;
  return Float64Array.from(values as ArrayLike<unknown>, (value) => {
    if (!(value instanceof Uint8Array)) return Number(value) / unit;
    if (value.length > 64) throw new Error(`a decimal of ${value.length} bytes`);
    return parseDecimal(value) / unit;
  });
}

function texts(values: Stored): string[] {
  let memory: Buffer | undefined;
  return Array.from(values as ArrayLike<Uint8Array>, (bytes) => {
    // The values of a page lie in one piece of memory; a Buffer for each would take longer than decoding.
    if (memory?.buffer !== bytes.buffer) memory = Buffer.from(bytes.buffer as ArrayBuffer);
    const text = memory.toString('utf8', bytes.byteOffset, bytes.byteOffset + bytes.length);
    if (text.includes('\ufffd')) refuseBytes(bytes);
    return text;
  });
}

function refuseBytes(bytes: Uint8Array): void {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new NotText();
  }
}

/** Thrown for bytes that are not text. */
export class NotText extends Error {}

function uuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [0, 8, 12, 16, 20].map((start, i, starts) => hex.slice(start, starts[i + 1])).join('-');
}
