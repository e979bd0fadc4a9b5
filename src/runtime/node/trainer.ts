import './telemetry.js';
import * as ort from 'onnxruntime-node';
import { sizeOf } from '../../graph/shape.js';
import { optimizer as optimizerOf } from '../../nn/optimizers.js';
import {
  type BatchBuffers,
  outputName,
  type Program,
  type Trainer,
  type TrainerSpec,
  type TrainerState,
  type VariableSpec,
} from '../backend.js';
import { FusedOptimizer, type Side } from '../fused/optimizer.js';
import { type Binding, type BoundRun, bindQuietRun, bindRun } from './quietRun.js';
import type { SessionCache } from './sessionCache.js';

/** One compiled program with the arrays it reads and writes, all made once. */
interface Bound {
  readonly run: BoundRun;
  readonly buffers: BatchBuffers;
  readonly metrics: Float32Array;
}

/**
 * Trains on the CPU: ONNX Runtime computes gradients into fixed arrays, the fused optimizer turns them into new
 * weights where ONNX Runtime will read them. No tensor is made and nothing is copied from step to step.
 */
export class NodeTrainer implements Trainer {
  private readonly optimizer: FusedOptimizer;
  private readonly trainable: readonly VariableSpec[];
  /** State has two arrays as weights have: the run reads one side and writes the other. */
  private readonly states: ReadonlyMap<string, readonly [Float32Array, Float32Array]>;
  private readonly bound = new Map<Program, Bound>();

  private constructor(private readonly spec: TrainerSpec) {
    this.trainable = spec.variables.filter((variable) => variable.trainable);
    const weights = this.trainable.map(({ name, shape }) => ({ name, size: sizeOf(shape) }));
    this.optimizer = new FusedOptimizer(optimizerOf(spec.optimizer), weights);
    this.states = new Map(
      spec.variables
        .filter((variable) => !variable.trainable)
        .map(({ name, shape }) => [name, [new Float32Array(sizeOf(shape)), new Float32Array(sizeOf(shape))]]),
    );
  }

  static async create(spec: TrainerSpec, sessions: SessionCache): Promise<NodeTrainer> {
    const trainer = new NodeTrainer(spec);
    for (const program of spec.trainPrograms) await trainer.bind(program, true, sessions);
    for (const program of spec.evaluatePrograms) await trainer.bind(program, false, sessions);
    return trainer;
  }

  buffers(program: Program): BatchBuffers {
    return this.bound.get(program)!.buffers;
  }

  async step(program: Program, step: number, learningRate: number) {
    const metrics = await this.evaluate(program);
    const kept = metrics.every(Number.isFinite) && this.optimizer.step(step, learningRate);
    return { metrics, kept };
  }

  async evaluate(program: Program): Promise<Float32Array> {
    const { run, metrics } = this.bound.get(program)!;
    await run(this.optimizer.side);
    return metrics;
  }

  async read(): Promise<TrainerState> {
    const copy = (view: (name: string) => Float32Array, names: readonly string[]) =>
      Object.fromEntries(names.map((name) => [name, Float32Array.from(view(name))]));
    const trainable = this.trainable.map(({ name }) => name);
    const slots = this.optimizer.slots.map((slot) => [
      slot,
      copy((name) => this.optimizer.view(slot, name), trainable),
    ]);
    const weight = copy(
      (name) => this.weight(name),
      this.spec.variables.map(({ name }) => name),
    );
    return { weight, ...Object.fromEntries(slots) };
  }

  async write(state: TrainerState): Promise<void> {
    for (const [array, values] of Object.entries(state)) {
      for (const [name, data] of Object.entries(values)) {
        const target = array === 'weight' ? this.weight(name) : this.optimizer.view(array, name);
        target.set(data);
      }
    }
  }

  async release(): Promise<void> {
    this.bound.clear();
  }

  private async bind(program: Program, training: boolean, sessions: SessionCache): Promise<void> {
    const { row, metrics: names } = this.spec;
    const shape = [program.batch, ...row.shape];
    const rows = row.dtype === 'uint8' ? new Uint8Array(sizeOf(shape)) : new Float32Array(sizeOf(shape));
    const metrics = new Float32Array(names.length);
    const zeros = (shape: readonly number[]) => new Float32Array(sizeOf(shape));
    const noises = Object.fromEntries(program.noises.map((noise) => [noise.name, zeros(noise.shape)]));
    const scalars = Object.fromEntries(program.scalars.map((name) => [name, zeros([])]));
    const feeds: Record<string, ort.Tensor> = {
      input: new ort.Tensor(row.dtype as 'float32', rows as Float32Array, shape),
    };
    for (const noise of program.noises) feeds[noise.name] = floats(noises[noise.name]!, noise.shape);
    for (const name of program.scalars) feeds[name] = floats(scalars[name]!, []);

    const bind = (side: Side): Binding => ({
      feeds: { ...feeds, ...this.tensors((name) => this.weight(name, side)) },
      fetches: {
        [outputName.metrics]: floats(metrics, [names.length]),
        ...(training ? this.results(side === 0 ? 1 : 0) : {}),
      },
    });
    const bindings = [bind(0), bind(1)] as const;
    const run = training
      ? await bindQuietRun(program.model, sessions, bindings, metrics)
      : await bindRun(program.model, sessions, bindings);
    this.bound.set(program, { run, buffers: { rows, noises, scalars }, metrics });
  }

  /** Where a training run writes: gradients, and the next values of state. */
  private results(next: Side): Record<string, ort.Tensor> {
    const gradients = this.trainable.map(({ name, shape }) => [
      outputName.gradient(name),
      floats(this.optimizer.view('gradient', name), shape),
    ]);
    const states = this.spec.variables
      .filter(({ name }) => this.states.has(name))
      .map(({ name, shape }) => [outputName.next('weight', name), floats(this.weight(name, next), shape)]);
    return Object.fromEntries([...gradients, ...states]);
  }

  private tensors(view: (name: string) => Float32Array): Record<string, ort.Tensor> {
    return Object.fromEntries(
      this.spec.variables.map(({ name, shape }) => [name, floats(view(name), shape)]),
    );
  }

  /** A live view of a variable's values on one side; those of now by default. */
  private weight(name: string, side: Side = this.optimizer.side): Float32Array {
    return this.states.get(name)?.[side] ?? this.optimizer.weight(side, name);
  }
}

function floats(data: Float32Array, shape: readonly number[]): ort.Tensor {
  return new ort.Tensor('float32', data, shape);
}
