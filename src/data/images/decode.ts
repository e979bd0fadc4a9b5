import { open } from 'node:fs/promises';
import type { Metadata, SharpOptions } from 'sharp';
import { UserError } from '../../errors.js';
import { countText, hexOf } from '../bytes.js';
import type { ImageFit } from './fit.js';
import { accessReason } from './listing.js';

/** The function that the package sharp exports. */
export type Sharp = typeof import('sharp')['default'];

/** A picture's size as it is seen, and what matters for reading it. */
export interface ImageHeader {
  readonly height: number;
  readonly width: number;
  /** Whether the file stores one channel (and perhaps alpha): it then has no colour, whatever its pixels. */
  readonly grey: boolean;
  readonly cmyk: boolean;
}

/** A picture that cannot be used. The message is a short reason without the name: `is empty (0 bytes)`. */
export class UnusableImage extends Error {
  override readonly name = 'UnusableImage';
}

/** A few hundred bytes of PNG can claim terabytes of pixels; beyond this nothing is decoded. */
export const maxPixels = 100_000_000;

/** What the endings stand for. sharp looks at the bytes alone, and would also draw an SVG that is named .png. */
const formats: ReadonlySet<string> = new Set(['png', 'jpeg', 'webp', 'tiff', 'gif', 'heif', 'avif']);

/**
 * Loads sharp and sets it, for the whole process, to keep no pictures in memory and to use one thread for each:
 * pictures are read several at a time, and each of them once.
 * @throws {UserError} when sharp or its native part is not installed
 */
export async function loadSharp(
  load: () => Promise<{ default: Sharp }> = () => import('sharp'),
): Promise<Sharp> {
  try {
    const { default: sharp } = await load();
    sharp.cache(false);
    sharp.concurrency(1);
    return sharp;
  } catch (error) {
    const [line] = (error as Error).message.split('\n');
    throw new UserError(
      `pictures cannot be read: the package sharp does not load (${line}). Install it for this machine with npm install --include=optional sharp`,
    );
  }
}

/**
 * Reads a picture's header, no pixels.
 * @throws {UnusableImage} when it is no picture, damaged, too large, or of a kind that has no 8 or 16 bit values
 */
export async function readHeader(sharp: Sharp, path: string): Promise<ImageHeader> {
  let metadata: Metadata;
  try {
    metadata = await sharp(path, inputOptions(true)).metadata();
  } catch (error) {
    throw await unusable(error, path);
  }
  const { format, autoOrient, space, channels, depth } = metadata;
  if (!formats.has(format)) {
    throw new UnusableImage(`is ${format.toUpperCase()}; expected PNG, JPEG, WebP, TIFF, GIF or AVIF`);
  }
  const { height, width } = autoOrient;
  if (height * width > maxPixels) throw tooManyPixels(`${countText(width)}×${countText(height)}`);
  if (depth !== 'uchar' && depth !== 'ushort') {
    // Nothing says which of these numbers is black and which is white.
    throw new UnusableImage(`has values of type ${depth}; expected 8 or 16 bits without sign`);
  }
  return { height, width, grey: channels <= 2 && space !== 'cmyk', cmyk: space === 'cmyk' };
}

/**
 * Reads a picture as 8-bit red, green and blue, row by row: turned as its EXIF orientation says, on black where
 * it is transparent, and scaled.
 * @throws {UnusableImage} when the pixels are damaged or cut short
 */
export async function readPixels(
  sharp: Sharp,
  path: string,
  { cmyk }: ImageHeader,
  [height, width]: readonly [number, number],
  fit: ImageFit,
): Promise<Uint8Array> {
  try {
    const pixels = await sharp(path, inputOptions(!cmyk))
      .autoOrient()
      .flatten({ background: '#000' })
      .resize({ width, height, fit, background: '#000' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer();
    if (pixels.length === height * width * 3) return pixels;
  } catch (error) {
    throw await unusable(error, path);
  }
  throw new UnusableImage('does not decode to red, green and blue');
}

/**
 * Profiles are ignored: values are taken as they are stored, as Pillow and Keras do, and a grey picture with a
 * profile stays grey to the bit. CMYK has no meaning as RGB without one.
 */
function inputOptions(ignoreIcc: boolean): SharpOptions {
  // Warnings count as damage: a picture left out is reported, one that is half noise would go unseen.
  return { limitInputPixels: maxPixels, failOn: 'warning', ignoreIcc };
}

function tooManyPixels(what: string): UnusableImage {
  return new UnusableImage(`has ${what} pixels; at most ${countText(maxPixels)} in all are read`);
}

/** Says why a picture failed; looks into the file, for sharp calls an empty file and a web page the same. */
async function unusable(error: unknown, path: string): Promise<UnusableImage> {
  let head: Uint8Array;
  try {
    head = await readHead(path);
  } catch (failure) {
    return new UnusableImage(accessReason(failure));
  }
  if (head.length === 0) return new UnusableImage('is empty (0 bytes)');
  const message = (error as Error).message;
  if (/pixel limit/i.test(message)) return tooManyPixels('too many');
  if (/unsupported image format/i.test(message)) {
    return new UnusableImage(`is no picture that can be read: it begins with ${hexOf(head, 8)}`);
  }
  const detail = message
    .replace(/^Input file has corrupt header:/, '')
    .replace(/Warning treated as error due to failOn setting/, '')
    .replace(/\s+/g, ' ')
    .trim();
  return new UnusableImage(`is damaged or cut short${detail && ` (${detail.slice(0, 100)})`}`);
}

async function readHead(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(8), 0, 8, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
