import { type Dataset, featureSize, sampleCount } from '../data/dataset.js';
import { permutation } from '../random/fill.js';
import type { Random } from '../random/random.js';

/** Rows that training reads batch by batch, in memory or elsewhere. */
export interface RowSource {
  readonly count: number;
  /** The order of one epoch: a permutation that this source can read quickly. */
  order(random: Random): Uint32Array;
  /** Copies `size` rows, in the given order from `start` on, one after another into `target`; `null` is as they lie. */
  gather(order: Uint32Array | null, start: number, size: number, target: Float32Array | Uint8Array): void;
  close(): void;
}

/** Rows in memory: every permutation is as quick as any other. */
export function memoryRows(data: Dataset): RowSource {
  const row = featureSize(data);
  const count = sampleCount(data);
  return {
    count,
    order: (random) => permutation(count, random),
    gather(order, start, size, target) {
      if (order === null) {
        target.set(data.data.subarray(start * row, (start + size) * row));
        return;
      }
      for (let i = 0; i < size; i++) {
        const from = order[start + i]! * row;
        target.set(data.data.subarray(from, from + row), i * row);
      }
    },
    close() {},
  };
}
