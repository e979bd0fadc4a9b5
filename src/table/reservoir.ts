import type { Table } from '../data/table/table.js';
import { Random } from '../random/random.js';
import type { TableEncoder } from './encode.js';

/** Encoded rows of a table, and which rows of the table they are. */
export interface EncodedRows {
  readonly data: Float32Array;
  readonly count: number;
  readonly width: number;
  /** The number of each in the table, from 0; rising. */
  readonly rows: Uint32Array;
}

/**
 * Reads a table and keeps a fair sample of its rows, encoded: every row has the same chance. All rows where there are no
 * more than `limit`. Memory does not grow with the table.
 * @param each Is given all rows as they are read, some thousand at a time.
 * @throws {UserError} what reading the table and `TableEncoder` throw
 */
export async function sampleRows(
  table: Table,
  encoder: TableEncoder,
  limit: number,
  seed: number,
  each?: (encoded: Float32Array, rows: number) => Promise<void>,
): Promise<EncodedRows> {
  const { width } = encoder;
  const places = encoder.locate(table);
  const random = new Random(seed, 'reservoir');
  // It grows as rows come: most tables are smaller than the limit.
  let kept = new Float32Array(Math.min(limit, 1024) * width);
  const origin: number[] = [];
  let total = 0;
  for await (const chunk of table.chunks()) {
    const encoded = encoder.encode(chunk, places, table.source);
    await each?.(encoded, chunk.rows);
    for (let i = 0; i < chunk.rows; i++) {
      const row = total++;
      const place = origin.length < limit ? origin.length : Math.floor(random.uniform() * total);
      if (place >= limit) continue;
      if ((place + 1) * width > kept.length) {
        const larger = new Float32Array(Math.min(2 * kept.length, limit * width));
        larger.set(kept);
        kept = larger;
      }
      kept.set(encoded.subarray(i * width, (i + 1) * width), place * width);
      origin[place] = row;
    }
  }
  const order = Uint32Array.from(origin.keys()).sort((a, b) => origin[a]! - origin[b]!);
  const data = new Float32Array(origin.length * width);
  for (const [i, place] of order.entries()) {
    data.set(kept.subarray(place * width, (place + 1) * width), i * width);
  }
  return {
    data,
    count: origin.length,
    width,
    rows: Uint32Array.from(order, (place) => origin[place]!),
  };
}
