// Times our own training as a user runs it: `fit` on MNIST, with shuffling, metrics, progress and the worker.
// node bench/ours.mjs --model autoencoder --batch 128 --seconds 8 prints one line of JSON.
import { parseArgs } from 'node:util';
import { autoencoder, convVae, mnist, vae, version } from 'autoencoder';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    batch: { type: 'string' },
    seconds: { type: 'string', default: '8' },
  },
});
const batch = Number(values.batch);

export const models = {
  autoencoder: () => autoencoder({ input: 784, latent: 256, latentActivation: 'relu' }),
  vae: () => vae({ input: 784, hidden: [256], latent: 32 }),
  /** Of the Keras example. */
  'conv-vae': () =>
    convVae({ input: [28, 28], channels: [32, 64], hidden: [16], decoderHidden: [], latent: 2 }),
  /** The convolutional net of Pythae's MNIST runs. */
  'deep-conv-vae': () =>
    convVae({
      input: [28, 28],
      channels: [128, 256, 512, 1024],
      kernelSize: 4,
      padding: 1,
      normalization: 'batch',
      latent: 16,
      decoderChannels: [1024, 512, 256],
      decoderKernelSize: 3,
      decoderInputActivation: 'linear',
      outputStride: 'stride',
    }),
};

/** Whole epochs are timed, so those of slow models are short. */
const mostSteps = { 'conv-vae': 30, 'deep-conv-vae': 5 };

const all = await mnist('train');
const rows = Math.min(60_000, batch * (mostSteps[values.model] ?? Number.POSITIVE_INFINITY));
const data = { data: all.data.subarray(0, rows * 784), shape: [rows, 28, 28] };
const stepsPerEpoch = Math.ceil(rows / batch);
const times = [];
const controller = new AbortController();
const started = performance.now();
let last;
const history = await models[values.model]().fit(data, {
  epochs: 10_000,
  batchSize: batch,
  signal: controller.signal,
  callbacks: [
    {
      name: 'clock',
      onProgress: () => {},
      onEpochEnd() {
        const now = performance.now();
        // The first epoch warms up.
        if (last !== undefined) times.push((now - last) / stepsPerEpoch);
        last = now;
        if (times.length >= 3 && now - started > 1000 * Number(values.seconds)) controller.abort();
      },
    },
  ],
});
times.sort((a, b) => a - b);
console.log(
  JSON.stringify({
    peer: 'autoencoder',
    model: values.model,
    batch,
    variant: 'fit, wall time of whole epochs',
    msPerStep: times[Math.floor(times.length / 2)],
    min: times[0],
    steps: times.length * stepsPerEpoch,
    loss: history.rows.at(-1).loss,
    versions: { autoencoder: version, node: process.version },
  }),
);
