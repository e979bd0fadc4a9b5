import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { slice } from '../../data/dataset.js';
import { mnist } from '../../data/mnist.js';
import { skipBrowserTests, TestPage } from '../../testing/web/chromium.js';
import { type Experiment, type Outcome, runExperiment } from '../../testing/web/experiment.js';
import type { WebBackendName } from './name.js';

/**
 * Largest relative differences between Node and a browser after 20 steps. Measured: losses 2e-5 (WebAssembly adds up
 * the squares of a batch one after the other in float32), tensors 6e-6 (rounding, which Adam amplifies where gradients
 * are tiny). The rest is room for other machines.
 */
const tolerance = { loss: 1e-4, tensor: 1e-4 };

const backends: readonly WebBackendName[] = ['wasm', 'webgpu'];

/** Twenty steps each. A last batch of another size and validation need graphs of their own. */
const experiments: Readonly<Record<string, Omit<Experiment, 'samples'>>> = {
  'an autoencoder, loss by loss': {
    family: 'autoencoder',
    options: { input: [28, 28], latent: 16, latentActivation: 'relu', seed: 1 },
    fit: { epochs: 20, batchSize: 36 },
  },
  'a VAE with a partial batch and validation': {
    family: 'vae',
    options: {
      input: [28, 28],
      hidden: [24],
      latent: 4,
      seed: 2,
      betaSchedule: { type: 'warmup', duration: 3 },
    },
    fit: { epochs: 10, batchSize: 20, validationSplit: 0.25 },
  },
  // Biases before a batch normalisation have no gradient but rounding, which Adam would make steps of.
  'an autoencoder with batch normalisation, dropout and clipped gradients': {
    family: 'autoencoder',
    options: { input: [28, 28], hidden: [24], latent: 4, seed: 3, normalization: 'batch', dropout: 0.2 },
    fit: {
      epochs: 10,
      batchSize: 20,
      optimizer: { type: 'sgd', learningRate: 0.1, momentum: 0.9 },
      clipNorm: 1,
      learningRateSchedule: { type: 'cosine', duration: 10 },
      // State is read after every epoch, and training goes on from it.
      callbacks: [{ name: 'snapshots', needsState: true }],
    },
  },
};

describe('training in headless Chromium', { skip: skipBrowserTests(), timeout: 120_000 }, () => {
  let chromium: TestPage;
  let samples: Experiment['samples'];

  before(async () => {
    const { data, shape } = slice(await mnist('test'), 0, 36);
    samples = { data: data.slice(), shape: [...shape] };
    chromium = await TestPage.open();
  });
  after(() => chromium?.close());

  const inNode = (experiment: Experiment) =>
    runExperiment({ entry: new URL('../../index.js', import.meta.url).href, experiment });
  const inBrowser = (backend: WebBackendName, experiment: Experiment) =>
    chromium.page.evaluate(runExperiment, { entry: chromium.entry, backend, experiment });

  for (const [name, experiment] of Object.entries(experiments)) {
    let expected: Promise<Outcome> | undefined;
    for (const backend of backends) {
      it(`${backend} agrees with Node on ${name}`, async () => {
        expected ??= inNode({ ...experiment, samples });
        assertClose(await inBrowser(backend, { ...experiment, samples }), await expected);
      });
    }
  }

  for (const backend of backends) {
    it(`${backend} ends with the last good weights when numbers are no longer finite`, async () => {
      const experiment: Experiment = {
        family: 'autoencoder',
        options: { input: [28, 28], latent: 16, latentActivation: 'relu', output: 'linear', seed: 1 },
        fit: { epochs: 5, batchSize: 36, learningRate: 1e18 },
        samples,
      };
      const [found, expected] = [await inBrowser(backend, experiment), await inNode(experiment)];
      assert.match(expected.divergence ?? '', /at step 2: the loss became/);
      assert.equal(found.divergence, expected.divergence);
      for (const weights of Object.values(found.weights)) assert.ok(weights.every(Number.isFinite));
      assertClose(found, expected);
    });

    it(`${backend} gives the same bits again`, async () => {
      const experiment = { ...experiments['a VAE with a partial batch and validation']!, samples };
      const short = { ...experiment, fit: { ...experiment.fit, epochs: 2 } };
      const [first, second] = [await inBrowser(backend, short), await inBrowser(backend, short)];
      assert.deepEqual(second.weights, first.weights);
      assert.deepEqual(second.codes, first.codes);
    });
  }

  it('webgpu gives back the buffers of every step', async () => {
    const made = await chromium.page.evaluate(countBuffers, { entry: chromium.entry, samples });
    assert.equal(made.length, 12);
    assert.ok(made[0]! > 0, 'buffers are counted');
    // ONNX Runtime keeps buffers that it is given back, so that later steps need no new ones.
    assert.equal(made[11], made[2], `buffers made up to each step: ${made}`);
  });

  it('wasm lets the event loop turn, so that timers run and a signal stops training', async () => {
    const { ticks, reason } = await chromium.page.evaluate(trainUntilAborted, {
      entry: chromium.entry,
      samples,
    });
    assert.equal(reason, 'aborted');
    assert.ok(ticks >= 5, `${ticks} ticks of a timer`);
  });

  it('says how to install onnxruntime-web where it is missing', async () => {
    const page = await chromium.newPage();
    await page.route(/onnxruntime-web/, (route) => route.abort());
    const message = await page.evaluate(async (entry) => {
      const { autoencoder } = (await import(entry)) as typeof import('../../browser.js');
      const failure = autoencoder({ input: 4, latent: 2 }).encode([[0, 0, 0, 0]]);
      return failure.then(String, String);
    }, chromium.entry);
    assert.match(message, /^UserError: .*npm install onnxruntime-web/);
  });
});

function assertClose(found: Outcome, expected: Outcome): void {
  assert.equal(found.rows.length, expected.rows.length);
  expected.rows.forEach((row, i) => {
    for (const [name, value] of Object.entries(row)) {
      if (name === 'seconds') continue;
      const difference = Math.abs(found.rows[i]![name]! - value);
      assert.ok(
        difference <= tolerance.loss * Math.abs(value),
        `${name} of epoch ${i + 1}: ${found.rows[i]![name]}, in Node ${value}`,
      );
    }
  });
  assert.deepEqual(new Set(Object.keys(found.weights)), new Set(Object.keys(expected.weights)));
  for (const [name, values] of Object.entries({ ...expected.weights, codes: expected.codes })) {
    const error = relativeError(name === 'codes' ? found.codes : found.weights[name]!, values);
    assert.ok(error <= tolerance.tensor, `${name} differs by ${error}`);
  }
}

/** ‖found - expected‖ / ‖expected‖; what is as good as zero, as a bias without a gradient, counts as 0.01. */
function relativeError(found: Float32Array, expected: Float32Array): number {
  assert.equal(found.length, expected.length);
  const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return norm(expected.map((value, i) => found[i]! - value)) / Math.max(norm(expected), 0.01);
}

/** Trains on WebGPU; how many buffers had been made after each of twelve steps. Runs in the page. */
async function countBuffers({
  entry,
  samples,
}: Pick<Experiment, 'samples'> & { readonly entry: string }): Promise<number[]> {
  const { autoencoder } = (await import(entry)) as typeof import('../../browser.js');
  interface DeviceClass {
    prototype: { createBuffer(descriptor: { readonly usage: number }): object };
  }
  const { prototype } = (globalThis as unknown as { GPUDevice: DeviceClass }).GPUDevice;
  const { createBuffer } = prototype;
  let made = 0;
  // Batches and metrics cross over in buffers of their own, which are no storage.
  const storage = 0x80;
  prototype.createBuffer = function (descriptor) {
    if (descriptor.usage & storage) made++;
    return createBuffer.call(this, descriptor);
  };
  try {
    const counts: number[] = [];
    // Larger than all before it, so that no buffer is at hand yet.
    const model = autoencoder(
      { input: [28, 28], latent: 40, latentActivation: 'relu' },
      { backend: 'webgpu' },
    );
    const count = { name: 'count', onProgress: () => void counts.push(made) };
    await model.fit(samples, { epochs: 12, callbacks: [count] });
    return counts;
  } finally {
    prototype.createBuffer = createBuffer;
  }
}

/** Trains far too long, with a timer that aborts it. Runs in the page. */
async function trainUntilAborted({
  entry,
  samples,
}: Pick<Experiment, 'samples'> & { readonly entry: string }) {
  const { autoencoder } = (await import(entry)) as typeof import('../../browser.js');
  const stop = new AbortController();
  let ticks = 0;
  const timer = setInterval(() => {
    if (++ticks === 5) stop.abort();
  }, 20);
  try {
    const model = autoencoder({ input: [28, 28], latent: 16, latentActivation: 'relu' });
    const { reason } = await model.fit(samples, { epochs: 100_000, signal: stop.signal });
    return { ticks, reason };
  } finally {
    clearInterval(timer);
  }
}
