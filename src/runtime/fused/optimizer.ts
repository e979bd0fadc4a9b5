import { input } from '../../graph/expr.js';
import type { Optimizer } from '../../nn/optimizers.js';
import { type FusedLoop, fuse } from './fuse.js';

const pageBytes = 65536;
/** Every array starts at a cache line, and its length is a multiple of one. */
const lineFloats = 16;

/** A weight's place in the arrays. */
export interface Weight {
  readonly name: string;
  readonly size: number;
}

/** Which of the two arrays of weights is meant. */
export type Side = 0 | 1;

/**
 * All weights, their gradients and the optimizer's state as arrays side by side in one WebAssembly memory, and the
 * optimizer's step as one fused pass over them. ONNX Runtime reads weights from and writes gradients into views of
 * the same memory, so nothing is copied.
 *
 * There are two arrays of weights, used in turn: a step reads one and writes the other, so that a step whose result
 * is not finite can be left untaken without looking at every gradient first.
 */
export class FusedOptimizer {
  private readonly offsets = new Map<string, { start: number; size: number }>();
  private readonly memory: WebAssembly.Memory;
  private readonly arrayFloats: number;
  private readonly arrays: readonly string[];
  private readonly scalarNames: readonly string[];
  private readonly updates: readonly [FusedLoop, FusedLoop];
  private current: Side = 0;

  constructor(
    private readonly optimizer: Optimizer,
    weights: readonly Weight[],
  ) {
    let start = 0;
    for (const { name, size } of weights) {
      this.offsets.set(name, { start, size });
      start += Math.ceil(size / lineFloats) * lineFloats;
    }
    this.arrayFloats = start;
    const slots = Object.keys(optimizer.slots);
    this.arrays = ['weight0', 'weight1', 'gradient', ...slots];
    const pages = Math.max(Math.ceil((this.arrays.length * start * 4) / pageBytes), 1);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    for (const slot of slots) {
      new Float32Array(this.memory.buffer, this.address(slot), start).fill(optimizer.slots[slot]!);
    }
    this.scalarNames = Object.keys(optimizer.scalars(1, 0));
    this.updates = [this.compile(0, 1), this.compile(1, 0)];
  }

  /** The names of the optimizer's arrays of state. */
  get slots(): readonly string[] {
    return this.arrays.slice(3);
  }

  /** The array that holds the weights of now. */
  get side(): Side {
    return this.current;
  }

  /** A live view of one weight in one of the two arrays of weights. */
  weight(side: Side, name: string): Float32Array<ArrayBuffer> {
    return this.view(`weight${side}`, name);
  }

  /** A live view of one weight's numbers in an array: `gradient` or a slot. */
  view(array: string, name: string): Float32Array<ArrayBuffer> {
    const { start, size } = this.offsets.get(name)!;
    return new Float32Array(this.memory.buffer, this.address(array) + start * 4, size);
  }

  /**
   * One step, with the gradients that stand in memory. `step` counts from 1. Gives false, and leaves the weights as
   * they are, where a new weight would not be finite; the optimizer's own state is then lost.
   */
  step(step: number, learningRate: number): boolean {
    const scalars = this.optimizer.scalars(step, learningRate);
    const check = this.updates[this.current](
      this.arrayFloats * 4,
      ...this.scalarNames.map((name) => scalars[name]!),
    );
    if (check !== 0) return false;
    this.current = this.current === 0 ? 1 : 0;
    return true;
  }

  private compile(from: Side, to: Side): FusedLoop {
    const { optimizer, slots, scalarNames } = this;
    const named = (names: readonly string[], shape: readonly number[]) =>
      Object.fromEntries(names.map((name) => [name, input(name, shape)]));
    const vector = [lineFloats];
    const [weight, gradient] = [`weight${from}`, 'gradient'].map((name) => input(name, vector));
    const next = optimizer.update(weight!, gradient!, named(slots, vector), named(scalarNames, []));
    const module = fuse({
      results: [
        { into: `weight${to}`, expr: next.weight, decays: false },
        ...slots.map((slot) => ({ into: slot, expr: next.slots[slot]!, decays: true })),
      ],
      arrays: Object.fromEntries(this.arrays.map((array) => [array, this.address(array)])),
      scalars: scalarNames,
    });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module), {
      env: { memory: this.memory },
    });
    return instance.exports.run as FusedLoop;
  }

  private address(array: string): number {
    return this.arrays.indexOf(array) * this.arrayFloats * 4;
  }
}
