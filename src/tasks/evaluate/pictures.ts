import { summary } from '../../data/checks.js';
import { type Dataset, type DatasetInput, dataset, sampleCount } from '../../data/dataset.js';
import { loadSharp } from '../../data/images/decode.js';
import { UserError } from '../../errors.js';
import type { Model } from '../../estimator/model.js';
import { sizeOf } from '../../graph/shape.js';
import { hasChannelsFirst } from '../../models/networks.js';
import { type PictureShape, ssim } from './ssim.js';

/**
 * How pictures lie in samples, `null` where samples are none: height, width, and 1, 3 or 4 channels behind if any, or in
 * front of them where the model's `dataFormat` says so.
 */
export function pictureShape(shape: readonly number[], config: unknown = {}): PictureShape | null {
  const planes = hasChannelsFirst(config, shape);
  const [height, width, channels = 1] = planes ? [shape[1], shape[2], shape[0]] : shape;
  const fits = shape.length === 2 || (shape.length === 3 && [1, 3, 4].includes(channels));
  if (!fits || height === undefined || width === undefined) return null;
  return { height, width, channels, ...(planes && { planes }) };
}

/**
 * The mean structural similarity of samples and their reconstructions (see `ssim`), `undefined` where samples are no
 * pictures of 11 × 11 or more. The range of values is 255 for bytes, 1 for values in [0, 1], and that of the data for others.
 * @throws {UserError} when samples do not fit the model
 */
export async function reconstructionSsim(model: Model, input: DatasetInput): Promise<number | undefined> {
  const data = dataset(input);
  const shape = pictureShape(model.sampleSpec.shape, model.config);
  if (shape === null || Math.min(shape.height, shape.width) < 11) return undefined;
  const { data: reconstructed } = await model.reconstruct(data);
  return ssim(data.data, reconstructed, shape, rangeOf(data, model));
}

/** The largest difference that values can have: as for PSNR, but in the units of the data. */
function rangeOf(data: Dataset, model: Model): number {
  const { min, max } = summary(data);
  const whole = 1 / model.sampleSpec.scale;
  return min >= 0 && max <= whole ? whole : max - min;
}

/** Bytes of codes against bytes of PNG files. */
export interface CompressionFigures {
  /** A byte for each number of a code. */
  readonly codeBytes: number;
  /** The mean size of the samples as PNG files, each by itself, 8 bits a channel. */
  readonly pngBytes: number;
  /** `pngBytes` over `codeBytes`. */
  readonly ratio: number;
  /** Of the reconstruction from codes of bytes, in decibels. PNG loses nothing; this is what the codes lose. */
  readonly psnr: number;
  /** Pictures that were measured. */
  readonly samples: number;
}

/** Pictures that are measured at most. */
const most = 1000;

/**
 * Codes as bytes against PNG. A number of a code becomes one of 256 values between the least and the largest that it has
 * over the data (these two are not counted); the decoder, which both sides must have, is not counted either. PNG files are
 * those of sharp at its strongest compression, headers included. Of more than 1,000 samples the first are taken. Node only.
 * @throws {UserError} when samples are no pictures with values in the range of bytes, or sharp is not installed
 */
export async function compressionFigures(model: Model, input: DatasetInput): Promise<CompressionFigures> {
  const given = dataset(input);
  const { shape: sampleShape, scale } = model.sampleSpec;
  const shape = pictureShape(sampleShape, model.config);
  if (shape === null || given.data.some((value) => !(value >= 0 && value * scale <= 1))) {
    throw new UserError(
      `code size: samples of shape [${sampleShape.join(', ')}] are no pictures of bytes, or of values in [0, 1], so there is no PNG to compare with`,
    );
  }
  const count = Math.min(most, sampleCount(given));
  const data: Dataset = {
    data: given.data.subarray(0, count * sizeOf(sampleShape)),
    shape: [count, ...sampleShape],
    ...(given.labels && { labels: given.labels.subarray(0, count) }),
  };
  const codes = await model.encode(data);
  const { data: decoded } = await model.decode({
    ...codes,
    data: asBytes(codes.data, model.latent),
    ...(data.labels && { labels: data.labels }),
  });
  let squares = 0;
  decoded.forEach((value, i) => {
    squares += ((value - data.data[i]!) * scale) ** 2;
  });
  const pngBytes = (await pngSize(data, shape, scale)) / count;
  return {
    codeBytes: model.latent,
    pngBytes,
    ratio: pngBytes / model.latent,
    psnr: -10 * Math.log10(squares / decoded.length),
    samples: count,
  };
}

/** Each column in 256 steps between its least and its largest value. */
function asBytes(codes: Float32Array, latent: number): Float32Array {
  const low = new Float64Array(latent).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(latent).fill(Number.NEGATIVE_INFINITY);
  codes.forEach((value, at) => {
    low[at % latent] = Math.min(low[at % latent]!, value);
    high[at % latent] = Math.max(high[at % latent]!, value);
  });
  return codes.map((value, at) => {
    const [from, to] = [low[at % latent]!, high[at % latent]!];
    const step = (to - from) / 255;
    return step > 0 ? from + step * Math.round((value - from) / step) : value;
  });
}

async function pngSize(data: Dataset, shape: PictureShape, scale: number): Promise<number> {
  const sharp = await loadSharp();
  const { height, width, channels, planes } = shape;
  const area = height * width;
  const size = area * channels;
  let total = 0;
  for (let start = 0; start < data.data.length; start += size) {
    const pixels = Uint8Array.from({ length: size }, (_, i) => {
      const from = planes ? (i % channels) * area + Math.floor(i / channels) : i;
      return Math.round(255 * scale * data.data[start + from]!);
    });
    const raw = { width, height, channels: channels as 1 | 3 | 4 };
    const picture = sharp(pixels, { raw });
    // Without this sharp writes grey pictures with three channels; with its option "effort", with a palette.
    if (channels === 1) picture.toColourspace('b-w');
    total += (await picture.png({ compressionLevel: 9 }).toBuffer()).length;
  }
  return total;
}
