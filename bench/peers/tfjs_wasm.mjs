// TensorFlow.js on its Wasm back end (SIMD; its threads do not start under Node).
// The autoencoder is the layers API with compile and trainOnBatch, the VAE a custom loss under
// optimizer.minimize, and so are the convolutional ones. The data lie in memory as a float32 tensor.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';

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
const warmUpSteps = options.model.includes('conv') ? 1 : 5;
if (
  !['autoencoder', 'vae', 'conv-vae', 'deep-conv-vae'].includes(options.model) ||
  !(batch > 0) ||
  !(seconds > 0) ||
  !options.data
) {
  console.error(
    'usage: node tfjs_wasm.mjs --model autoencoder|vae|conv-vae|deep-conv-vae --batch N --seconds S --data PATH',
  );
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

/** Networks that are applied to x [batch, 784] and to codes, and give heads [mean, logVar] and logits [batch, 784]. */
const networks = {
  vae() {
    const h = dense(256, 'relu');
    return { latent: 32, encoder: [h], decoder: [dense(256, 'relu'), dense(784)] };
  },
  'conv-vae'() {
    const options = { kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' };
    return {
      latent: 2,
      encoder: [
        layers.layers.reshape({ targetShape: [28, 28, 1] }),
        layers.layers.conv2d({ ...options, filters: 32 }),
        layers.layers.conv2d({ ...options, filters: 64 }),
        layers.layers.flatten(),
        dense(16, 'relu'),
      ],
      decoder: [
        dense(3136, 'relu'),
        layers.layers.reshape({ targetShape: [7, 7, 64] }),
        layers.layers.conv2dTranspose({ ...options, filters: 64 }),
        layers.layers.conv2dTranspose({ ...options, filters: 32 }),
        layers.layers.conv2d({ filters: 1, kernelSize: 3, padding: 'same' }),
        layers.layers.flatten(),
      ],
    };
  },
  'deep-conv-vae'() {
    const activated = () => [
      layers.layers.batchNormalization({ axis: 3 }),
      layers.layers.activation({ activation: 'relu' }),
    ];
    // Padding of one element, as in PyTorch: 28 → 14 → 7 → 3 → 1.
    const halve = (filters) => [
      layers.layers.zeroPadding2d({ padding: 1 }),
      layers.layers.conv2d({ filters, kernelSize: 4, strides: 2 }),
      ...activated(),
    ];
    const double = (filters) =>
      layers.layers.conv2dTranspose({ filters, kernelSize: 3, strides: 2, padding: 'same' });
    return {
      latent: 16,
      encoder: [
        layers.layers.reshape({ targetShape: [28, 28, 1] }),
        ...[128, 256, 512, 1024].flatMap(halve),
        layers.layers.flatten(),
      ],
      decoder: [
        dense(16384),
        layers.layers.reshape({ targetShape: [4, 4, 1024] }),
        double(512),
        // 4 → 8 → 7.
        layers.layers.cropping2D({
          cropping: [
            [0, 1],
            [0, 1],
          ],
        }),
        ...activated(),
        double(256),
        ...activated(),
        double(1),
        layers.layers.flatten(),
      ],
    };
  },
};

function vae() {
  const { latent, encoder: trunk, decoder: layersOfDecoder } = networks[options.model]();
  const through = (value, list) => list.reduce((x, layer) => layer.apply(x), value);
  const x = layers.input({ shape: [784] });
  const h = through(x, trunk);
  const encoder = layers.model({ inputs: x, outputs: [dense(latent).apply(h), dense(latent).apply(h)] });
  const z = layers.input({ shape: [latent] });
  const decoder = layers.model({ inputs: z, outputs: through(z, layersOfDecoder) });
  const optimizer = tf.train.adam(1e-3);

  const objective = (x) => {
    const [mean, logVar] = encoder.apply(x, { training: true });
    const variance = tf.exp(logVar);
    const codes = tf.add(mean, tf.mul(tf.sqrt(variance), tf.randomNormal(mean.shape)));
    const logits = decoder.apply(codes, { training: true });
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

/** This back end has no gradient of a 2-D kernel; its gradient of a 3-D one, on pictures of depth 1, is the same. */
function registerKernelGradient() {
  const { kernelFunc } = tf.getKernel('Conv3DBackpropFilterV2', 'wasm');
  const deep = ({ shape, ...info }) => ({ ...info, shape: [shape[0], 1, ...shape.slice(1)] });
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: 'wasm',
    kernelFunc({ inputs, backend, attrs }) {
      const [height, width, ...channels] = attrs.filterShape;
      const step = typeof attrs.strides === 'number' ? [attrs.strides, attrs.strides] : attrs.strides;
      const result = kernelFunc({
        inputs: { x: deep(inputs.x), dy: deep(inputs.dy) },
        backend,
        attrs: { strides: [1, ...step], pad: attrs.pad, filterShape: [1, height, width, ...channels] },
      });
      return { ...result, shape: attrs.filterShape };
    },
  });
}

await tf.setBackend('wasm');
if (options.model.includes('conv')) registerKernelGradient();
const images = readImages(options.data);
const rows = batches(images.shape[0]);
const trainOnBatch = options.model === 'autoencoder' ? autoencoder() : vae();

async function step() {
  const index = rows.next().value;
  const x = tf.gather(images, index);
  const loss = await trainOnBatch(x);
  tf.dispose([index, x]);
  return loss;
}

for (let i = 0; i < warmUpSteps; i++) await step();
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
