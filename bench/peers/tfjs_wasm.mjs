// TensorFlow.js on its Wasm back end (SIMD; its threads do not start under Node).
// The autoencoder is the layers API with compile and trainOnBatch, the VAE a custom loss under
// optimizer.minimize. The data lie in memory as a float32 tensor.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';

const WARM_UP_STEPS = 5;

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    batch: { type: 'string' },
    seconds: { type: 'string' },
    data: { type: 'string' },
  },
});
const batch = Number(options.batch);
const seconds = Number(options.seconds);
if (!['autoencoder', 'vae'].includes(options.model) || !(batch > 0) || !(seconds > 0) || !options.data) {
  console.error('usage: node tfjs_wasm.mjs --model autoencoder|vae --batch N --seconds S --data PATH');
  process.exit(2);
}

/** The images of an IDX file as a float32 tensor [count, pixels] in [0, 1]. */
function readImages(path) {
  const file = readFileSync(path);
  if (file.readUInt32BE(0) !== 0x803) throw new Error(`${path} is not an IDX file of images`);
  const shape = [file.readUInt32BE(4), file.readUInt32BE(8) * file.readUInt32BE(12)];
  return tf.tensor2d(
    Float32Array.from(file.subarray(16), (pixel) => pixel / 255),
    shape,
  );
}

/** Endless batches of row numbers, reshuffled every epoch. */
function* batches(count) {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  while (true) {
    tf.util.shuffle(order);
    for (let i = 0; i + batch <= count; i += batch) yield tf.tensor1d(order.subarray(i, i + batch), 'int32');
  }
}

const dense = (units, activation = 'linear') =>
  layers.layers.dense({ units, activation, kernelInitializer: 'glorotUniform' });

/** One training step on a batch `x`; gives the loss. */
function autoencoder() {
  const model = layers.sequential();
  model.add(layers.layers.inputLayer({ inputShape: [784] }));
  model.add(dense(256, 'relu'));
  model.add(dense(784, 'sigmoid'));
  model.compile({ optimizer: tf.train.adam(1e-3), loss: 'meanSquaredError' });
  return (x) => model.trainOnBatch(x, x);
}

function vae() {
  const x = layers.input({ shape: [784] });
  const h = dense(256, 'relu').apply(x);
  const encoder = layers.model({ inputs: x, outputs: [dense(32).apply(h), dense(32).apply(h)] });
  const z = layers.input({ shape: [32] });
  const decoder = layers.model({ inputs: z, outputs: dense(784).apply(dense(256, 'relu').apply(z)) });
  const optimizer = tf.train.adam(1e-3);

  const objective = (x) => {
    const [mean, logVar] = encoder.apply(x);
    const variance = tf.exp(logVar);
    const logits = decoder.apply(tf.add(mean, tf.mul(tf.sqrt(variance), tf.randomNormal(mean.shape))));
    // −log p(x|z) = softplus(logits) − x·logits, summed over pixels; KL(q ‖ N(0, 1)), over the latent.
    const reconstruction = tf.sum(tf.sub(tf.softplus(logits), tf.mul(x, logits)));
    const kl = tf.mul(0.5, tf.sum(tf.sub(tf.add(variance, tf.square(mean)), tf.add(logVar, 1))));
    return tf.div(tf.add(reconstruction, kl), x.shape[0]);
  };

  return async (x) => {
    const cost = optimizer.minimize(() => objective(x), true);
    const [loss] = await cost.data();
    cost.dispose();
    return loss;
  };
}

await tf.setBackend('wasm');
const images = readImages(options.data);
const rows = batches(images.shape[0]);
const trainOnBatch = options.model === 'vae' ? vae() : autoencoder();

async function step() {
  const index = rows.next().value;
  const x = tf.gather(images, index);
  const loss = await trainOnBatch(x);
  tf.dispose([index, x]);
  return loss;
}

for (let i = 0; i < WARM_UP_STEPS; i++) await step();
const times = [];
let loss;
const end = performance.now() + seconds * 1000;
while (performance.now() < end || times.length === 0) {
  const start = performance.now();
  loss = await step();
  times.push(performance.now() - start);
}

times.sort((a, b) => a - b);
const middle = times.length >> 1;
const median = times.length % 2 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
const round = (ms) => Number(ms.toFixed(4));
const best = {
  variant: (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) ? 'wasm SIMD, 1 thread' : 'wasm, 1 thread',
  msPerStep: round(median),
  min: round(times[0]),
  mean: round(times.reduce((a, b) => a + b) / times.length),
  steps: times.length,
  loss,
};
console.log(
  JSON.stringify({
    peer: 'tfjs-wasm',
    model: options.model,
    batch,
    ...best,
    variants: [best],
    versions: { tfjs: tf.version_core, node: process.versions.node },
  }),
);
