import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import * as ort from 'onnxruntime-node';
import { autoencoder, load, type Model, mnist, UserError, VariationalModel, vae } from '../index.js';
import { surface } from '../testing/data.js';

const folder = await mkdtemp(join(tmpdir(), 'autoencoder-model-'));
after(() => rm(folder, { recursive: true, force: true }));

const images = await mnist('test');
const few = { data: images.data.subarray(0, 300 * 784), shape: [300, 28, 28] };
let plain: Model;
let variational: VariationalModel;

before(async () => {
  plain = autoencoder({ input: 784, hidden: [32], latent: 8, normalization: 'batch' });
  variational = vae({ input: [28, 28], hidden: [32], latent: 4 });
  await plain.fit(few, { epochs: 2, batchSize: 64 });
  await variational.fit(few, { epochs: 2, batchSize: 64 });
});

describe('a trained model', () => {
  it('maps samples to codes, codes to samples, and samples to reconstructions in their own units', async () => {
    const codes = await plain.encode(few);
    assert.deepEqual(codes.shape, [300, 8]);
    const decoded = await plain.decode(codes);
    assert.deepEqual(decoded.shape, [300, 28, 28]);
    const reconstructed = await plain.reconstruct(few);
    const largest = reconstructed.data.reduce((a, b) => Math.max(a, b));
    assert.ok(
      largest > 50 && largest <= 255,
      `bytes come back as numbers up to 255, the largest is ${largest}`,
    );
    assert.ok(decoded.data.every((value, i) => Math.abs(value - reconstructed.data[i]!) < 1e-3));
  });

  it('evaluates to what a plain computation gives', async () => {
    const { samples, mse, mae, psnr, loss, activeUnits } = await plain.evaluate(few);
    const reconstructed = await plain.reconstruct(few);
    let [squares, absolutes] = [0, 0];
    few.data.forEach((value, i) => {
      const error = (value - reconstructed.data[i]!) / 255;
      squares += error ** 2;
      absolutes += Math.abs(error);
    });
    const close = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-4 * Math.abs(b), `${a} and ${b}`);
    assert.equal(samples, 300);
    close(mse, squares / few.data.length);
    close(mae, absolutes / few.data.length);
    close(psnr, -10 * Math.log10(mse));
    close(loss, 784 * mse);
    assert.ok(activeUnits > 0 && activeUnits <= 8);
  });

  it('evaluates a VAE in nats: the negative ELBO is reconstruction plus KL, the same at every call', async () => {
    const first = await variational.evaluate(few);
    assert.ok(Math.abs(first.negativeElbo! - first.reconstructionNll! - first.kl!) < 1e-9);
    const { mean, logVar } = await variational.posterior(few);
    const kl =
      mean.data.reduce(
        (total, m, i) => total + (m ** 2 + Math.exp(logVar.data[i]!) - logVar.data[i]! - 1) / 2,
        0,
      ) / 300;
    assert.ok(Math.abs(first.kl! - kl) < 1e-4 * kl, `${first.kl} and ${kl}`);
    assert.deepEqual(await variational.evaluate(few), first);
    assert.notEqual((await variational.evaluate(few, { seed: 9 })).negativeElbo, first.negativeElbo);
  });

  it('samples: seeded, in the shape and units of the data, as means or as draws', async () => {
    const samples = await variational.sample(5);
    assert.deepEqual(samples.shape, [5, 28, 28]);
    assert.deepEqual(await variational.sample(5), samples);
    assert.notDeepEqual(await variational.sample(5, { seed: 3 }), samples);
    const drawn = await variational.sample(5, { observation: 'draw' });
    assert.ok(
      drawn.data.every((value) => value === 0 || Math.abs(value - 255) < 1e-3),
      'Bernoulli draws are black or white',
    );
    await assert.rejects(variational.sample(0), /sample: a whole number above 0 is expected, got 0/);
  });

  it('takes nested arrays of the same bytes, and refuses numbers that are no bytes', async () => {
    const nested = [Array.from(few.data.subarray(0, 784)), Array.from(few.data.subarray(784, 1568))];
    const fromBytes = await plain.encode({ data: few.data.subarray(0, 1568), shape: [2, 784] });
    assert.deepEqual(await plain.encode(nested), fromBytes);
    await assert.rejects(plain.encode([nested[0]!.map((value) => value / 255)]), /trained on bytes/);
  });

  it('refuses codes and samples of another size', async () => {
    await assert.rejects(plain.decode([[1, 2, 3]]), /has 3 features, but the model takes 8/);
    await assert.rejects(plain.encode(surface(2)), /has 12 features, but the model takes 784/);
  });

  it('trains on, from the weights that it has', async () => {
    const model = autoencoder({ input: 12, latent: 3 });
    const first = await model.fit(surface(64), { epochs: 5, batchSize: 16 });
    const second = await model.fit(surface(64), { epochs: 1, batchSize: 16 });
    assert.ok(second.rows[0]!.loss! < first.rows[1]!.loss!);
  });
});

describe('the artifact', () => {
  it('gives back the same model, bit for bit', async () => {
    for (const model of [plain, variational]) {
      const path = join(folder, model.family);
      await model.save(path);
      const again = await load(path);
      assert.deepEqual(again.weights, model.weights);
      assert.deepEqual(await again.encode(few), await model.encode(few));
      assert.deepEqual(await again.reconstruct(few), await model.reconstruct(few));
      assert.deepEqual(await again.evaluate(few), await model.evaluate(few));
      assert.deepEqual(again.history!.rows, model.history!.rows);
      assert.deepEqual(again.training, model.training);
      if (again instanceof VariationalModel)
        assert.deepEqual(await again.sample(3), await variational.sample(3));
    }
    assert.ok((await load(join(folder, 'vae'))) instanceof VariationalModel);
    assert.deepEqual((await readdir(join(folder, 'vae'))).sort(), [
      'autoencoder.onnx',
      'decoder.onnx',
      'encoder.onnx',
      'history.csv',
      'manifest.json',
      'weights.safetensors',
    ]);
  });

  it('of a model that was never trained is one that still has to be trained', async () => {
    const path = join(folder, 'untrained');
    await vae({ input: [28, 28], latent: 2 }).save(path);
    const again = await load(path);
    assert.equal(again.history, null);
    await again.fit(few, { epochs: 1 });
    assert.equal(again.sampleSpec.dtype, 'uint8');
  });

  it('is ONNX that takes raw bytes in batches of any size and gives the same numbers', async () => {
    const open = async (name: string) =>
      ort.InferenceSession.create(await readFile(join(folder, 'vae', `${name}.onnx`)));
    const [encoder, decoder, whole] = [
      await open('encoder'),
      await open('decoder'),
      await open('autoencoder'),
    ];
    assert.deepEqual([encoder.inputNames, encoder.outputNames], [['input'], ['mean', 'logVar']]);
    assert.deepEqual([decoder.inputNames, decoder.outputNames], [['code'], ['reconstruction']]);
    for (const count of [1, 7]) {
      const rows = { data: few.data.subarray(0, count * 784) as Uint8Array, shape: [count, 28, 28] };
      const input = new ort.Tensor('uint8', rows.data, rows.shape);
      const { mean, logVar } = await encoder.run({ input });
      const posterior = await variational.posterior(rows);
      assert.deepEqual([mean!.data, logVar!.data], [posterior.mean.data, posterior.logVar.data]);
      const { reconstruction } = await whole.run({ input });
      assert.deepEqual(reconstruction!.data, (await variational.reconstruct(rows)).data);
      assert.deepEqual((await decoder.run({ code: mean! })).reconstruction!.data, reconstruction!.data);
    }
  });

  const damages: [string, string, (path: string) => Promise<void>, RegExp][] = [
    [
      'cut short',
      'weights.safetensors',
      (path) => truncate(path, 1000),
      /weights\.safetensors: damaged: \d+ bytes are expected, it has 1000/,
    ],
    ['longer than it was', 'encoder.onnx', (path) => appendFile(path, 'x'), /encoder\.onnx: damaged/],
    [
      'another of the same length',
      'history.csv',
      async (path) => writeFile(path, (await readFile(path, 'utf8')).replace('1', '2')),
      /history\.csv: damaged: its content is not what was saved/,
    ],
    ['missing', 'decoder.onnx', (path) => rm(path), /decoder\.onnx is missing/],
    [
      'no JSON',
      'manifest.json',
      (path) => writeFile(path, '{"format": "autoenc'),
      /manifest\.json: damaged: it is not JSON/,
    ],
    [
      'foreign',
      'manifest.json',
      (path) => writeFile(path, '{"name": "x"}'),
      /not the manifest of a model of this program/,
    ],
    [
      'newer',
      'manifest.json',
      (path) => writeFile(path, '{"format": "autoencoder", "version": 99}'),
      /written by a newer program \(format 99/,
    ],
    ['gone', 'manifest.json', (path) => rm(path), /no trained model here/],
  ];
  for (const [what, file, damage, message] of damages) {
    it(`that is damaged (${file} ${what}) is refused with a message that says so`, async () => {
      const path = await mkdtemp(join(folder, 'damaged-'));
      await plain.save(path);
      await damage(join(path, file));
      await assert.rejects(load(path), (error: unknown) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(error.message, message);
        return true;
      });
    });
  }
});

describe('options', () => {
  const refusals: [string, () => Model, RegExp][] = [
    [
      'a code of nothing',
      () => autoencoder({ input: 784, latent: 0 }),
      /autoencoder: `latent`: too small.*\(given 0\)/,
    ],
    [
      'an unknown activation',
      () => autoencoder({ input: 784, latent: 2, activation: 'reul' as 'relu' }),
      /`activation`: invalid option.*\(given "reul"\)/,
    ],
    [
      'an unknown option',
      () => autoencoder({ input: 784, latent: 2, laten: 3 } as never),
      /unrecognized key.*laten/,
    ],
    [
      'an input of nothing',
      () => autoencoder({ input: [], latent: 2 }),
      /input: the number of features, or the shape/,
    ],
    [
      'a negative beta',
      () => vae({ input: 784, latent: 2, beta: -1 }),
      /vae: `beta`: too small.*\(given -1\)/,
    ],
    [
      'a variance of nothing',
      () => vae({ input: 784, latent: 2, likelihood: { type: 'gaussian', variance: 0 } }),
      /variance/,
    ],
  ];
  for (const [what, make, message] of refusals) {
    it(`refuse ${what}`, () => {
      assert.throws(make, (error: unknown) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(error.message, message);
        return true;
      });
    });
  }
});
