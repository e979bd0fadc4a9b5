import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as ort from 'onnxruntime-node';
import type { Cell } from '../data/table/table.js';
import { TableDecoder } from '../table/decode.js';
import { nodePlatform } from './nodePlatform.js';
import { TableModel } from './tableModel.js';
import type { VariationalModel } from './variational.js';

const folder = mkdtempSync(join(tmpdir(), 'autoencoder-values-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const rows = 200;
const cells = (cell: (i: number) => Cell) => Array.from({ length: rows }, (_, i) => cell(i));

/** The values of a column that a model makes: of rows, of draws, and by its exported decoder. */
async function made(table: Record<string, Cell[]>, name: string, categorical: string[] = []) {
  const model = new TableModel(nodePlatform, { hidden: [8], latent: 2, categorical });
  await model.fit(table, { epochs: 1 });
  const values = new Set<Cell>();
  for await (const columns of model.reconstruct(table)) for (const cell of columns[name]!) values.add(cell);
  const decoder = new TableDecoder(model.schema);
  const place = model.schema.columns.findIndex((column) => column.name === name);
  const inner = model.model as VariationalModel;
  const drawn = await inner.sample(300, { seed: 1, observation: 'draw' });
  const width = drawn.data.length / 300;
  for (const cell of decoder.columns(drawn.data as Float32Array, width)[place]!) values.add(cell);
  await model.save(folder);
  const session = await ort.InferenceSession.create(join(folder, 'decoder.onnx'));
  const codes = Float32Array.from({ length: 400 }, (_, i) => 5 * Math.sin(i * i));
  const found = await session.run({ [session.inputNames[0]!]: new ort.Tensor('float32', codes, [200, 2]) });
  const exported = Array.from(found[`reconstruction.${name}`]!.data as unknown as string[]);
  const own = await inner.decode({ data: codes, shape: [200, 2] });
  assert.deepEqual(decoder.columns(own.data as Float32Array, width)[place], exported);
  for (const cell of exported) values.add(cell);
  return { values, column: model.schema.columns[place]! };
}

describe('what a model of a table makes', () => {
  const x = cells((i) => Math.sin(i));

  it('is a value, never the class of all rare ones, however many rows that has', async () => {
    // Two thirds of the rows have a value of their own.
    const city = cells((i) => (i % 3 === 0 ? ['Graz', 'Linz'][i % 2]! : `place ${i}`));
    const { values, column } = await made({ x, city }, 'city', ['city']);
    assert.ok(column.type === 'category' && column.rare.length > 100);
    for (const value of values) assert.ok(value === 'Graz' || value === 'Linz', String(value));
  });

  it('may be called as these classes are, where a column has such values', async () => {
    const kind = cells((i) => (i % 40 === 0 ? `rare ${i}` : ['(rare)', '(unseen)'][i % 2]!));
    const { values, column } = await made({ x, kind }, 'kind');
    assert.ok(column.type === 'category' && column.rare.length > 0);
    assert.deepEqual([...column.classes].sort(), ['(rare)', '(unseen)']);
    for (const value of values) assert.ok(value === '(rare)' || value === '(unseen)', String(value));
  });

  it('is the class of rare values where every row has one of its own, under a name that none has', async () => {
    const name = cells((i) => (i === 0 ? '(rare)' : `row ${i}`));
    const { values } = await made({ x, name }, 'name', ['name']);
    assert.deepEqual([...values], ['(rare)_']);
  });
});
