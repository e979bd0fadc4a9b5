// How near the codes of each sampler come to the codes of data that nobody has learned from: `node bench/samplers.mjs`.
// Trains an autoencoder and a VAE on MNIST, fits every sampler to the codes of the training images, and compares what
// they draw with the codes of the test images, and the decoded pictures with these images. Prints the table of
// docs/sampling.md; takes some ten minutes on two cores.
import { autoencoder, mnist, sampler, vae } from '../dist/index.js';
import { permutation } from '../dist/random/fill.js';
import { Random } from '../dist/random/random.js';
import { codesOf } from '../dist/tasks/sample/codes.js';

const epochs = Number(process.argv[2] ?? 10);
const [train, test] = [await mnist('train'), await mnist('test')];
const size = 784;

/** 2 E|x - y| - E|x - x'| - E|y - y'| (Székely and Rizzo 2013) to given rows y: 0 for one distribution, but for chance. */
function energyDistanceTo(y, width) {
  const within = meanDistance(y, y, width);
  return (x) => 2 * meanDistance(x, y, width) - meanDistance(x, x, width) - within;
}

function meanDistance(a, b, width) {
  const same = a === b;
  const [m, n] = [a.length / width, b.length / width];
  let total = 0;
  for (let i = 0; i < m; i++) {
    for (let j = same ? i + 1 : 0; j < n; j++) {
      let sum = 0;
      for (let d = 0; d < width; d++) sum += (a[i * width + d] - b[j * width + d]) ** 2;
      total += Math.sqrt(sum);
    }
  }
  return same ? (2 * total) / (m * (n - 1)) : total / (m * n);
}

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** Rows at random: the first images of MNIST's test set are by other writers than the last. */
function some(values, count, width) {
  const order = permutation(values.length / width, new Random('some', width)).subarray(0, count);
  const picked = new Float32Array(count * width);
  order.forEach((row, i) => {
    picked.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  return picked;
}

/** Brings codes to deviations of reference codes, so that every dimension counts alike. */
function scaler(reference, width) {
  const columns = Array.from({ length: width }, (_, d) => reference.filter((_, i) => i % width === d));
  const centers = columns.map(mean);
  const deviations = columns.map((column, d) => Math.sqrt(mean(column.map((x) => (x - centers[d]) ** 2))));
  return (codes) => codes.map((x, i) => (x - centers[i % width]) / (deviations[i % width] || 1));
}

const rows = [];
for (const [name, model] of [
  ['autoencoder', autoencoder({ input: [28, 28], hidden: [256], latent: 16 })],
  ['VAE', vae({ input: [28, 28], hidden: [256], latent: 32 })],
]) {
  await model.fit(train, { epochs });
  const width = model.latent;
  const learned = await codesOf(model, train, 0);
  const held = await codesOf(model, test, 1);
  const standard = scaler(learned, width);
  const ofCodes = energyDistanceTo(standard(some(held, 4000, width)), width);
  const images = some(
    Float32Array.from(test.data, (x) => x / 255),
    2000,
    size,
  );
  const ofPictures = energyDistanceTo(images, size);
  const measure = async (codes) => {
    const pictures = await model.decode({ data: some(codes, 2000, width), shape: [2000, width] });
    return [ofCodes(standard(some(codes, 4000, width))), ofPictures(pictures.data.map((x) => x / 255))];
  };
  const ceiling = await measure(learned);
  rows.push([name, 'codes of the training images', '', ...ceiling, '', '']);
  console.error(rows.at(-1).join(' '));
  for (const type of name === 'VAE'
    ? ['prior', 'gmm', 'knn', 'two-stage', 'maf']
    : ['gmm', 'knn', 'two-stage', 'maf']) {
    const started = performance.now();
    const source = await sampler(model, train, { type });
    const fitted = performance.now();
    const found = [];
    for (const seed of [1, 2, 3]) found.push(await measure((await source.codes(4000, { seed })).data));
    const drawing = performance.now();
    await source.sample(1000);
    const drawn = performance.now() - drawing;
    const hasDensity = ['prior', 'gmm', 'maf'].includes(type);
    const density = hasDensity
      ? mean(await source.logDensity({ data: held, shape: [held.length / width, width] }))
      : '';
    rows.push([
      name,
      type,
      density,
      mean(found.map(([codes]) => codes)),
      mean(found.map(([, pictures]) => pictures)),
      (fitted - started) / 1000,
      drawn,
    ]);
    console.error(rows.at(-1).join(' '));
  }
}
const cell = (value, digits) => (value === '' ? '' : value.toFixed(digits));
console.log('| model | sampler | log-density | codes | pictures | to fit, s | to draw 1,000, ms |');
console.log('| --- | --- | --- | --- | --- | --- | --- |');
for (const [model, type, density, codes, pictures, fit, draw] of rows) {
  console.log(
    `| ${model} | ${type} | ${cell(density, 2)} | ${cell(codes, 4)} | ${cell(pictures, 4)} | ${cell(fit, 1)} | ${cell(draw, 0)} |`,
  );
}
