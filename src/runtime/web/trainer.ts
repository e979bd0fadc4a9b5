import type { Tensor } from 'onnxruntime-web/wasm';
import { sizeOf } from '../../graph/shape.js';
import { type Optimizer, optimizer as optimizerOf } from '../../nn/optimizers.js';
import {
  type BatchBuffers,
  outputName,
  type Program,
  scalarInput,
  slotInput,
  type Trainer,
  type TrainerSpec,
  type TrainerState,
} from '../backend.js';
import type { Runtime, TensorMap } from './runtime.js';
import type { Lease, SessionCache } from './sessionCache.js';

/** One tensor that training changes: an output of one step is the input of the next. */
interface Cell {
  readonly array: string;
  readonly variable: string;
  readonly shape: readonly number[];
  readonly input: string;
  readonly output: string;
  value: Tensor;
}

/** A compiled program with the arrays of its batch, and tensors that share them. */
interface Bound {
  readonly lease: Lease;
  readonly buffers: BatchBuffers;
  readonly feeds: TensorMap;
}

/**
 * Trains with the optimizer in the graph, so that on a GPU nothing but the batch and the metrics crosses over. A step
 * never writes into what it reads: ONNX Runtime gives new tensors, which take the places of the old ones.
 */
export class WebTrainer implements Trainer {
  private readonly rule: Optimizer;
  private readonly cells: readonly Cell[];
  private readonly bound = new Map<Program, Bound>();

  private constructor(
    private readonly spec: TrainerSpec,
    private readonly runtime: Runtime,
  ) {
    this.rule = optimizerOf(spec.optimizer);
    this.cells = spec.variables.flatMap(({ name, shape, trainable }) => [
      this.cell('weight', name, shape, name, 0),
      ...Object.entries(trainable ? this.rule.slots : {}).map(([slot, first]) =>
        this.cell(slot, name, shape, slotInput(slot, name), first),
      ),
    ]);
  }

  static async create(spec: TrainerSpec, runtime: Runtime, sessions: SessionCache): Promise<WebTrainer> {
    const trainer = new WebTrainer(spec, runtime);
    const state = trainer.cells.map(({ output }) => output);
    try {
      for (const program of spec.trainPrograms)
        trainer.bind(program, await sessions.borrow(program.model, state));
      for (const program of spec.evaluatePrograms)
        trainer.bind(program, await sessions.borrow(program.model, []));
    } catch (error) {
      await trainer.release();
      throw error;
    }
    return trainer;
  }

  buffers(program: Program): BatchBuffers {
    return this.bound.get(program)!.buffers;
  }

  async step(program: Program, step: number, learningRate: number) {
    const outputs = await this.run(program, this.rule.scalars(step, learningRate));
    const metrics = numbers(outputs[outputName.metrics]!);
    const kept = [...metrics, ...numbers(outputs[outputName.gradientSquares]!)].every(Number.isFinite);
    for (const cell of this.cells) {
      const next = outputs[cell.output]!;
      if (kept) this.replace(cell, next);
      else next.dispose();
    }
    return { metrics, kept };
  }

  async evaluate(program: Program): Promise<Float32Array> {
    return numbers((await this.run(program, {}))[outputName.metrics]!);
  }

  async read(): Promise<TrainerState> {
    const state: Record<string, Record<string, Float32Array>> = {};
    for (const array of ['weight', ...Object.keys(this.rule.slots)]) state[array] = {};
    for (const { array, variable, value } of this.cells)
      state[array]![variable] = await this.runtime.read(value);
    return state;
  }

  async write(state: TrainerState): Promise<void> {
    for (const cell of this.cells) {
      const data = state[cell.array]?.[cell.variable];
      if (data !== undefined) this.replace(cell, this.floats(Float32Array.from(data), cell.shape));
    }
  }

  async release(): Promise<void> {
    for (const { lease } of this.bound.values()) lease.end();
    this.bound.clear();
    for (const { value } of this.cells) value.dispose();
  }

  private run(program: Program, scalars: Readonly<Record<string, number>>): Promise<TensorMap> {
    const { lease, feeds } = this.bound.get(program)!;
    const all: Record<string, Tensor> = { ...feeds };
    for (const { input, value } of this.cells) all[input] = value;
    for (const [name, value] of Object.entries(scalars))
      all[scalarInput(name)] = this.floats(Float32Array.of(value), []);
    // A graph has no input for what it does not use.
    const wanted = lease.session.inputNames.map((name) => [name, all[name]!] as const);
    return this.runtime.run(lease.session, Object.fromEntries(wanted));
  }

  private bind(program: Program, lease: Lease): void {
    const { dtype } = this.spec.row;
    const shape = [program.batch, ...this.spec.row.shape];
    const rows = dtype === 'uint8' ? new Uint8Array(sizeOf(shape)) : new Float32Array(sizeOf(shape));
    const feeds: Record<string, Tensor> = { input: this.runtime.tensor({ dtype, shape, data: rows }) };
    const filled = (name: string, shape: readonly number[]) => {
      const data = new Float32Array(sizeOf(shape));
      feeds[name] = this.floats(data, shape);
      return [name, data] as const;
    };
    const noises = Object.fromEntries(program.noises.map(({ name, shape }) => filled(name, shape)));
    const scalars = Object.fromEntries(program.scalars.map((name) => filled(name, [])));
    this.bound.set(program, { lease, feeds, buffers: { rows, noises, scalars } });
  }

  private cell(
    array: string,
    variable: string,
    shape: readonly number[],
    input: string,
    first: number,
  ): Cell {
    const value = this.floats(new Float32Array(sizeOf(shape)).fill(first), shape);
    return { array, variable, shape, input, output: outputName.next(array, variable), value };
  }

  /** Buffers on a GPU are not collected as garbage is: the old one is given up here. */
  private replace(cell: Cell, next: Tensor): void {
    cell.value.dispose();
    cell.value = next;
  }

  private floats(data: Float32Array, shape: readonly number[]): Tensor {
    return this.runtime.tensor({ dtype: 'float32', data, shape });
  }
}

/** The numbers of a tensor that is on the CPU. */
function numbers(tensor: Tensor): Float32Array {
  return tensor.data as Float32Array;
}
