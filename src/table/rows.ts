import type { Dataset } from '../data/dataset.js';
import type { Table } from '../data/table/table.js';
import { UserError } from '../errors.js';
import { Random } from '../random/random.js';
import type { TableEncoder } from './encode.js';

/** Whether a row is set aside for validation: by its number and the seed alone, so that no order has to be kept. */
export function isHeldOut(row: number, share: number, seed: number): boolean {
  return share > 0 && new Random(seed, 'held out', row).uniform() < share;
}

/**
 * All rows of a table, encoded, as a data set; or only some of them.
 * @throws {UserError} when none is left, and what reading the table and `TableEncoder` throw
 */
export async function encodeTable(
  table: Table,
  encoder: TableEncoder,
  used: (row: number) => boolean = () => true,
): Promise<Dataset> {
  const { width } = encoder;
  const places = encoder.locate(table);
  let data = new Float32Array((table.rowCount ?? 1024) * width);
  let count = 0;
  let row = 0;
  for await (const chunk of table.chunks()) {
    const encoded = encoder.encode(chunk, places, table.source);
    for (let i = 0; i < chunk.rows; i++) {
      if (!used(row++)) continue;
      if ((count + 1) * width > data.length) {
        const larger = new Float32Array(2 * data.length + width);
        larger.set(data);
        data = larger;
      }
      data.set(encoded.subarray(i * width, (i + 1) * width), count++ * width);
    }
  }
  if (count === 0) throw new UserError(`${table.source}: no rows are left`);
  return { data: data.slice(0, count * width), shape: [count, width], source: table.source };
}
