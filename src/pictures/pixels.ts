import { UserError } from '../errors.js';

/** Values of images, one after the other, each laid out flat. */
export type ImageValues = Uint8Array | Float32Array;

/** The values that are drawn darkest and brightest. */
export type ValueRange = readonly [low: number, high: number];

/** How one sample is drawn: as an image, or as a line over its values. */
export type SampleForm =
  | {
      readonly kind: 'image';
      readonly height: number;
      readonly width: number;
      readonly channels: 1 | 3;
      /** Whether each channel is a plane of its own, and not every pixel a group of channels. */
      readonly planes?: true;
      readonly size: number;
    }
  | { readonly kind: 'line'; readonly size: number };

/** Below it, a square number of values is more likely a table's columns than a picture. */
const smallestGuessedImage = 64;

/**
 * How samples of a shape are drawn. `[h, w]`, `[h, w, 1]` and `[h, w, 3]` are images, with channels first `[1, h, w]` and
 * `[3, h, w]`; a flat vector of a
 * square number of values from 64 up is taken as a square grey image; all else is drawn as a line.
 * @param shape The shape of one sample.
 * @param channelsFirst Whether the first of three axes counts channels, and not the last.
 */
export function sampleForm(shape: readonly number[], channelsFirst = false): SampleForm {
  const size = shape.reduce((product, length) => product * length, 1);
  const planes = channelsFirst && shape.length === 3;
  const [height, width, channels = 1] = planes ? [shape[1], shape[2], shape[0]] : shape;
  if (shape.length === 2 || (shape.length === 3 && (channels === 1 || channels === 3))) {
    return {
      ...{ kind: 'image', height: height!, width: width!, channels: channels === 3 ? 3 : 1, size },
      ...(planes && { planes }),
    };
  }
  const side = Math.sqrt(size);
  if (shape.length === 1 && size >= smallestGuessedImage && Number.isInteger(side)) {
    return { kind: 'image', height: side, width: side, channels: 1, size };
  }
  return { kind: 'line', size };
}

/**
 * How many samples the values hold.
 * @throws {UserError} when it is not a whole number from 1 up.
 */
export function countSamples(values: ImageValues, size: number, what: string): number {
  const count = values.length / size;
  if (Number.isInteger(count) && count >= 1) return count;
  throw new UserError(
    `${what}: ${values.length} values do not make whole samples of ${size}; give at least one, each whole`,
  );
}

/**
 * The range to draw with when none is given: 0 to 255 for bytes (0 to 1 where they hold only those), otherwise
 * from the smallest to the largest finite value. Never empty.
 */
export function rangeOf(values: ImageValues): ValueRange {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low && value !== Number.NEGATIVE_INFINITY) low = value;
    if (value > high && value !== Number.POSITIVE_INFINITY) high = value;
  }
  if (values instanceof Uint8Array) return high <= 1 ? [0, 1] : [0, 255];
  if (low > high) return [0, 1];
  return low < high ? [low, high] : [low - 0.5, high + 0.5];
}

/**
 * Sample `index` as RGBA pixels, row by row: the range mapped to 0 … 255, what lies outside clamped, NaN black.
 */
export function toPixels(
  values: ImageValues,
  index: number,
  form: Extract<SampleForm, { kind: 'image' }>,
  [low, high]: ValueRange,
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(form.height * form.width * 4);
  const scale = 255 / (high - low);
  const start = index * form.size;
  const count = form.height * form.width;
  const [pixelStep, channelStep] = form.channels === 1 ? [1, 0] : form.planes ? [1, count] : [3, 1];
  for (let i = 0; i < count; i++) {
    for (let channel = 0; channel < 3; channel++) {
      const value = values[start + i * pixelStep + channel * channelStep]!;
      pixels[4 * i + channel] = (value - low) * scale;
    }
    pixels[4 * i + 3] = 255;
  }
  return pixels;
}
