import { closeSync, openSync } from 'node:fs';
import type { Dataset } from '../../data/dataset.js';
import { readFully } from '../../data/readFully.js';
import { isStored, type StoredRows } from '../../data/storedRows.js';
import { permutation } from '../../random/fill.js';
import type { Random } from '../../random/random.js';
import { memoryRows, type RowSource } from '../rows.js';

/** How rows of a file are mixed. */
export interface FileRowsOptions {
  /** Rows that lie beside one another in the file and are read at once; 4,096 by default. */
  readonly blockRows?: number;
  /** Blocks that are in memory, and mixed, at a time; 64 by default. */
  readonly blocks?: number;
}

/** Rows in memory or in a file. */
export function openRows(data: Dataset | StoredRows): RowSource {
  return isStored(data) ? new FileRows(data) : memoryRows(data);
}

/**
 * Rows in a file. Each epoch takes the blocks of the file in random order, 64 at a time, and mixes the rows of those: a
 * batch is drawn from 262,144 rows that come from 64 places all over the file. Where a file has no more blocks than
 * that, every permutation of its rows is as likely as any other.
 */
export class FileRows implements RowSource {
  readonly count: number;
  private readonly width: number;
  private readonly file: number;
  private readonly blockRows: number;
  private readonly blocks: number;
  /** The blocks in memory: where each begins in the buffer. */
  private readonly loaded = new Map<number, number>();
  private readonly buffer: Float32Array;
  /** Of the order that is read: where each group of blocks ends. */
  private ends: number[] = [];
  private groups: Uint32Array[] = [];
  private group = -1;

  constructor({ path, shape }: StoredRows, { blockRows = 4096, blocks = 64 }: FileRowsOptions = {}) {
    [this.count, this.width] = shape;
    this.blockRows = Math.min(blockRows, this.count);
    this.blocks = Math.min(blocks, Math.ceil(this.count / this.blockRows));
    this.buffer = new Float32Array(this.blockRows * this.blocks * this.width);
    this.file = openSync(path, 'r');
  }

  order(random: Random): Uint32Array {
    const all = permutation(Math.ceil(this.count / this.blockRows), random);
    const order = new Uint32Array(this.count);
    this.groups = [];
    this.ends = [];
    this.group = -1;
    let end = 0;
    for (let first = 0; first < all.length; first += this.blocks) {
      const group = all.slice(first, first + this.blocks);
      const start = end;
      for (const block of group) {
        const last = Math.min((block + 1) * this.blockRows, this.count);
        for (let row = block * this.blockRows; row < last; row++) order[end++] = row;
      }
      const rows = order.slice(start, end);
      permutation(rows.length, random).forEach((from, i) => {
        order[start + i] = rows[from]!;
      });
      this.groups.push(group);
      this.ends.push(end);
    }
    return order;
  }

  gather(order: Uint32Array | null, start: number, size: number, target: Float32Array | Uint8Array): void {
    const { width, blockRows } = this;
    if (order === null) {
      this.read(start, size, target as Float32Array, 0);
      return;
    }
    for (let i = 0; i < size; i++) {
      if (this.group < 0 || start + i >= this.ends[this.group]!) this.load(this.groupOf(start + i));
      const row = order[start + i]!;
      const from = this.loaded.get(Math.floor(row / blockRows))! + (row % blockRows) * width;
      target.set(this.buffer.subarray(from, from + width), i * width);
    }
  }

  close(): void {
    closeSync(this.file);
  }

  private groupOf(place: number): number {
    return this.ends.findIndex((end) => place < end);
  }

  private load(group: number): void {
    this.group = group;
    this.loaded.clear();
    this.groups[group]!.forEach((block, i) => {
      const at = i * this.blockRows * this.width;
      const first = block * this.blockRows;
      this.read(first, Math.min(this.blockRows, this.count - first), this.buffer, at);
      this.loaded.set(block, at);
    });
  }

  private read(first: number, rows: number, target: Float32Array, at: number): void {
    readFully(this.file, target.subarray(at, at + rows * this.width), 4 * first * this.width);
  }
}
