import { extname } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { writeWhole } from '../artifact/write.js';
import { npyBytes } from '../data/npy.js';
import { UserError } from '../errors.js';
import type { Matrix, Model } from '../index.js';
import { hasChannelsFirst } from '../models/networks.js';
import { sampleForm, type ValueRange } from '../pictures/pixels.js';

/** A kind of file that results are written as, known by the name's ending. */
export type OutputKind = 'npy' | 'csv' | 'png';

/** The most samples that are put into one picture, before anything is computed for it. */
const mostPictured = 10_000;

/** Rows that are turned into CSV at a time. */
const csvRows = 1000;

/**
 * The kind of file that a name asks for.
 * @throws {UserError} when it is none of those allowed
 */
export function outputKind(path: string, allowed: readonly OutputKind[]): OutputKind {
  const ending = extname(path).slice(1).toLowerCase();
  const kind = allowed.find((each) => each === ending);
  if (kind !== undefined) return kind;
  const endings = allowed.map((each) => `.${each}`);
  throw new UserError(
    `-o ${path}: the name's ending decides what is written; give one that ends in ${endings.slice(0, -1).join(', ')} or ${endings.at(-1)}`,
  );
}

/** @throws {UserError} when a picture of so many samples makes no sense */
export function checkPictured(count: number, path: string): void {
  if (count <= mostPictured) return;
  throw new UserError(
    `${path}: a picture of ${count} samples was asked for, at most ${mostPictured} can be drawn; ask for fewer, or give a name that ends in .npy`,
  );
}

/** Writes numbers with one sample a row, as .npy with their whole shape or as CSV with a header: z0, z1, … */
export async function writeNumbers(
  path: string,
  kind: 'npy' | 'csv',
  matrix: Matrix,
  letter: string,
): Promise<void> {
  await writeWhole(path, kind === 'npy' ? npyBytes(matrix) : csvPieces(matrix, letter));
}

function* csvPieces({ data, shape }: Matrix, letter: string): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  const [rows] = shape;
  const width = data.length / rows!;
  yield encoder.encode(stringify([Array.from({ length: width }, (_, i) => `${letter}${i}`)]));
  for (let start = 0; start < rows!; start += csvRows) {
    const lines = Array.from({ length: Math.min(csvRows, rows! - start) }, (_, i) =>
      Array.from(data.subarray((start + i) * width, (start + i + 1) * width), shortest),
    );
    yield encoder.encode(stringify(lines));
  }
}

/** Nine digits tell every float32 from its neighbours; more would only show its binary form. */
export function shortest(value: number): number {
  return Number(value.toPrecision(9));
}

/** How pictures of a model's samples are drawn: the values that are black and white, and where channels lie. */
export function drawing(model: Model): { readonly range?: ValueRange; readonly channelsFirst?: boolean } {
  const channelsFirst = hasChannelsFirst(model.config, model.sampleSpec.shape);
  return { ...valueRange(model), ...(channelsFirst && { channelsFirst }) };
}

/** Whether samples of a model are drawn as images; else they are lines. */
export function isDrawnAsImage({ config, sampleSpec: { shape } }: Model): boolean {
  return sampleForm(shape, hasChannelsFirst(config, shape)).kind === 'image';
}

/** The values that are black and white in pictures of a model's samples, where they are known. */
export function valueRange(model: Model): { readonly range?: ValueRange } {
  if (model.table !== undefined) return {};
  const { dtype, scale } = model.sampleSpec;
  if (dtype === 'uint8') return { range: [0, scale === 1 ? 1 : 255] };
  const { output, loss, likelihood } = model.config as {
    readonly output?: string;
    readonly loss?: string;
    readonly likelihood?: { readonly type: string; readonly activation?: string };
  };
  const activation = likelihood?.activation ?? output;
  const inUnit = loss === 'bce' || likelihood?.type === 'bernoulli' || activation === 'sigmoid';
  return inUnit ? { range: [0, 1] } : {};
}
