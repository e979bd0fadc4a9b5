import { input } from '../../graph/expr.js';
import type { Optimizer } from '../../nn/optimizers.js';
import { type FusedLoop, fuse, sumOfSquares } from './fuse.js';

const pageBytes = 65536;
/** Every array starts at a cache line, and its length is a multiple of one. */
const lineFloats = 16;

/** A weight's place in the arrays. */
export interface Weight {
  readonly name: string;
  readonly size: number;
}

/**
 * All weights, their gradients and the optimizer's state as arrays side by side in one WebAssembly memory, and the
 * optimizer's step as one fused pass over them. ONNX Runtime reads weights from and writes gradients into views of
 * the same memory, so nothing is copied.
 */
export class FusedOptimizer {
  private readonly offsets = new Map<string, { start: number; size: number }>();
  private readonly memory: WebAssembly.Memory;
  private readonly arrayFloats: number;
  private readonly arrays: readonly string[];
  private readonly scalarNames: readonly string[];
  private readonly update: FusedLoop;
  private readonly squares: (bytes: number) => number;

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
    this.arrays = ['weight', 'gradient', ...slots];
    const bytes = this.arrays.length * start * 4;
    const pages = Math.max(Math.ceil(bytes / pageBytes), 1);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    for (const slot of slots)
      new Float32Array(this.memory.buffer, this.address(slot), start).fill(optimizer.slots[slot]!);

    this.scalarNames = Object.keys(optimizer.scalars(1, 0));
    const vector = (name: string) => input(name, [lineFloats]);
    const named = (names: readonly string[], shape: readonly number[]) =>
      Object.fromEntries(names.map((name) => [name, input(name, shape)]));
    const next = optimizer.update(
      vector('weight'),
      vector('gradient'),
      named(slots, [lineFloats]),
      named(this.scalarNames, []),
    );
    const results = [
      { into: 'weight', expr: next.weight },
      ...slots.map((slot) => ({ into: slot, expr: next.slots[slot]! })),
    ];
    const addresses = Object.fromEntries(this.arrays.map((array) => [array, this.address(array)]));
    this.update = this.load(fuse({ results, arrays: addresses, scalars: this.scalarNames }));
    this.squares = this.load(sumOfSquares(this.address('gradient')));
  }

  /** The names of the optimizer's arrays of state. */
  get slots(): readonly string[] {
    return this.arrays.slice(2);
  }

  /** A live view of one weight in an array: `weight`, `gradient` or a slot. */
  view(array: string, name: string): Float32Array<ArrayBuffer> {
    const { start, size } = this.offsets.get(name)!;
    return new Float32Array(this.memory.buffer, this.address(array) + start * 4, size);
  }

  /** Whether all gradients are finite. */
  gradientsAreFinite(): boolean {
    return Number.isFinite(this.squares(this.arrayFloats * 4));
  }

  /** One step, with the gradients that stand in memory. `step` counts from 1. */
  step(step: number, learningRate: number): void {
    const scalars = this.optimizer.scalars(step, learningRate);
    this.update(this.arrayFloats * 4, ...this.scalarNames.map((name) => scalars[name]!));
  }

  private address(array: string): number {
    return this.arrays.indexOf(array) * this.arrayFloats * 4;
  }

  private load<F>(bytes: Uint8Array<ArrayBuffer>): F {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env: { memory: this.memory },
    });
    return instance.exports.run as F;
  }
}
