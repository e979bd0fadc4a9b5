import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as ort from 'onnxruntime-node';
import { nodePlatform } from './nodePlatform.js';
import { TableModel } from './tableModel.js';

/** Names that the graphs use themselves: for outputs, weights, constants and results in between. */
const awkward = [
  ...['code', 'mean', 'logVar', 'input', 'x', 'reconstruction.x', 'reconstruction.x_', 'constructor'],
  ...['encoder.output.kernel', 'encoder.mean.kernel', 'constant_0', 'Cast_1', 'Sub_0', '7', 'reconstruction'],
];

async function exported(model: 'autoencoder' | 'vae', names: readonly string[]) {
  const table = Object.fromEntries(
    names.map((name, k) => [name, Float64Array.from({ length: 40 }, (_, i) => Math.sin((k + 2) * i))]),
  );
  const trained = new TableModel(nodePlatform, { model, latent: 2, hidden: [4] });
  await trained.fit(table, { epochs: 1 });
  const { manifest, files } = trained.model.toFiles();
  const session = (name: string) => ort.InferenceSession.create(files.get(`${name}.onnx`) as Uint8Array);
  const first = Object.fromEntries(
    names.map((name) => [name, new ort.Tensor('float64', table[name]!.slice(0, 5), [5, 1])]),
  );
  const codes = await trained.encode(table);
  return { renamed: manifest.renamedOutputs, session, first, codes: codes.data.subarray(0, 10) };
}

describe('exported models of tables', () => {
  for (const model of ['autoencoder', 'vae'] as const) {
    it(`take columns that are called like something in the graph of a ${model}`, async () => {
      const { session, first, codes } = await exported(model, awkward);
      const encoder = await session('encoder');
      assert.deepEqual([...encoder.inputNames].sort(), [...awkward].sort());
      const own = model === 'vae' ? ['mean_', 'logVar_'] : ['code_'];
      assert.deepEqual(encoder.outputNames, own);
      const found = (await encoder.run(first))[own[0]!]!.data as Float32Array;
      found.forEach((value, i) => {
        assert.ok(Math.abs(value - codes[i]!) < 1e-5, `${value} and ${codes[i]}`);
      });
    });
  }

  it('call outputs alike in all files, and say in the manifest which were renamed', async () => {
    const { session, first, renamed } = await exported('autoencoder', awkward);
    const autoencoder = await session('autoencoder');
    assert.deepEqual(renamed, {
      code: 'code_',
      'reconstruction.x': 'reconstruction.x__',
    });
    assert.deepEqual(autoencoder.outputNames, (await session('decoder')).outputNames);
    assert.equal(autoencoder.outputNames.length, awkward.length);
    const outputs = await autoencoder.run(first);
    assert.equal(outputs['reconstruction.x__']!.data.length, 5);
  });

  it('keep their names where there is nothing in the way', async () => {
    const { session, renamed } = await exported('vae', ['age', 'income']);
    assert.equal(renamed, undefined);
    assert.deepEqual((await session('encoder')).outputNames, ['mean', 'logVar']);
  });
});
