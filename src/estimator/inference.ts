import { type Dataset, sampleCount } from '../data/dataset.js';
import { sizeOf } from '../graph/shape.js';
import type { Definition } from '../models/definition.js';
import { rowOf, type SampleSpec } from '../models/io.js';
import type { Scope } from '../nn/scope.js';
import { fillNoise } from '../random/fill.js';
import type { Random } from '../random/random.js';
import type { Session, TensorValue } from '../runtime/backend.js';
import { labelledRows } from '../train/labelledRows.js';

/** Samples that go through a graph at a time: enough to keep the cores busy, little enough to stay responsive. */
export const chunkSize = 1024;

/** Numbers with their shape, row-major: codes, or samples. The first axis counts samples. */
export interface Matrix {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Runs a session over all rows, chunk by chunk, and puts the wanted outputs together. */
export async function runChunks(
  session: Session,
  inputs: Readonly<Record<string, TensorValue>>,
  outputs: readonly string[],
): Promise<Readonly<Record<string, Matrix>>> {
  const tensors = Object.entries(inputs);
  const count = tensors[0]![1].shape[0]!;
  const results = new Map<string, Matrix>();
  for (let start = 0; start < count; start += chunkSize) {
    const rows = Math.min(chunkSize, count - start);
    const chunk = tensors.map(([name, tensor]) => [name, rowsFrom(tensor, start, rows)] as const);
    const found = await session.run(Object.fromEntries(chunk));
    for (const name of outputs) {
      const { data, shape } = found[name]!;
      const width = data.length / shape[0]!;
      const whole = results.get(name) ?? {
        data: new Float32Array(count * width),
        shape: [count, ...shape.slice(1)],
      };
      whole.data.set(data, start * width);
      results.set(name, whole);
    }
  }
  return Object.fromEntries(results);
}

/** Calls back with consecutive pieces of a tensor that share its memory, and lets the event loop turn in between. */
export async function forEachChunk(
  rows: TensorValue,
  visit: (chunk: TensorValue, start: number) => Promise<void>,
  size = chunkSize,
): Promise<void> {
  const count = rows.shape[0]!;
  for (let start = 0; start < count; start += size) {
    await visit(rowsFrom(rows, start, Math.min(size, count - start)), start);
  }
}

/** So many rows of a tensor, which share its memory. */
export function rowsFrom({ dtype, shape, data }: TensorValue, start: number, count: number): TensorValue {
  const width = data.length / shape[0]!;
  return {
    dtype,
    shape: [count, ...shape.slice(1)],
    data: unshared(data.subarray(start * width, (start + count) * width)),
  };
}

/** ONNX Runtime takes no arrays on memory that threads share, as the parts of a split data set are. */
function unshared<T extends TensorValue['data']>(data: T): T {
  const shared = typeof SharedArrayBuffer !== 'undefined' && data.buffer instanceof SharedArrayBuffer;
  return shared ? (data.slice() as T) : data;
}

/** A data set as the `input` of a graph that takes rows of samples of this kind; see `rowOf`. */
export function toInput(data: Dataset, sample: SampleSpec): TensorValue {
  const { dtype, shape } = rowOf(sample);
  return { dtype, shape: [sampleCount(data), ...shape], data: labelledRows(data, sample).data };
}

/** A data set as the inputs of an exported graph: `input`, and of a conditional model `label`. */
export function exportedInputs(
  data: Dataset,
  { dtype, shape, classes }: SampleSpec,
): Readonly<Record<string, TensorValue>> {
  const input = { dtype, shape: [sampleCount(data), ...shape], data: data.data };
  return { input, ...(classes !== undefined && { label: labelInput(data) }) };
}

/** Codes as the inputs of an exported decoder: `code`, and of a conditional model `label`. */
export function codeInputs(codes: Dataset): Readonly<Record<string, TensorValue>> {
  const code: TensorValue = { dtype: 'float32', shape: codes.shape, data: Float32Array.from(codes.data) };
  return { code, ...(codes.labels && { label: labelInput(codes) }) };
}

function labelInput(data: Dataset): TensorValue {
  return { dtype: 'int32', shape: [sampleCount(data)], data: data.labels! };
}

/** Noise, and the final values of scheduled numbers, for a graph that was built in `scope` with a symbolic batch. */
export function extraInputs(
  definition: Definition,
  scope: Scope,
  count: number,
  random: Random,
): Record<string, TensorValue> {
  const inputs: Record<string, TensorValue> = {};
  for (const [name, { kind, shape }] of scope.noises) {
    const fixed = shape.map((dim) => (typeof dim === 'string' ? count : dim));
    const data = new Float32Array(sizeOf(fixed));
    fillNoise(data, kind, random);
    inputs[name] = { dtype: 'float32', shape: fixed, data };
  }
  return { ...inputs, ...scalarInputs(definition, scope) };
}

/** The final values of scheduled numbers. */
export function scalarInputs(definition: Definition, scope: Scope): Record<string, TensorValue> {
  return Object.fromEntries(
    [...scope.scalars.keys()].map((name) => [
      name,
      { dtype: 'float32' as const, shape: [], data: Float32Array.of(definition.scalars[name]!.base) },
    ]),
  );
}
