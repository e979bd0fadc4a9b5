import * as ort from 'onnxruntime-node';
import { type Expr, inputName, topological } from '../graph/expr.js';
import { toOnnx, writeOnnx } from '../graph/onnx.js';

export type Values = Readonly<Record<string, Float32Array | Int32Array | Uint8Array>>;

/** Compiles expressions with the real ONNX Runtime, for tests: the result runs them on values given by input name. */
export async function compile(
  outputs: readonly Expr[],
  { optimized = true } = {},
): Promise<(values: Values) => Promise<number[][]>> {
  const named = Object.fromEntries(outputs.map((output, i) => [`out${i}`, output]));
  const write = optimized ? toOnnx : writeOnnx;
  const session = await ort.InferenceSession.create(write({ name: 'test', outputs: named }), {
    intraOpNumThreads: 1,
    // As they stand also for ONNX Runtime, whose fusion of Gemm and Transpose crashes on some graphs that we simplify.
    graphOptimizationLevel: optimized ? 'all' : 'disabled',
    logSeverityLevel: 3,
  });
  const shapes = new Map(
    topological(outputs).flatMap((node) => {
      const name = inputName(node);
      return name === undefined ? [] : [[name, node] as const];
    }),
  );
  return async (values) => {
    const feeds = Object.fromEntries(
      session.inputNames.map((name) => {
        const node = shapes.get(name)!;
        return [
          name,
          new ort.Tensor(node.dtype as 'float32', values[name] as Float32Array, node.shape as number[]),
        ];
      }),
    );
    const results = await session.run(feeds);
    return outputs.map((_, i) => Array.from(results[`out${i}`]!.data as Float32Array, Number));
  };
}

/** A tensor that goes into a written model or comes out of it. */
export interface TensorValue {
  readonly data: ArrayLike<number>;
  readonly dims: readonly number[];
  readonly type: string;
}

/** Runs a written model once, on float32 inputs. */
export async function runModel(
  model: Uint8Array,
  feeds: Readonly<Record<string, { readonly data: Float32Array; readonly dims: readonly number[] }>>,
): Promise<Record<string, TensorValue>> {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const tensors = Object.entries(feeds).map(([name, { data, dims }]) => [
    name,
    new ort.Tensor('float32', data, dims),
  ]);
  return (await session.run(Object.fromEntries(tensors))) as unknown as Record<string, TensorValue>;
}

/** Computes named expressions once. */
export async function evaluate<K extends string>(
  outputs: Readonly<Record<K, Expr>>,
  values: Values = {},
): Promise<Record<K, number[]>> {
  const run = await compile(Object.values(outputs));
  const results = await run(values);
  return Object.fromEntries(Object.keys(outputs).map((name, i) => [name, results[i]!])) as Record<
    K,
    number[]
  >;
}

/** Numbers between `low` and `high` that are the same at every run. */
export function pseudoRandom(size: number, seed: number, low = -1, high = 1): Float32Array {
  let state = seed * 2654435761 + 12345;
  return Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + ((high - low) * state) / 2 ** 32;
  });
}
