import { colours, drawTitle, font, margin, newSheet, pngBytes, type Sheet, titleHeight } from './canvas.js';
import { short } from './numberText.js';
import type { ImageValues, ValueRange } from './pixels.js';

/** Samples drawn as lines, the rows of a grid over one another. */
export interface LinePicture {
  /** At most three rows; each is a line of its own in every box. */
  readonly rows: readonly { readonly label?: string; readonly images: ImageValues; readonly count: number }[];
  /** The values at the bottom and the top of every box. */
  readonly range: ValueRange;
  /** How many boxes. */
  readonly count: number;
  /** How many values a sample has. */
  readonly size: number;
  readonly columns?: number;
  readonly title?: string;
}

const boxWidth = 220;
const boxHeight = 120;
const gap = 10;
const inset = 8;
const legendHeight = 26;
const captionHeight = 26;
const lineStyles = [
  { colour: colours.text, width: 1.25 },
  { colour: colours.vermilion, width: 1.75 },
  { colour: colours.blue, width: 1.75 },
];

/** Up to so many values, each is marked by a dot. */
const maxDots = 32;

/**
 * One box a sample, its values from left to right, on one vertical scale for all boxes; the rows of a grid
 * (originals, reconstructions) lie over one another, for that shows best where they part.
 * @returns The bytes of a PNG file.
 * @throws {UserError} when the picture would have more than 64 million pixels.
 */
export async function linePicture(picture: LinePicture): Promise<Uint8Array> {
  const { rows, range, count, size, title } = picture;
  const columns = Math.min(count, picture.columns ?? 4);
  const labelled = rows.some((row) => row.label);
  const top = margin + (title ? titleHeight : 0) + (labelled ? legendHeight : 0);
  const lines = Math.ceil(count / columns);
  const caption = captionText(size, range);
  const probe = await newSheet(1, 1);
  probe.context.font = font(12);
  const boxesWidth = columns * (boxWidth + gap) - gap;
  const width = 2 * margin + Math.max(boxesWidth, Math.ceil(probe.context.measureText(caption).width));
  const height = top + lines * (boxHeight + gap) - gap + captionHeight + margin;
  const sheet = await newSheet(width, height, count);
  if (title) drawTitle(sheet, title);
  if (labelled) drawLegend(sheet, picture, top - legendHeight);
  for (let i = 0; i < count; i++) {
    const x = margin + (i % columns) * (boxWidth + gap);
    const y = top + Math.floor(i / columns) * (boxHeight + gap);
    drawBox(sheet, x, y, range);
    for (const [r, row] of rows.entries()) {
      if (i < row.count) drawLine(sheet, x, y, row.images.subarray(i * size, (i + 1) * size), range, r);
    }
  }
  drawCaption(sheet, caption, height - margin);
  return pngBytes(sheet);
}

function captionText(size: number, [low, high]: ValueRange): string {
  const values = size === 1 ? 'its one value' : `its ${size} values from left to right`;
  return `Each box is one sample, ${values}, on a scale from ${short(low, 3)} (bottom) to ${short(high, 3)} (top).`;
}

function drawLegend({ context }: Sheet, { rows }: LinePicture, y: number): void {
  let x = margin;
  const middle = y + 8;
  context.font = font(14);
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  for (const [r, { label = '' }] of rows.entries()) {
    const style = lineStyles[r % lineStyles.length]!;
    context.strokeStyle = style.colour;
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(x, middle);
    context.lineTo(x + 24, middle);
    context.stroke();
    context.fillStyle = colours.text;
    context.fillText(label, x + 32, middle);
    x += 32 + context.measureText(label).width + 28;
  }
}

function drawBox({ context }: Sheet, x: number, y: number, [low, high]: ValueRange): void {
  context.fillStyle = colours.panel;
  context.fillRect(x, y, boxWidth, boxHeight);
  context.lineWidth = 1;
  context.strokeStyle = colours.frame;
  context.strokeRect(x + 0.5, y + 0.5, boxWidth - 1, boxHeight - 1);
  if (low < 0 && high > 0) {
    const zero = Math.round(heightOf(0, y, low, high)) + 0.5;
    context.strokeStyle = colours.grid;
    context.beginPath();
    context.moveTo(x + 1, zero);
    context.lineTo(x + boxWidth - 1, zero);
    context.stroke();
  }
}

/** The height on the sheet of a value in a box with its top at `y`; values out of range stay at the edge. */
function heightOf(value: number, y: number, low: number, high: number): number {
  const part = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return y + boxHeight - inset - part * (boxHeight - 2 * inset);
}

function drawLine(
  { context }: Sheet,
  x: number,
  y: number,
  values: ImageValues,
  [low, high]: ValueRange,
  row: number,
): void {
  const style = lineStyles[row % lineStyles.length]!;
  context.strokeStyle = context.fillStyle = style.colour;
  context.lineWidth = style.width;
  context.lineJoin = 'round';
  const step = values.length > 1 ? (boxWidth - 2 * inset) / (values.length - 1) : 0;
  const start = values.length > 1 ? x + inset : x + boxWidth / 2;
  context.beginPath();
  let pen = false;
  for (const [i, value] of values.entries()) {
    // A NaN leaves a gap in the line.
    if (Number.isNaN(value)) {
      pen = false;
    } else if (pen) {
      context.lineTo(start + i * step, heightOf(value, y, low, high));
    } else {
      context.moveTo(start + i * step, heightOf(value, y, low, high));
      pen = true;
    }
  }
  context.stroke();
  if (values.length > maxDots) return;
  for (const [i, value] of values.entries()) {
    if (Number.isNaN(value)) continue;
    context.beginPath();
    context.arc(start + i * step, heightOf(value, y, low, high), 2.25, 0, 2 * Math.PI);
    context.fill();
  }
}

function drawCaption({ context }: Sheet, text: string, bottom: number): void {
  context.font = font(12);
  context.fillStyle = colours.faintText;
  context.textAlign = 'left';
  context.textBaseline = 'bottom';
  context.fillText(text, margin, bottom);
}
