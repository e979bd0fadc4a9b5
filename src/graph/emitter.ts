import type { ConstantData } from './expr.js';
import type { DType } from './shape.js';

/** An attribute of an ONNX node; whole numbers are written as integers unless marked `{ float }` or `{ floats }`. */
export type OnnxAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] };

/** The operators of classical machine learning, which read text. */
export const mlDomain = 'ai.onnx.ml';

/** What a row of the table may do to the ONNX graph that is being written. */
export interface Emitter {
  /** Adds a node with one result and returns the result's name. An empty input name leaves an optional input out. */
  node(
    type: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    domain?: typeof mlDomain,
  ): string;
  /** Adds (or shares) a constant and returns its name. */
  constant(data: ConstantData, shape: readonly number[], dtype: DType): string;
  /** Adds (or shares) a list of int64 numbers: shapes, axes, pads. */
  integers(values: readonly number[]): string;
  /** Adds (or shares) constants of the types that raw columns have. */
  doubles(values: readonly number[], shape: readonly number[]): string;
  bigint(value: bigint): string;
}
