import './telemetry.js';
import { sizeOf } from '../../graph/shape.js';
import { optimizer as optimizerOf } from '../../nn/optimizers.js';
import {
  type BatchBuffers,
  type Program,
  partOf,
  type Trainer,
  type TrainerSpec,
  type TrainerState,
  type VariableSpec,
} from '../backend.js';
import { FusedOptimizer, type Side } from '../fused/optimizer.js';
import { batchBuffers } from './batchBuffers.js';
import { PartThreads } from './partThreads.js';
import { type Binding, type BoundRun, bindQuietRun, bindRun } from './quietRun.js';
import type { SessionCache } from './sessionCache.js';
import { gradientTensors, inputTensors, metricTensor, stateTensors, weightTensors } from './tensors.js';

/**
 * A product of fewer multiplications is computed sooner by one thread than by several, which pack the same matrix each for
 * itself, and from whose caches the optimizer then has to fetch gradients. docs/performance.md has the times.
 */
const worthThreads = 20_000_000;

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
  private readonly threads: PartThreads[] = [];

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
    try {
      for (const program of spec.trainPrograms) await trainer.bind(program, true, sessions);
      for (const program of spec.evaluatePrograms) await trainer.bind(program, false, sessions);
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
    for (const threads of this.threads.splice(0)) threads.release();
  }

  private async bind(program: Program, training: boolean, sessions: SessionCache): Promise<void> {
    const metrics = new Float32Array(this.spec.metrics.length);
    const buffers = batchBuffers(this.spec, program);
    const run =
      program.parts > 1
        ? await this.bindParts(program, buffers, metrics, sessions)
        : await this.bindWhole(program, training, buffers, metrics, sessions);
    this.bound.set(program, { run, buffers, metrics });
  }

  private bindWhole(
    program: Program,
    training: boolean,
    buffers: BatchBuffers,
    metrics: Float32Array,
    sessions: SessionCache,
  ): Promise<BoundRun> {
    const bindings = this.bindings(program, training, buffers, metrics);
    const threads = program.largestProduct < worthThreads ? 1 : undefined;
    return training
      ? bindQuietRun(program.model, sessions, bindings, metrics, threads)
      : bindRun(program.model, sessions, bindings, threads);
  }

  /** A run that computes the first part of a batch here and the others in threads of their own. */
  private async bindParts(
    program: Program,
    buffers: BatchBuffers,
    metrics: Float32Array,
    sessions: SessionCache,
  ): Promise<BoundRun> {
    const part = partOf(program);
    const threads = await PartThreads.start(this.spec, part, program.parts - 1);
    this.threads.push(threads);
    const bindings = this.bindings(part, true, firstPart(buffers, program.parts), metrics);
    const run = await bindQuietRun(part.model, sessions, bindings, metrics, 1);
    const gradients = this.arrays((name) => this.optimizer.view('gradient', name));
    return async (side) => {
      const others = threads.begin(buffers, this.allWeights(side));
      await Promise.all([run(side), others]);
      threads.collect(metrics, gradients);
    };
  }

  private bindings(
    program: Program,
    training: boolean,
    buffers: BatchBuffers,
    metrics: Float32Array,
  ): readonly [Binding, Binding] {
    const inputs = inputTensors(this.spec, program, buffers);
    const gradients = this.arrays((name) => this.optimizer.view('gradient', name));
    const bind = (side: Side): Binding => {
      const next = side === 0 ? 1 : 0;
      const states = Object.fromEntries([...this.states].map(([name, sides]) => [name, sides[next]]));
      return {
        feeds: { ...inputs, ...weightTensors(this.spec, this.allWeights(side)) },
        fetches: {
          ...metricTensor(metrics),
          ...(training && { ...gradientTensors(this.spec, gradients), ...stateTensors(this.spec, states) }),
        },
      };
    };
    return [bind(0), bind(1)];
  }

  /** An array for each trained variable. */
  private arrays(view: (name: string) => Float32Array): Readonly<Record<string, Float32Array>> {
    return Object.fromEntries(this.trainable.map(({ name }) => [name, view(name)]));
  }

  private allWeights(side: Side): Readonly<Record<string, Float32Array>> {
    return Object.fromEntries(this.spec.variables.map(({ name }) => [name, this.weight(name, side)]));
  }

  /** A live view of a variable's values on one side; those of now by default. */
  private weight(name: string, side: Side = this.optimizer.side): Float32Array {
    return this.states.get(name)?.[side] ?? this.optimizer.weight(side, name);
  }
}

/** Views of the first of so many equal parts. */
function firstPart({ rows, noises, scalars }: BatchBuffers, count: number): BatchBuffers {
  return {
    rows: rows.subarray(0, rows.length / count),
    noises: Object.fromEntries(
      Object.entries(noises).map(([name, noise]) => [name, noise.subarray(0, noise.length / count)]),
    ),
    scalars,
  };
}
