import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { isStored } from '../../data/storedRows.js';
import { tableModel, tableOf } from '../../index.js';
import { Random } from '../../random/random.js';
import { TableEncoder } from '../../table/encode.js';
import { encodeRows, firstRows, splitRows } from '../../table/encodeRows.js';
import { fitTable } from '../../table/fit.js';
import { FileRows, openRows } from './fileRows.js';

const folder = mkdtempSync(join(tmpdir(), 'autoencoder-rows-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Rows of which every number says which row and column it is. */
function stored(count: number, width: number) {
  const path = join(folder, `${count}x${width}`);
  writeFileSync(
    path,
    Float32Array.from({ length: count * width }, (_, i) => i),
  );
  return { path, shape: [count, width] as const };
}

describe('rows in a file', () => {
  it('are each given once an epoch, whole, in whatever sizes they are read', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 64 }),
        (count, width, blockRows, blocks, batch) => {
          const rows = new FileRows(stored(count, width), { blockRows, blocks });
          try {
            const order = rows.order(new Random(1, 'test', count));
            const seen = new Set<number>();
            for (let start = 0; start < count; start += batch) {
              const size = Math.min(batch, count - start);
              const target = new Float32Array(size * width);
              rows.gather(order, start, size, target);
              for (let i = 0; i < size; i++) {
                const row = target[i * width]! / width;
                assert.equal(row, order[start + i]);
                for (let k = 1; k < width; k++) assert.equal(target[i * width + k], row * width + k);
                seen.add(row);
              }
            }
            assert.equal(seen.size, count);
          } finally {
            rows.close();
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are given from any place of an epoch on, as after a resume', () => {
    const rows = new FileRows(stored(100, 2), { blockRows: 10, blocks: 3 });
    const order = rows.order(new Random(1));
    const target = new Float32Array(2);
    rows.gather(order, 77, 1, target);
    assert.equal(target[0]! / 2, order[77]);
    rows.close();
  });

  it('come from all over the file in every batch', () => {
    const rows = new FileRows(stored(6400, 1), { blockRows: 10, blocks: 64 });
    const order = rows.order(new Random(3));
    for (let start = 0; start < 6400; start += 128) {
      const batch = [...order.slice(start, start + 128)];
      const mean = batch.reduce((a, b) => a + b) / batch.length;
      // Rows of one place would have a mean anywhere from 0 to 6400; a fair draw's lies within 3200 ± 165 mostly.
      assert.ok(Math.abs(mean - 3200) < 1600, `${mean}`);
    }
    rows.close();
  });

  it('are what they would be in memory', async () => {
    const table = tableOf({
      x: Array.from({ length: 9000 }, (_, i) => Math.sin(i)),
      c: new Array(9000).fill(0).map((_, i) => `c${i % 3}`),
    });
    const encoder = new TableEncoder((await fitTable(table)).schema);
    const used = (row: number) => row % 7 !== 0;
    const memory = (await splitRows(table, encoder, (row) => !used(row))).data;
    const file = (await splitRows(table, encoder, (row) => !used(row), 1000)).data;
    assert.ok(!isStored(memory) && isStored(file));
    assert.deepEqual(file.shape, memory.shape);
    assert.deepEqual(firstRows(file, 1e9).data, memory.data);
    const rows = openRows(file);
    const target = new Float32Array(2 * 50);
    rows.gather(null, 100, 50, target);
    assert.deepEqual(target, (memory.data as Float32Array).slice(200, 300));
    rows.close();
  });

  it('are learned from as well as rows in memory', async () => {
    const table = tableOf({
      x: Array.from({ length: 4000 }, (_, i) => i % 100),
      y: Array.from({ length: 4000 }, (_, i) => 3 * (i % 100)),
    });
    const model = tableModel({ model: 'autoencoder', hidden: [16], latent: 1, inputNoise: 0.01 });
    await model.fit(table, { epochs: 1 });
    const file = await encodeRows(table, new TableEncoder(model.schema), 1000);
    assert.ok(isStored(file));
    const { rows } = await model.model.fit(file, { epochs: 4, learningRate: 0.005, validation: file });
    assert.ok(rows.at(-1)!.loss! < rows[0]!.loss! - 0.5, `${rows[0]!.loss} to ${rows.at(-1)!.loss}`);
    assert.ok(Number.isFinite(rows.at(-1)!.validationLoss));
  });
});
