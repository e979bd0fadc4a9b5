import { sizeOf } from '../../graph/shape.js';
import type { BatchBuffers, Program, TrainerSpec } from '../backend.js';

/** Float32 arrays by name. */
export type Arrays = Readonly<Record<string, Float32Array>>;

/** What the arrays of a program depend on besides the program. */
export type Layout = Pick<TrainerSpec, 'variables' | 'row' | 'metrics'>;

type Memory = (bytes: number) => ArrayBuffer | SharedArrayBuffer;

const ownMemory: Memory = (bytes) => new ArrayBuffer(bytes);

/** Arrays of zeros that a program reads. */
export function batchBuffers({ row }: Layout, program: Program, memory = ownMemory): BatchBuffers {
  const shape = [program.batch, ...row.shape];
  const zeros = (of: readonly number[]) => new Float32Array(memory(4 * sizeOf(of)));
  return {
    rows: row.dtype === 'uint8' ? new Uint8Array(memory(sizeOf(shape))) : zeros(shape),
    noises: Object.fromEntries(program.noises.map((noise) => [noise.name, zeros(noise.shape)])),
    scalars: Object.fromEntries(program.scalars.map((name) => [name, zeros([])])),
  };
}

/** What a step reads besides variables, and what it gives. */
export interface BatchArrays {
  readonly buffers: BatchBuffers;
  readonly metrics: Float32Array;
  readonly gradients: Arrays;
}

/** Arrays of zeros for the steps of a program. */
export function batchArrays(layout: Layout, program: Program, memory = ownMemory): BatchArrays {
  return {
    buffers: batchBuffers(layout, program, memory),
    metrics: new Float32Array(memory(4 * layout.metrics.length)),
    gradients: variableArrays(
      layout.variables.filter(({ trainable }) => trainable),
      memory,
    ),
  };
}

/** Arrays for the values of variables. */
export function variableArrays(variables: TrainerSpec['variables'], memory = ownMemory): Arrays {
  return Object.fromEntries(
    variables.map(({ name, shape }) => [name, new Float32Array(memory(4 * sizeOf(shape)))]),
  );
}

/** Copies arrays into those of the same names. */
export function copyAll(target: Arrays, source: Arrays): void {
  for (const [name, array] of Object.entries(target)) array.set(source[name]!);
}
