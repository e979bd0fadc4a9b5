import { type Dataset, sampleCount } from '../data/dataset.js';
import { sizeOf } from '../graph/shape.js';
import type { Definition } from '../models/definition.js';
import type { SampleSpec } from '../models/io.js';
import type { Scope } from '../nn/scope.js';
import { fillNoise } from '../random/fill.js';
import type { Random } from '../random/random.js';
import type { Session, TensorValue } from '../runtime/backend.js';

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
  inputName: string,
  rows: TensorValue,
  outputs: readonly string[],
): Promise<Readonly<Record<string, Matrix>>> {
  const count = rows.shape[0]!;
  const results = new Map<string, Matrix>();
  await forEachChunk(rows, async (chunk, start) => {
    const found = await session.run({ [inputName]: chunk });
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
  });
  return Object.fromEntries(results);
}

/** Calls back with consecutive pieces of a tensor that share its memory, and lets the event loop turn in between. */
export async function forEachChunk(
  rows: TensorValue,
  visit: (chunk: TensorValue, start: number) => Promise<void>,
  size = chunkSize,
): Promise<void> {
  const count = rows.shape[0]!;
  const width = rows.data.length / count;
  for (let start = 0; start < count; start += size) {
    const end = Math.min(start + size, count);
    const data = unshared(rows.data.subarray(start * width, end * width));
    await visit({ dtype: rows.dtype, shape: [end - start, ...rows.shape.slice(1)], data }, start);
  }
}

/** ONNX Runtime takes no arrays on memory that threads share, as the parts of a split data set are. */
function unshared<T extends TensorValue['data']>(data: T): T {
  const shared = typeof SharedArrayBuffer !== 'undefined' && data.buffer instanceof SharedArrayBuffer;
  return shared ? (data.slice() as T) : data;
}

/** A data set as the input of a graph that wants samples of this kind. */
export function toInput(data: Dataset, sample: SampleSpec): TensorValue {
  return { dtype: sample.dtype, shape: [sampleCount(data), ...sample.shape], data: data.data };
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
