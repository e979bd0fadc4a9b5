// The data sets of the rows, each with what has to be said about it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { mnist, readDataset, UserError } from 'autoencoder';

/** Which draw of 0 and 1 a data set is that is binarised once and for all. */
const fixedSeed = 20160101;

const fashionFolder = process.env.FASHION_MNIST || '/usr/share/datasets/fashion-mnist';

/**
 * The sets by name: what is said of them, and how `train`, `validation` (where there is one) and `test` are read.
 * `images` limits how many images each part has.
 */
export const dataSets = {
  mnist: {
    text: 'MNIST, grey values in [0, 1]; 60,000 images to train on, 10,000 to test with',
    read: async () => ({ train: await mnist('train'), test: await mnist('test') }),
  },
  'mnist-together': {
    text: 'MNIST, grey values in [0, 1]; the 60,000 and the 10,000 images together, none held out',
    read: async () => ({ train: together(await mnist('train'), await mnist('test')) }),
  },
  'mnist-fixed': {
    text:
      'MNIST binarised once with a fixed seed (each pixel 1 with its grey value as the chance); 50,000 images to train on, 10,000 for validation, 10,000 to test with. ' +
      'The published figures are for one particular such draw (Larochelle and Murray 2011), which is not part of this project: ours is another draw of the same distribution',
    async read() {
      const train = binarized(await mnist('train'), fixedSeed, 1);
      return {
        train: part(train, 0, 50_000),
        validation: part(train, 50_000, 60_000),
        test: binarized(await mnist('test'), fixedSeed + 1, 1),
      };
    },
  },
  'mnist-dynamic': {
    text: 'MNIST binarised anew at every use in training; 59,600 images to train on, 400 left out, as in the paper; the 10,000 test images are binarised once with a fixed seed',
    async read() {
      const train = part(await mnist('train'), 0, 59_600);
      return { train, test: binarized(await mnist('test'), fixedSeed + 1, 255) };
    },
  },
  fashion: {
    text: 'Fashion-MNIST, grey values in [0, 1]; 60,000 images to train on',
    async read() {
      const file = join(fashionFolder, 'train-images-idx3-ubyte.gz');
      if (!existsSync(file)) {
        throw new UserError(
          `there is no ${file}: Fashion-MNIST is not part of this project. On Debian: apt-get install dataset-fashion-mnist; elsewhere set FASHION_MNIST to the folder that holds the file`,
        );
      }
      return { train: await readDataset(file) };
    },
  },
};

/** The parts of a set, each cut to so many images. */
export async function readData(name, images = Number.POSITIVE_INFINITY) {
  const parts = await dataSets[name].read();
  return Object.fromEntries(
    Object.entries(parts).map(([key, data]) => [key, part(data, 0, Math.min(images, data.shape[0]))]),
  );
}

function part({ data, shape, labels, source }, start, end) {
  const size = data.length / shape[0];
  return {
    data: data.subarray(start * size, end * size),
    shape: [end - start, ...shape.slice(1)],
    ...(labels && { labels: labels.subarray(start, end) }),
    source,
  };
}

function together(a, b) {
  const data = new Uint8Array(a.data.length + b.data.length);
  data.set(a.data);
  data.set(b.data, a.data.length);
  return { data, shape: [a.shape[0] + b.shape[0], ...a.shape.slice(1)], source: 'mnist, both parts' };
}

/** Each byte as 0 or `one`, drawn with byte / 255 as the chance of the latter. */
export function binarized({ data, shape, source }, seed, one) {
  const draw = uniform(seed);
  return {
    data: data.map((value) => (draw() * 255 < value ? one : 0)),
    shape,
    source: `${source}, binarised`,
  };
}

/** Numbers in [0, 1) from a seed: a counter, scrambled by the finalizer of MurmurHash3. */
export function uniform(seed) {
  let counter = Math.imul(seed, 0x9e3779b1);
  return () => {
    counter = (counter + 0x9e3779b9) | 0;
    let h = counter;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
  };
}
