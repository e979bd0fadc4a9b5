import { createRequire } from 'node:module';
import type { Canvas, SKRSContext2D } from '@napi-rs/canvas';
import { UserError } from '../errors.js';

/** A canvas and its drawing context, filled with the background and set to the project's font. */
export interface Sheet {
  readonly canvas: Canvas;
  readonly context: SKRSContext2D;
}

/** The name under which the font is registered. Shipped with the project, so that text looks alike everywhere. */
export const fontFamily = 'autoencoder sans';

const fontFile = '@fontsource/dejavu-sans/files/dejavu-sans-latin-400-normal.woff2';

/** The colours of every picture. Blue and vermilion stay apart for colour-blind readers (Okabe and Ito). */
export const colours = {
  background: '#fbfbfa',
  panel: '#ffffff',
  frame: '#d9d9d6',
  grid: '#e6e6e3',
  text: '#33332f',
  faintText: '#6f6f69',
  blue: '#0072b2',
  vermilion: '#d55e00',
} as const;

let loading: Promise<typeof import('@napi-rs/canvas')> | undefined;

/** The canvas library, loaded when first asked for (it takes some 50 ms), with the font registered. */
export function canvasLibrary(): Promise<typeof import('@napi-rs/canvas')> {
  loading ??= load();
  return loading;
}

async function load(): Promise<typeof import('@napi-rs/canvas')> {
  const library = await import('@napi-rs/canvas');
  const path = createRequire(import.meta.url).resolve(fontFile);
  if (!library.GlobalFonts.registerFromPath(path, fontFamily)) {
    throw new Error(`the font ${path} could not be registered; reinstall the package (npm ci)`);
  }
  return library;
}

/** Skia's surfaces and readers' screens both end well before these. */
const maxPixels = 64e6;
const maxSide = 32_000;

/** The empty border of every picture, in pixels. */
export const margin = 18;

/** How much of a picture's top a title takes, in pixels. */
export const titleHeight = 30;

/**
 * An empty picture of so many pixels.
 * @param samples How many samples it is to show, for the message.
 * @throws {UserError} when it would have more than 64 million pixels or a side of more than 32,000.
 */
export async function newSheet(width: number, height: number, samples = 0): Promise<Sheet> {
  if (width * height > maxPixels || Math.max(width, height) > maxSide) {
    throw new UserError(
      `a picture of ${samples} samples would be ${width} × ${height} pixels, more than can be drawn; ask for fewer samples`,
    );
  }
  const { createCanvas } = await canvasLibrary();
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  context.fillStyle = colours.background;
  context.fillRect(0, 0, width, height);
  // Left to the host's language, the same picture would differ between machines.
  context.lang = 'en';
  return { canvas, context };
}

/** The CSS font of a size in pixels. */
export function font(size: number): string {
  return `${size}px "${fontFamily}"`;
}

/** The picture as the bytes of a PNG file. */
export async function pngBytes({ canvas }: Sheet): Promise<Uint8Array> {
  const buffer = await canvas.encode('png');
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** Writes a line of text at the top left, in the space of {@link titleHeight}. */
export function drawTitle({ context }: Sheet, title: string): void {
  context.font = font(16);
  context.fillStyle = colours.text;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  context.fillText(title, margin, margin + 8);
}
