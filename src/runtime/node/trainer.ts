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
import { FusedOptimizer } from '../fused/optimizer.js';
import { type BoundRun, bindQuietRun, bindRun } from './quietRun.js';
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
  /** State variables have two arrays: ONNX Runtime must never write what it reads. */
  private readonly states: {
    readonly name: string;
    readonly now: Float32Array;
    readonly next: Float32Array;
  }[];
  private readonly bound = new Map<Program, Bound>();

  private constructor(private readonly spec: TrainerSpec) {
    this.trainable = spec.variables.filter((variable) => variable.trainable);
    const weights = this.trainable.map(({ name, shape }) => ({ name, size: sizeOf(shape) }));
    this.optimizer = new FusedOptimizer(optimizerOf(spec.optimizer), weights);
    this.states = spec.variables
      .filter((variable) => !variable.trainable)
      .map(({ name, shape }) => ({
        name,
        now: new Float32Array(sizeOf(shape)),
        next: new Float32Array(sizeOf(shape)),
      }));
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
    const kept = metrics.every(Number.isFinite) && this.optimizer.gradientsAreFinite();
    if (kept) {
      this.optimizer.step(step, learningRate);
      for (const { now, next } of this.states) now.set(next);
    }
    return { metrics, kept };
  }

  async evaluate(program: Program): Promise<Float32Array> {
    const { run, metrics } = this.bound.get(program)!;
    await run();
    return metrics;
  }

  async read(): Promise<TrainerState> {
    const state: Record<string, Record<string, Float32Array>> = { weight: {} };
    for (const array of ['weight', ...this.optimizer.slots]) {
      state[array] = Object.fromEntries(
        this.trainable.map(({ name }) => [name, Float32Array.from(this.optimizer.view(array, name))]),
      );
    }
    for (const { name, now } of this.states) state.weight![name] = Float32Array.from(now);
    return state;
  }

  async write(state: TrainerState): Promise<void> {
    for (const [array, values] of Object.entries(state)) {
      for (const [name, data] of Object.entries(values)) {
        const kept = this.states.find((other) => other.name === name);
        if (kept) kept.now.set(data);
        else this.optimizer.view(array, name).set(data);
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
    for (const { name, shape } of this.trainable)
      feeds[name] = floats(this.optimizer.view('weight', name), shape);
    for (const { name, now } of this.states) feeds[name] = floats(now, this.shapeOf(name));

    const fetches: Record<string, ort.Tensor> = { [outputName.metrics]: floats(metrics, [names.length]) };
    if (training) {
      for (const { name, shape } of this.trainable) {
        fetches[outputName.gradient(name)] = floats(this.optimizer.view('gradient', name), shape);
      }
      for (const { name, next } of this.states)
        fetches[outputName.next('weight', name)] = floats(next, this.shapeOf(name));
    }
    const run = training
      ? await bindQuietRun(program.model, sessions, feeds, fetches, metrics)
      : await bindRun(program.model, sessions, feeds, fetches);
    this.bound.set(program, { run, buffers: { rows, noises, scalars }, metrics });
  }

  private shapeOf(variable: string): readonly number[] {
    return this.spec.variables.find(({ name }) => name === variable)!.shape;
  }
}

function floats(data: Float32Array, shape: readonly number[]): ort.Tensor {
  return new ort.Tensor('float32', data, shape);
}
