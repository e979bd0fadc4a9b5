import { UserError } from '../errors.js';
import { countText } from './bytes.js';
import { fromNested, type NestedNumbers } from './nested.js';
import { type NumericArray, numericKind, shapeSize, toFloat32 } from './numeric.js';

/** The element types that data keep until they are inside the graph: `uint8` as it is, everything else `float32`. */
export type DataArray = Uint8Array | Float32Array;

/** The generating factors of samples, where they are known: of pictures of shapes their size, position and so on. */
export interface Factors {
  readonly names: readonly string[];
  /** How many values each factor has. */
  readonly sizes: readonly number[];
  /** Of each factor, whether its values have no order. */
  readonly categorical: readonly boolean[];
  /** `[samples, factors]`, row-major: the number of each value, from 0. */
  readonly values: Int32Array;
}

/** Samples to train on or to feed to a trained model. Read only: nothing here ever writes into `data`. */
export interface Dataset {
  /** All values, row-major: one sample after the other. */
  readonly data: DataArray;
  /** `[samples, ...featureShape]`; at least one axis of features, and no axis of length 0. */
  readonly shape: readonly number[];
  /** One class number per sample, where the source has them. Conditional models alone are trained with them. */
  readonly labels?: Int32Array;
  /** What each sample was made by, where the source knows it. Never used in training. */
  readonly factors?: Factors;
  /** The name of each sample, where the source has them: the paths of pictures in a folder. */
  readonly names?: readonly string[];
  /** What the user should know of how the data were read, as sentences. */
  readonly notes?: readonly string[];
  /** Where the data came from, for messages: a path, or `mnist:train`. */
  readonly source?: string;
}

/** Values of any numeric type with their shape, and what may come with them. */
export interface DatasetParts {
  readonly data: NumericArray;
  /** `[samples, ...featureShape]`. */
  readonly shape: readonly number[];
  /** Whole numbers within int32, one per sample. */
  readonly labels?: NumericArray | readonly number[];
  readonly source?: string;
}

/** All that {@link dataset} accepts. */
export type DatasetInput = Dataset | DatasetParts | NestedNumbers | NumericArray;

/**
 * Makes a data set of what users have: a data set, `{ data, shape }`, nested arrays such as `number[][]` (the
 * innermost may be typed arrays), or a typed array beside its shape.
 *
 * `uint8` and `float32` values keep their memory (no copy; a data set that needs no change is returned as it
 * is); all others become `float32`, rounded to the nearest. Rows that are all `Uint8Array` stay `uint8`.
 * Values may be NaN or infinite here; {@link checkFinite} looks for them.
 * @param shape `[samples, ...featureShape]`; required with a bare typed array, not allowed otherwise.
 * @throws {UserError} for ragged rows (with the position), values that are not numbers, a length that does not
 *   fit the shape, no samples, no feature axis, labels that do not fit, a finite value beyond float32's range,
 *   and 64-bit integers beyond ±2^53.
 */
export function dataset(input: DatasetInput, shape?: readonly number[]): Dataset {
  if (numericKind(input)) return fromTypedArray(input as NumericArray, shape);
  if (shape !== undefined) {
    throw new UserError(
      'a shape was given beside data that have one; give a shape only with a bare typed array',
    );
  }
  if (Array.isArray(input)) return build(fromNested(input as NestedNumbers));
  if (isParts(input)) return build(input);
  throw new UserError(
    `expected a data set, { data, shape }, nested arrays of numbers or a typed array with a shape; got ${describe(input)}`,
  );
}

/** How many samples there are. */
export function sampleCount({ shape }: Pick<Dataset, 'shape'>): number {
  return shape[0]!;
}

/** The shape of one sample: `[28, 28]` for MNIST. */
export function featureShape({ shape }: Dataset): readonly number[] {
  return shape.slice(1);
}

/** How many values one sample has: 784 for MNIST. */
export function featureSize({ shape }: Dataset): number {
  return shape.slice(1).reduce((size, length) => size * length, 1);
}

/**
 * The samples from `start` up to but not including `end`, sharing memory with the whole. Counts as Python and
 * `Array.prototype.slice` do: negative numbers from the end, numbers out of range clipped.
 * @throws {UserError} when no sample is left.
 */
export function slice(whole: Dataset, start = 0, end: number = sampleCount(whole)): Dataset {
  const samples = sampleCount(whole);
  const from = clip(start, samples);
  const to = clip(end, samples);
  if (!(from < to)) {
    throw new UserError(
      `the slice [${start}:${end}] of ${whole.source ?? 'the data'} has no samples: there are ${countText(samples)}, numbered 0 to ${countText(samples - 1)}`,
    );
  }
  if (from === 0 && to === samples) return whole;
  const size = featureSize(whole);
  return {
    data: whole.data.subarray(from * size, to * size),
    shape: [to - from, ...featureShape(whole)],
    ...(whole.labels && { labels: whole.labels.subarray(from, to) }),
    ...(whole.factors && { factors: slicedFactors(whole.factors, from, to) }),
    ...(whole.names && { names: whole.names.slice(from, to) }),
    ...(whole.source !== undefined && { source: whole.source }),
  };
}

function slicedFactors(factors: Factors, from: number, to: number): Factors {
  const width = factors.names.length;
  return { ...factors, values: factors.values.subarray(from * width, to * width) };
}

function clip(index: number, samples: number): number {
  return Math.trunc(Math.min(samples, Math.max(0, index < 0 ? samples + index : index)));
}

function fromTypedArray(data: NumericArray, shape: readonly number[] | undefined): Dataset {
  if (!shape) {
    throw new UserError(
      `a typed array of ${countText(data.length)} values was given without a shape; give [samples, ...features], as in dataset(values, [1000, 28, 28])`,
    );
  }
  return build({ data, shape });
}

function isParts(input: unknown): input is DatasetParts {
  return typeof input === 'object' && input !== null && 'data' in input && 'shape' in input;
}

function build(parts: DatasetParts): Dataset {
  const { data, shape, source } = parts;
  const name = source ?? 'the data';
  if (!numericKind(data)) {
    throw new UserError(`${name}: expected data to be a typed array of numbers; got ${describe(data)}`);
  }
  if (!Array.isArray(shape)) {
    throw new UserError(
      `${name}: expected shape to be an array such as [1000, 28, 28]; got ${describe(shape)}`,
    );
  }
  checkShape(data, shape, name);
  const labels = parts.labels && toLabels(parts.labels, shape[0]!, name);
  if (isPlain(data) && labels === parts.labels) return parts as Dataset;
  const size = data.length / shape[0]!;
  return {
    data: toDataArray(data, (index) => `row ${Math.floor(index / size)}, column ${index % size}`),
    shape,
    ...(labels && { labels }),
    ...(source !== undefined && { source }),
  };
}

function checkShape(data: NumericArray, shape: readonly number[], name: string): void {
  const size = shapeSize(shape, name);
  const text = `[${shape.join(', ')}]`;
  if (size !== data.length) {
    throw new UserError(
      `${name}: shape ${text} means ${countText(size)} values, but there are ${countText(data.length)}`,
    );
  }
  if (shape.length < 2) {
    throw new UserError(
      `${name}: shape ${text} has no axis of features; expected [samples, ...features]. For samples of one number each use [${data.length}, 1] or [[1], [2], …], for a single sample [1, ${data.length}] or [[1, 2, …]]`,
    );
  }
  if (shape[0] === 0) throw new UserError(`${name}: there are no samples (shape ${text})`);
  if (size === 0) throw new UserError(`${name}: the samples have no values (shape ${text})`);
}

/** Whether the array is kept as it is; a `Buffer` is not, so that nothing downstream meets its other `slice`. */
function isPlain(data: NumericArray): data is DataArray {
  const prototype = Object.getPrototypeOf(data);
  return prototype === Uint8Array.prototype || prototype === Float32Array.prototype;
}

function toDataArray(data: NumericArray, locate: (index: number) => string): DataArray {
  const kind = numericKind(data);
  if (kind === 'Uint8Array' || kind === 'Uint8ClampedArray') {
    return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.length);
  }
  return toFloat32(data, locate);
}

function toLabels(labels: NumericArray | readonly number[], samples: number, name: string): Int32Array {
  if (labels.length !== samples) {
    throw new UserError(
      `${name}: there are ${countText(labels.length)} labels for ${countText(samples)} samples; give one per sample`,
    );
  }
  if (numericKind(labels) === 'Int32Array') return labels as Int32Array;
  const out = new Int32Array(samples);
  for (let i = 0; i < samples; i++) {
    const label = Number(labels[i]);
    out[i] = label;
    if (out[i] !== label) {
      throw new UserError(
        `${name}: the label of sample ${i} is ${String(labels[i])}; expected a whole number`,
      );
    }
  }
  return out;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return `an object (${value.constructor?.name ?? 'no class'})`;
  return `the ${typeof value} ${JSON.stringify(value) ?? String(value)}`.slice(0, 80);
}
