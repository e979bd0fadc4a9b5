import * as ort from 'onnxruntime-node';
import { type Expr, inputName, topological } from '../graph/expr.js';
import { toOnnx } from '../graph/onnx.js';

export type Values = Readonly<Record<string, Float32Array | Int32Array | Uint8Array>>;

/** Compiles expressions with the real ONNX Runtime, for tests: the result runs them on values given by input name. */
export async function compile(outputs: readonly Expr[]): Promise<(values: Values) => Promise<number[][]>> {
  const named = Object.fromEntries(outputs.map((output, i) => [`out${i}`, output]));
  const session = await ort.InferenceSession.create(toOnnx({ name: 'test', outputs: named }), {
    intraOpNumThreads: 1,
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

/** Numbers between `low` and `high` that are the same at every run. */
export function pseudoRandom(size: number, seed: number, low = -1, high = 1): Float32Array {
  let state = seed * 2654435761 + 12345;
  return Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + ((high - low) * state) / 2 ** 32;
  });
}
