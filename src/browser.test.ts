import assert from 'node:assert/strict';
import { relative, sep } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { autoencoder, UserError } from './browser.js';
import { importGraph } from './testing/web/importGraph.js';

const root = fileURLToPath(new URL('.', import.meta.url));

describe('browser entry', () => {
  const graph = importGraph(fileURLToPath(new URL('./browser.js', import.meta.url)));
  const own = [...graph.files].map((file) => relative(root, file).split(sep).join('/'));

  it('reaches no module of Node, not even through a dynamic import', () => {
    assert.deepEqual(graph.builtins, []);
    assert.ok(!graph.packages.has('onnxruntime-node'));
    assert.deepEqual(
      own.filter((file) => /\bnode(Platform)?\b|^(cli|studio)\//.test(file) && !file.startsWith('..')),
      [],
    );
  });

  it('the walk itself does see such modules', () => {
    const node = importGraph(fileURLToPath(new URL('./train/node/runner.js', import.meta.url)));
    assert.deepEqual(
      node.builtins.map(({ specifier }) => specifier),
      ['node:worker_threads'],
    );
  });

  it('makes a model without onnxruntime-web, and says what is wrong with options', () => {
    assert.equal(autoencoder({ input: 4, latent: 2 }).features, 4);
    assert.throws(
      () => autoencoder({ input: 4, latent: 2 }, { backend: 'webgl' as 'wasm' }),
      (error: unknown) =>
        error instanceof UserError && /'wasm' or 'webgpu' is expected, got "webgl"/.test(error.message),
    );
  });

  it('refuses to save into a folder, and names the way that there is', async () => {
    await assert.rejects(autoencoder({ input: 4, latent: 2 }).save('model'), /toFiles\(\)/);
  });

  it('says where WebGPU is missing what to use instead', async () => {
    const model = autoencoder({ input: 4, latent: 2 }, { backend: 'webgpu' });
    await assert.rejects(model.encode([[0, 0, 0, 0]]), (error: unknown) => {
      return error instanceof UserError && /use backend: 'wasm'/.test(error.message);
    });
  });
});
