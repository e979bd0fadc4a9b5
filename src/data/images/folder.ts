import { constants } from 'node:buffer';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { option, shown, UserError } from '../../errors.js';
import { countText } from '../bytes.js';
import { type ImageHeader, loadSharp, readHeader, readPixels, type Sharp, UnusableImage } from './decode.js';
import type { ImageFit } from './fit.js';
import { compareNames, folderClasses, listImages, type SkippedImage } from './listing.js';

export type { ImageFit } from './fit.js';
export type { SkippedImage } from './listing.js';

/** How {@link readImageFolder} reads. */
export interface ImageFolderOptions {
  /**
   * `[height, width]` of all pictures. Unless given, the size that all have; where they differ, the median height
   * and the median width, each at most 64.
   */
  readonly size?: readonly [number, number];
  /**
   * How pictures of another shape are brought to that size: `cover` (unless given) cuts off what stands out in the
   * middle of two sides, `contain` adds black, `fill` distorts.
   */
  readonly fit?: ImageFit;
  /** `auto` (unless given) gives colour when any pixel of any picture has some. */
  readonly colour?: 'auto' | 'grey' | 'colour';
}

/** The pictures of a folder, all of one size. */
export interface ImageSet {
  /** 0 is black, 255 is white; row-major, one picture after the other. */
  readonly data: Uint8Array;
  /** `[pictures, height, width]`, with colour `[pictures, height, width, 3]`. */
  readonly shape: readonly number[];
  /** The pictures' paths below the folder, with `/` between the parts, in natural order. */
  readonly names: readonly string[];
  /** What was left out, and why, in natural order. */
  readonly skipped: readonly SkippedImage[];
  /** What was decided for the user and is worth saying, such as a size. */
  readonly notes: readonly string[];
  /** Each picture's class, where {@link classes} are. */
  readonly labels?: Int32Array;
  /** The subfolders, in natural order, where every picture lies in one, one level deep. */
  readonly classes?: readonly string[];
}

/** Pictures that are open to be read: name, header. */
interface Found extends ImageHeader {
  readonly name: string;
}

const fits: readonly string[] = ['cover', 'contain', 'fill'];
const colours: readonly string[] = ['auto', 'grey', 'colour'];

/** Beyond this the pictures do not fit into one typed array on Node 20. */
const maxBytes = Math.min(2 ** 32, constants.MAX_LENGTH);

/** Mixed sizes are mostly photographs: a median of 3000 would be no use as a default. */
const maxDefaultSide = 64;

/** Node's thread pool has four threads, and each picture takes one. */
const atOnce = 4;

/**
 * Whether a path is a folder, which {@link readImageFolder} can be tried on. Looks at nothing inside it.
 */
export async function isImageFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/**
 * Reads all pictures below a folder (PNG, JPEG, WebP, TIFF, GIF and AVIF, by their endings) into one array. Turned
 * as EXIF says, transparent parts on black, 16 bits scaled to 8; of an animation the first picture. What cannot be
 * read is left out and listed in `skipped`.
 * @throws {UserError} when there is no such folder, it has no pictures or none that can be read, an option is not as
 *   described, the pictures take more than 4 GiB at that size, or the package sharp is not installed
 */
export async function readImageFolder(path: string, options: ImageFolderOptions = {}): Promise<ImageSet> {
  const { size: wanted, fit = 'cover', colour = 'auto' } = options;
  checkOptions(wanted, fit, colour);
  const { names, skipped: unread, others } = await listImages(path);
  const skipped = [...unread];
  if (names.length === 0) throw noPictures(path, skipped, others);
  const sharp = await loadSharp();

  const found = await readHeaders(sharp, path, names, skipped);
  if (found.length === 0) throw noneUsable(path, skipped);
  const notes: string[] = [];
  const size = wanted ?? defaultSize(found, fit, notes);
  const mayHaveColour = colour === 'colour' || (colour === 'auto' && found.some(({ grey }) => !grey));
  const data = allocate(found.length, size, mayHaveColour ? 3 : 1, path);

  const { used, hasColour } = await fillPixels(sharp, path, found, size, fit, mayHaveColour, data, skipped);
  if (used.length === 0) throw noneUsable(path, skipped);
  if (others > 0) {
    notes.push(
      `${countText(others)} ${others === 1 ? 'file' : 'files'} without the ending of a picture left aside`,
    );
  }
  const inColour = colour === 'colour' || hasColour;
  const classes = folderClasses(names);
  return {
    data: gather(data, used, size[0] * size[1], mayHaveColour, inColour),
    shape: [used.length, ...size, ...(inColour ? [3] : [])],
    names: used.map((index) => found[index]!.name),
    skipped: skipped.sort((a, b) => compareNames(a.name, b.name)),
    notes,
    ...(classes && {
      labels: Int32Array.from(used, (index) => classes.labelOf(found[index]!.name)),
      classes: classes.classes,
    }),
  };
}

function checkOptions(size: unknown, fit: string, colour: string): void {
  const isSide = (side: unknown) => Number.isSafeInteger(side) && (side as number) > 0;
  if (size !== undefined && !(Array.isArray(size) && size.length === 2 && size.every(isSide))) {
    throw new UserError(`size is ${shown(size)}; expected [height, width] in whole pixels, such as [64, 64]`);
  }
  if (!fits.includes(fit)) {
    throw new UserError(`fit is ${shown(fit)}; expected one of ${fits.join(', ')}`);
  }
  if (!colours.includes(colour)) {
    throw new UserError(`colour is ${shown(colour)}; expected one of ${colours.join(', ')}`);
  }
}

async function readHeaders(
  sharp: Sharp,
  path: string,
  names: readonly string[],
  skipped: SkippedImage[],
): Promise<Found[]> {
  const found: (Found | undefined)[] = new Array(names.length);
  await forEachImage(names, skipped, async (name, index) => {
    found[index] = { name, ...(await readHeader(sharp, join(path, name))) };
  });
  return found.filter((image) => image !== undefined);
}

/** Reads each picture into its place in `data`; says which places are filled, and whether any pixel has colour. */
async function fillPixels(
  sharp: Sharp,
  path: string,
  found: readonly Found[],
  size: readonly [number, number],
  fit: ImageFit,
  mayHaveColour: boolean,
  data: Uint8Array,
  skipped: SkippedImage[],
): Promise<{ used: number[]; hasColour: boolean }> {
  const filled: boolean[] = new Array(found.length).fill(false);
  const length = data.length / found.length;
  let hasColour = false;
  await forEachImage(
    found.map(({ name }) => name),
    skipped,
    async (name, index) => {
      const pixels = await readPixels(sharp, join(path, name), found[index]!, size, fit);
      if (mayHaveColour) {
        data.set(pixels, index * length);
        hasColour ||= differs(pixels);
      } else {
        toGrey(pixels, data, index * length);
      }
      filled[index] = true;
    },
  );
  return { used: [...found.keys()].filter((index) => filled[index]), hasColour };
}

/** Does something with every picture, some at a time; those that turn out unusable are added to `skipped`. */
async function forEachImage(
  names: readonly string[],
  skipped: SkippedImage[],
  work: (name: string, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < names.length) {
      const index = next++;
      try {
        await work(names[index]!, index);
      } catch (error) {
        if (!(error instanceof UnusableImage)) throw error;
        skipped.push({ name: names[index]!, reason: error.message });
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

function defaultSize(found: readonly ImageHeader[], fit: ImageFit, notes: string[]): [number, number] {
  const { height, width } = found[0]!;
  if (found.every((image) => image.height === height && image.width === width)) return [height, width];
  const size: [number, number] = [
    Math.min(maxDefaultSide, median(found.map((image) => image.height))),
    Math.min(maxDefaultSide, median(found.map((image) => image.width))),
  ];
  const sizes = new Set(found.map((image) => `${image.height}×${image.width}`)).size;
  const how = { cover: 'scaled and cut', contain: 'scaled, with black added,', fill: 'distorted' }[fit];
  notes.push(
    `the pictures have ${countText(sizes)} sizes; each was ${how} to ${size[0]}×${size[1]} (height×width). Give ${option('size')} to choose another`,
  );
  return size;
}

function median(numbers: number[]): number {
  numbers.sort((a, b) => a - b);
  return numbers[(numbers.length - 1) >> 1]!;
}

function allocate(
  count: number,
  [height, width]: readonly [number, number],
  channels: number,
  path: string,
): Uint8Array {
  const bytes = count * height * width * channels;
  const advice = `give a smaller ${option('size')}, such as 64 × 64${channels === 3 ? `, or ${option('colour', 'grey')}` : ''}`;
  const what = `${path}: ${countText(count)} pictures of ${height}×${width}${channels === 3 ? ' in colour' : ''} take ${countText(bytes)} bytes`;
  if (bytes > maxBytes) throw new UserError(`${what}; at most ${countText(maxBytes)} can be held; ${advice}`);
  try {
    return new Uint8Array(bytes);
  } catch {
    throw new UserError(`${what}, more than this machine can hold at once; ${advice}`);
  }
}

function differs(pixels: Uint8Array): boolean {
  for (let at = 0; at < pixels.length; at += 3) {
    if (pixels[at] !== pixels[at + 1] || pixels[at] !== pixels[at + 2]) return true;
  }
  return false;
}

/** Luma of ITU-R 601, with the constants of Pillow (and thereby Keras): grey stays grey to the bit. */
function toGrey(pixels: Uint8Array, into: Uint8Array, start: number): void {
  for (let at = 0, to = start; at < pixels.length; at += 3, to++) {
    into[to] = (pixels[at]! * 19595 + pixels[at + 1]! * 38470 + pixels[at + 2]! * 7471 + 0x8000) >> 16;
  }
}

/** Closes the gaps that unusable pictures left, and drops two of three channels where none has colour. */
function gather(
  data: Uint8Array,
  used: readonly number[],
  pixels: number,
  threeChannels: boolean,
  inColour: boolean,
): Uint8Array {
  const length = threeChannels ? 3 * pixels : pixels;
  if (threeChannels && !inColour) {
    const grey = new Uint8Array(used.length * pixels);
    for (const [to, from] of used.entries()) {
      for (let pixel = 0; pixel < pixels; pixel++)
        grey[to * pixels + pixel] = data[from * length + 3 * pixel]!;
    }
    return grey;
  }
  for (const [to, from] of used.entries()) {
    if (to !== from) data.copyWithin(to * length, from * length, (from + 1) * length);
  }
  return data.subarray(0, used.length * length);
}

function noPictures(path: string, skipped: readonly SkippedImage[], others: number): UserError {
  const there = [
    ...(others > 0 ? [`${countText(others)} other ${others === 1 ? 'file' : 'files'}`] : []),
    ...skipped.slice(0, 5).map(({ name, reason }) => `${name} ${reason}`),
  ];
  return new UserError(
    `${path} has no pictures${there.length > 0 ? ` (but ${there.join('; ')})` : ''}; expected files that end in .png, .jpg, .jpeg, .webp, .tif, .tiff, .gif or .avif, there or in its subfolders`,
  );
}

function noneUsable(path: string, skipped: SkippedImage[]): UserError {
  skipped.sort((a, b) => compareNames(a.name, b.name));
  const reasons = skipped.slice(0, 5).map(({ name, reason }) => `${name} ${reason}`);
  const more = skipped.length > 5 ? `; and ${countText(skipped.length - 5)} more` : '';
  return new UserError(
    `${path}: none of the pictures can be read: ${reasons.join('; ')}${more}. Copy or download them again, or name another folder`,
  );
}
