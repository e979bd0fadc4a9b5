import { UserError } from '../errors.js';
import { float32OverflowError, type NumericArray, numericKind, overflowsFloat32 } from './numeric.js';

/** Arrays of arrays of numbers, to any depth up to 8; the innermost may be typed arrays. */
export type NestedNumbers = readonly (number | NestedNumbers | NumericArray)[];

/** Stops the search for the innermost array in one that contains itself. */
const maxRank = 8;

type Row = readonly unknown[] | NumericArray;

/**
 * Lays nested arrays out flat, row-major. All-`Uint8Array` rows give `uint8`, everything else `float32`.
 * @throws {UserError} with the position, for ragged arrays, values that are not numbers (a missing element,
 *   `null`, text, a BigInt), finite values beyond float32's range and nesting deeper than 8.
 */
export function fromNested(input: NestedNumbers): { data: Uint8Array | Float32Array; shape: number[] } {
  const shape: number[] = [];
  let first: unknown = input;
  while (isRow(first)) {
    if (shape.length === maxRank) throw new UserError(`the arrays are nested more than ${maxRank} deep`);
    shape.push(first.length);
    first = first[0];
  }
  // Checked before anything is allocated: one long first row among short ones must not ask for their product.
  checkRows(input, 0, shape, []);
  const size = shape.reduce((product, length) => product * length, 1);
  const data = everyInnermostIsUint8(input, shape.length) ? new Uint8Array(size) : new Float32Array(size);
  fill(input, shape.length, data, 0, []);
  return { data, shape };
}

function isRow(value: unknown): value is Row {
  return Array.isArray(value) || numericKind(value) !== undefined;
}

function everyInnermostIsUint8(row: Row, depth: number): boolean {
  if (depth === 1) return numericKind(row) === 'Uint8Array' || numericKind(row) === 'Uint8ClampedArray';
  return Array.isArray(row) && row.every((inner) => isRow(inner) && everyInnermostIsUint8(inner, depth - 1));
}

function checkRows(row: Row, axis: number, shape: readonly number[], at: readonly number[]): void {
  if (row.length !== shape[axis]) {
    throw new UserError(
      `ragged arrays: ${place(at)} has ${row.length} elements, expected ${shape[axis]} as in the first of its kind; pad or cut the rows to one length`,
    );
  }
  if (axis === shape.length - 1) return;
  for (let i = 0; i < row.length; i++) {
    const inner: unknown = row[i];
    if (!isRow(inner)) {
      throw new UserError(
        `ragged arrays: ${place([...at, i])} is ${text(inner)}, expected an array as before it`,
      );
    }
    checkRows(inner, axis + 1, shape, [...at, i]);
  }
}

/** Writes one array, `depth` levels deep, at `offset`; returns the offset after it. */
function fill(
  row: Row,
  depth: number,
  out: Uint8Array | Float32Array,
  offset: number,
  at: readonly number[],
): number {
  let next = offset;
  for (let i = 0; i < row.length; i++) {
    if (depth > 1) next = fill(row[i] as Row, depth - 1, out, next, [...at, i]);
    else out[next++] = checkNumber(row[i], at, i);
  }
  return next;
}

function checkNumber(value: unknown, at: readonly number[], index: number): number {
  if (typeof value !== 'number') {
    const expected = isRow(value) ? 'ragged arrays: ' : '';
    throw new UserError(`${expected}${place([...at, index])} is ${text(value)}, expected a number`);
  }
  if (overflowsFloat32(value)) throw float32OverflowError(value, place([...at, index]));
  return value;
}

function place(at: readonly number[]): string {
  return at.length === 0 ? 'the whole' : `element ${at.map((index) => `[${index}]`).join('')}`;
}

function text(value: unknown): string {
  if (isRow(value)) return `an array of ${value.length}`;
  if (typeof value === 'string') return `the text ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value === 'bigint') return `the BigInt ${value}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
