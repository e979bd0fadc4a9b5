import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import * as ort from 'onnxruntime-node';
import { ModelProtoSchema } from '../graph/proto/onnx_pb.js';
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

  it('say of each input and output what it holds, and what a missing value is', async () => {
    const trained = new TableModel(nodePlatform, { model: 'autoencoder', latent: 2, hidden: [4] });
    const numbers = Array.from({ length: 40 }, (_, i) => i);
    await trained.fit(
      {
        code: numbers.map((i) => 2n ** 60n + BigInt(i * i)),
        when: numbers.map((i) => new Date(i * 1e9)),
        city: numbers.map((i) => ['Graz', 'Linz', 'Wien'][i % 3]!),
      },
      { epochs: 1 },
    );
    const { files } = trained.model.toFiles();
    const docs = (name: string) => {
      const { graph } = fromBinary(ModelProtoSchema, files.get(`${name}.onnx`) as Uint8Array);
      const all = [...graph!.input, ...graph!.output].map(({ name: each, docString }) => [each, docString]);
      return Object.fromEntries(all) as Record<string, string>;
    };
    const encoder = docs('encoder');
    assert.equal(encoder.code, 'Whole numbers; the least int64, -9223372036854775808, is a missing value.');
    assert.equal(encoder.when, 'Seconds since 1970-01-01 UTC; NaN is a missing value.');
    assert.equal(encoder.code_, 'The codes, 2 numbers for each sample.');
    const decoder = docs('decoder');
    assert.equal(decoder['reconstruction.when'], 'Seconds since 1970-01-01 UTC.');
    assert.match(decoder['reconstruction.city']!, /one of the values of training/);
    for (const name of ['encoder', 'decoder', 'autoencoder']) {
      for (const [each, doc] of Object.entries(docs(name))) assert.ok(doc.length > 0, `${name}: ${each}`);
    }
  });

  it('keep their names where there is nothing in the way', async () => {
    const { session, renamed } = await exported('vae', ['age', 'income']);
    assert.equal(renamed, undefined);
    assert.deepEqual((await session('encoder')).outputNames, ['mean', 'logVar']);
  });
});
