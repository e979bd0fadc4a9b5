import type { OptimizerConfig } from '../nn/optimizers.js';
import type { NoiseKind } from '../random/fill.js';

/** Element types that go in and out of a session. */
export type ArrayType = 'float32' | 'int32' | 'uint8';

/** A tensor outside the graph: numbers in row-major order and a shape. */
export interface TensorValue {
  readonly dtype: ArrayType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** A compiled ONNX model. Runs one call at a time; calls made meanwhile wait their turn. */
export interface Session {
  run(inputs: Readonly<Record<string, TensorValue>>): Promise<Readonly<Record<string, TensorValue>>>;
  release(): Promise<void>;
}

/** A tensor that the model keeps: a trained weight, or state that a step itself replaces. */
export interface VariableSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly trainable: boolean;
}

/** A graph for batches of one size. */
export interface Program {
  readonly batch: number;
  /**
   * Into how many equal parts the batch is divided: 1, or more where the mean of what the model gives for all parts is
   * what it would give for the whole, so that a backend can compute them side by side.
   */
  readonly parts: number;
  /** The ONNX model, for one part. Inputs: `input`, noise, scalars, variables. Outputs: see `outputName`. */
  readonly model: Uint8Array;
  /** The multiplications of the model's largest matrix product or convolution: whether threads are worth their while. */
  readonly largestProduct: number;
  /** Noise for the whole batch; where it is divided, the first dimension is the rows'. */
  readonly noises: readonly {
    readonly name: string;
    readonly kind: NoiseKind;
    readonly shape: readonly number[];
  }[];
  /** Numbers that schedules set at every step. */
  readonly scalars: readonly string[];
}

/** The program of each of the parts of a batch. */
export function partOf(program: Program): Program {
  const { batch, parts, noises } = program;
  return {
    ...program,
    batch: batch / parts,
    parts: 1,
    noises: noises.map(({ shape: [rows, ...row], ...noise }) => ({
      ...noise,
      shape: [rows! / parts, ...row],
    })),
  };
}

/** Everything a backend needs in order to train: plain data, so that it can be sent to a worker. */
export interface TrainerSpec {
  readonly variables: readonly VariableSpec[];
  readonly optimizer: OptimizerConfig;
  /** One row of data. */
  readonly row: { readonly dtype: ArrayType; readonly shape: readonly number[] };
  /** The entries of the vector of metrics; the first is the loss. */
  readonly metrics: readonly string[];
  readonly trainPrograms: readonly Program[];
  readonly evaluatePrograms: readonly Program[];
}

/** The arrays that a program reads at its next step: the caller fills them. */
export interface BatchBuffers {
  readonly rows: Float32Array | Uint8Array;
  readonly noises: Readonly<Record<string, Float32Array>>;
  readonly scalars: Readonly<Record<string, Float32Array>>;
}

/** All that training changes, by array (`weight`, the optimizer's slots) and by variable. */
export type TrainerState = Readonly<Record<string, Readonly<Record<string, Float32Array>>>>;

/** Holds weights and optimizer state on a device and moves them step by step. */
export interface Trainer {
  /** Where the next batch of a program is written. The arrays stay the same from step to step. */
  buffers(program: Program): BatchBuffers;
  /**
   * One step on what stands in the buffers: metrics of the batch before the update. `kept` is false when metrics, or
   * the update, were not finite; the weights then stay as they were, and the trainer takes no further step. `step`
   * counts from 1.
   */
  step(
    program: Program,
    step: number,
    learningRate: number,
  ): Promise<{ metrics: Float32Array; kept: boolean }>;
  /** Metrics of a batch with the weights of now, nothing updated. */
  evaluate(program: Program): Promise<Float32Array>;
  /** A copy of all state. */
  read(): Promise<TrainerState>;
  /** Replaces state; arrays that are missing keep their values. */
  write(state: TrainerState): Promise<void>;
  release(): Promise<void>;
}

/** A home of ONNX Runtime. */
export interface Backend {
  readonly name: 'node' | 'wasm' | 'webgpu';
  createSession(model: Uint8Array): Promise<Session>;
  /** Which form of training program `createTrainer` takes: gradients as outputs, or the whole update in the graph. */
  readonly programForm: ProgramForm;
  createTrainer(spec: TrainerSpec): Promise<Trainer>;
}

/** `gradients`: the optimizer runs outside the graph. `update`: the graph gives the new weights and state. */
export type ProgramForm = 'gradients' | 'update';

/** The name that an output carries: the gradient of a weight, the next value of a variable or a slot. */
export const outputName = {
  gradient: (variable: string) => `gradient/${variable}`,
  next: (array: string, variable: string) => `next/${array}/${variable}`,
  metrics: 'metrics',
  /** The sum of all squared gradients, in `update` programs. */
  gradientSquares: 'gradientSquares',
} as const;

/** The name of the input that holds an optimizer's slot for a weight, in `update` programs. */
export function slotInput(slot: string, variable: string): string {
  return `slot/${slot}/${variable}`;
}

/** The name of the input that carries one of the optimizer's numbers, in `update` programs. */
export function scalarInput(name: string): string {
  return `optimizer/${name}`;
}
