import { sampleCount } from '../data/dataset.js';
import { UserError } from '../errors.js';
import { familyOf } from '../estimator/create.js';
import type { Dataset, Matrix, Model } from '../index.js';
import { gridPicture, imageGridPicture } from '../pictures/grid.js';
import { drawing, isDrawnAsImage } from './outputFile.js';
import type { TrainOptions } from './train.js';

/** Classes that a picture shows at most, and samples of each side by side. */
const mostRows = 20;
const longestRow = 16;

/**
 * Checks what `--label` was given.
 * @throws {UserError} when the model is told no classes, or has none of that number
 */
export function checkLabel({ family, classes }: Model, label: number | undefined): void {
  if (label === undefined) return;
  if (classes === undefined) {
    throw new UserError(
      `--label ${label} is for conditional models, and this one, of the family '${family}', is told no classes; leave it out`,
    );
  }
  if (label < classes) return;
  throw new UserError(
    `--label ${label}: the model has ${classes} classes; give a whole number from 0 to ${classes - 1}`,
  );
}

/**
 * Data with the class of each sample where the model is told it: that of `--label` for all, or else their own labels.
 * @throws {UserError} when there is neither
 */
export function withLabel({ classes, family }: Model, data: Dataset, label: number | undefined): Dataset {
  if (classes === undefined) return data;
  if (label !== undefined) return { ...data, labels: new Int32Array(sampleCount(data)).fill(label) };
  if (data.labels !== undefined) return data;
  throw new UserError(
    `${data.source ?? 'the data'}: a ${family} is told the class of each sample, and there are no labels; give data that have them, whole numbers from 0 to ${classes - 1}, or the class of all samples with --label`,
  );
}

/** Whether a model is told the class of each sample. */
export function isConditional(model = 'autoencoder'): boolean {
  return familyOf(model).conditional === true;
}

/**
 * The options of a conditional model with as many classes as data have, where it was not said.
 * @throws {UserError} when the data have no labels, or one below 0
 */
export function withClassesOf(data: Dataset, given: TrainOptions): TrainOptions {
  if (!isConditional(given.model) || given.classes !== undefined) return given;
  return { ...given, classes: classesIn(data) };
}

/** @throws {UserError} when a model for labelled samples is to learn a table */
export function checkNotConditional(spec: string, { model }: TrainOptions): void {
  if (!isConditional(model)) return;
  throw new UserError(
    `--model ${model} learns from the class of each sample, and rows of a table such as ${spec} have none; choose --model vae`,
  );
}

/**
 * How many classes there are in data.
 * @throws {UserError} when they have no labels, or one below 0
 */
export function classesIn({ labels, source = 'the data' }: Dataset): number {
  if (labels === undefined) {
    throw new UserError(
      `${source}: a conditional model learns from the class of each sample, and there are no labels; give data that have them, such as mnist, or a folder with a folder of pictures for each class`,
    );
  }
  let most = 0;
  for (const label of labels) {
    if (label < 0) {
      throw new UserError(`${source}: a label is ${label}; classes are numbered from 0`);
    }
    most = Math.max(most, label);
  }
  return most + 1;
}

/** The classes of as many samples of each as fit into a picture, one class after the other. */
export function picturedClasses(classes: number, samples: number): number[] {
  const rows = Math.min(classes, mostRows);
  const each = Math.max(1, Math.floor(samples / rows));
  return Array.from({ length: rows * each }, (_, i) => Math.floor(i / each));
}

/** Samples with a row for each class. Lines, which have no room for labels, are in a grid. */
export function classesPicture(
  { data, shape: [count] }: Matrix,
  labels: readonly number[],
  model: Model,
): Promise<Uint8Array> {
  const { shape } = model.sampleSpec;
  if (!isDrawnAsImage(model)) return imageGridPicture(data, shape, drawing(model));
  const size = data.length / count!;
  const rows = [...new Set(labels)].sort((a, b) => a - b);
  const places = rows.map((row) => labels.flatMap((label, i) => (label === row ? [i] : [])));
  return gridPicture({
    rows: places.map((row, r) => {
      const images = new Float32Array(row.length * size);
      row.forEach((place, i) => {
        images.set(data.subarray(place * size, (place + 1) * size), i * size);
      });
      return { label: String(rows[r]), images };
    }),
    shape,
    columns: Math.min(longestRow, Math.max(...places.map((row) => row.length))),
    ...drawing(model),
  });
}
