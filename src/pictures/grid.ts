import { UserError } from '../errors.js';
import {
  canvasLibrary,
  colours,
  drawTitle,
  font,
  margin,
  newSheet,
  pngBytes,
  type Sheet,
  titleHeight,
} from './canvas.js';
import { linePicture } from './lines.js';
import {
  countSamples,
  type ImageValues,
  rangeOf,
  type SampleForm,
  sampleForm,
  toPixels,
  type ValueRange,
} from './pixels.js';

/** One row of a grid: samples of one kind. */
export interface GridRow {
  /** Shown at the left. */
  readonly label?: string;
  /** Samples one after the other, each flat and row-major. */
  readonly images: ImageValues;
  /** How many of the samples are drawn; all unless given. */
  readonly count?: number;
}

/** How a grid is drawn. */
export interface GridOptions {
  /** The shape of one sample; see `sampleForm` for what is drawn as an image and what as a line. */
  readonly shape: readonly number[];
  /** Whether the first of three axes counts channels; the last one unless given. */
  readonly channelsFirst?: boolean;
  /** The values drawn darkest and brightest; taken from the first row's values unless given. */
  readonly range?: ValueRange;
  /** Samples side by side before the rows are continued below; 10 (lines: 4) unless given. */
  readonly columns?: number;
  /** A line of text above everything. */
  readonly title?: string;
}

/** A grid with its rows. */
export interface GridPicture extends GridOptions {
  readonly rows: readonly GridRow[];
}

const gap = 4;
const bandGap = 18;

/**
 * Draws rows of samples above one another, column by column: the first of every row, the second of every row,
 * and so on; when a row is full, all rows go on below. Images keep hard pixels, enlarged by a whole number.
 * @returns The bytes of a PNG file.
 * @throws {UserError} when values and shape do not fit, there are no rows, the range is empty, or the picture
 *   would have more than 64 million pixels.
 */
export async function gridPicture(picture: GridPicture): Promise<Uint8Array> {
  const form = sampleForm(picture.shape, picture.channelsFirst);
  const rows = picture.rows.map((row) => {
    const count = countSamples(row.images, form.size, row.label ?? 'picture');
    return { ...row, count: Math.min(row.count ?? count, count) };
  });
  const first = rows[0];
  if (!first) throw new UserError('a picture without rows was asked for; give at least one');
  const range = picture.range ?? rangeOf(first.images);
  if (!(range[0] < range[1])) {
    throw new UserError(
      `the range [${range.join(', ')}] is empty; give the darkest value first, then a larger one`,
    );
  }
  const count = Math.max(...rows.map((row) => row.count));
  if (form.kind === 'line') return linePicture({ ...picture, rows, range, count, size: form.size });

  const columns = Math.min(count, picture.columns ?? 10);
  const bands = Math.ceil(count / columns);
  const scale = scaleFor(form);
  const cellWidth = Math.max(1, Math.round(form.width * scale));
  const cellHeight = Math.max(1, Math.round(form.height * scale));
  const left = margin + (await labelWidth(rows));
  const top = margin + (picture.title ? titleHeight : 0);
  const bandHeight = rows.length * (cellHeight + gap) - gap;
  const betweenBands = rows.length > 1 ? bandGap : gap;
  const width = left + columns * (cellWidth + gap) - gap + margin;
  const height = top + bands * (bandHeight + betweenBands) - betweenBands + margin;

  const sheet = await newSheet(width, height, count);
  if (picture.title) drawTitle(sheet, picture.title);
  const tile = await tileOf(form);
  for (let i = 0; i < count; i++) {
    const x = left + (i % columns) * (cellWidth + gap);
    const bandTop = top + Math.floor(i / columns) * (bandHeight + betweenBands);
    for (const [r, row] of rows.entries()) {
      const y = bandTop + r * (cellHeight + gap);
      if (i % columns === 0 && row.label && i < row.count)
        drawLabel(sheet, row.label, left, y + cellHeight / 2);
      if (i >= row.count) continue;
      tile.fill(toPixels(row.images, i, form, range));
      sheet.context.imageSmoothingEnabled = scale < 1;
      sheet.context.imageSmoothingQuality = 'high';
      sheet.context.drawImage(tile.canvas, x, y, cellWidth, cellHeight);
    }
  }
  return pngBytes(sheet);
}

/**
 * Originals above their reconstructions, in pairs of rows.
 * @param shape The shape of one sample.
 * @returns The bytes of a PNG file.
 * @throws {UserError} as {@link gridPicture}.
 */
export function reconstructionsPicture(
  originals: ImageValues,
  reconstructions: ImageValues,
  shape: readonly number[],
  options: Omit<GridOptions, 'shape'> = {},
): Promise<Uint8Array> {
  const rows = [
    { label: 'original', images: originals },
    { label: 'reconstruction', images: reconstructions },
  ];
  return gridPicture({ ...options, rows, shape });
}

/**
 * Samples in a grid that is about as wide as high.
 * @param shape The shape of one sample.
 * @returns The bytes of a PNG file.
 * @throws {UserError} as {@link gridPicture}.
 */
export function imageGridPicture(
  images: ImageValues,
  shape: readonly number[],
  options: Omit<GridOptions, 'shape'> = {},
): Promise<Uint8Array> {
  const count = countSamples(images, sampleForm(shape, options.channelsFirst).size, 'picture');
  return gridPicture({ columns: Math.ceil(Math.sqrt(count)), ...options, rows: [{ images }], shape });
}

/** Enlarges to some 80 pixels, by a whole number so that pixels stay square; shrinks what is beyond 256. */
function scaleFor({ height, width }: Extract<SampleForm, { kind: 'image' }>): number {
  const longest = Math.max(height, width);
  return longest > 256 ? 256 / longest : Math.min(24, Math.max(1, Math.round(80 / longest)));
}

async function labelWidth(rows: readonly GridRow[]): Promise<number> {
  const { context } = await newSheet(1, 1);
  context.font = font(14);
  const widest = Math.max(...rows.map((row) => (row.label ? context.measureText(row.label).width : 0)));
  return widest === 0 ? 0 : Math.ceil(widest) + 14;
}

function drawLabel({ context }: Sheet, label: string, right: number, middle: number): void {
  context.font = font(14);
  context.fillStyle = colours.faintText;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  context.fillText(label, right - 14, middle);
}

/** A small canvas that holds one image at a time, in its own pixels. */
async function tileOf({ width, height }: Extract<SampleForm, { kind: 'image' }>) {
  const { createCanvas, ImageData } = await canvasLibrary();
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  return {
    canvas,
    fill: (pixels: Uint8ClampedArray<ArrayBuffer>) =>
      context.putImageData(new ImageData(pixels, width, height), 0, 0),
  };
}
