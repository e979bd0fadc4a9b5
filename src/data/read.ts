import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.js';
import { countText } from './bytes.js';
import { type Dataset, dataset, slice } from './dataset.js';
import { readBytes } from './file.js';
import { parseFile } from './formats.js';
import { looksLikeIdx, parseIdx } from './idx.js';
import { type ImageFolderOptions, readImageFolder } from './images/folder.js';
import { mnist } from './mnist.js';
import { parseNpy } from './npy.js';
import type { NumericTensor } from './numeric.js';
import { shapes } from './shapes.js';
import { type DataSpec, parseSpec, supportedData } from './spec.js';

/**
 * Reads the data that a specification names (see {@link parseSpec}): `mnist:test[0:1000]`, `images.npy`,
 * `train-images-idx3-ubyte.gz[-500:]`, or a folder of pictures. A file whose name really ends in brackets wins over the slice.
 * Values are not checked for NaN and infinities; see `checkFinite`.
 * @param images How pictures are brought to one size, where the specification names a folder of them.
 * @throws {UserError} for a specification that is not understood, a file that is missing, damaged or of a
 *   format that is not read, labels given as data, and a slice that leaves no samples.
 */
export async function readDataset(spec: string, images: ImageFolderOptions = {}): Promise<Dataset> {
  if (/[\]:]/.test(spec) && existsSync(spec)) return readFileData(spec, images);
  const parsed = parseSpec(spec);
  const whole = await readWhole(parsed, images);
  return parsed.range ? slice(whole, parsed.range.start, parsed.range.end) : whole;
}

function readWhole(spec: DataSpec, images: ImageFolderOptions): Promise<Dataset> | Dataset {
  if (spec.kind === 'mnist') return mnist(spec.part);
  return spec.kind === 'shapes' ? shapes() : readFileData(spec.path, images);
}

/** The numbers of an IDX file of any rank, gzipped or not. Throws what `readBytes` and `parseIdx` throw. */
export async function readIdx(path: string): Promise<NumericTensor> {
  return parseIdx(await readBytes(path), path);
}

/** The numbers of a .npy file of any rank, gzipped or not. Throws what `readBytes` and `parseNpy` throw. */
export async function readNpy(path: string): Promise<NumericTensor> {
  return parseNpy(await readBytes(path), path);
}

/** A folder of pictures as a data set: bytes, with the folders in it as classes. */
async function readPictures(path: string, images: ImageFolderOptions): Promise<Dataset> {
  const { data, shape, names, skipped, notes, labels } = await readImageFolder(path, images);
  const left = skipped.map(({ name, reason }) => `${name} was left out: ${reason}`);
  const shown =
    left.length > 10 ? [...left.slice(0, 10), `… and ${left.length - 10} more were left out`] : left;
  return { data, shape, names, notes: [...notes, ...shown], source: path, ...(labels && { labels }) };
}

async function readFileData(path: string, images: ImageFolderOptions): Promise<Dataset> {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return readPictures(path, images);
  // A bare word is more likely a misspelt kind than a file.
  if (/^[\w-]+$/.test(path) && !existsSync(path)) {
    throw new UserError(`${path} is neither a known kind of data nor a file; give ${supportedData}`);
  }
  const bytes = await readBytes(path);
  const numbers = parseFile(bytes, path);
  if (numbers.shape.length === 1 && looksLikeIdx(bytes)) throw labelsError(path, numbers.shape[0]!);
  return dataset({ ...numbers, source: path });
}

function labelsError(path: string, count: number): UserError {
  const images = join(dirname(path), basename(path).replace('labels', 'images').replace('idx1', 'idx3'));
  const candidates = [images, `${images}.gz`, images.replace(/\.gz$/, '')];
  const beside = candidates.find((candidate) => candidate !== path && existsSync(candidate));
  return new UserError(
    `${path} is a labels file (one axis, ${countText(count)} values), not data to train on; give the images file${beside ? `: ${beside}` : ' that belongs to it'}`,
  );
}
