import { type Dataset, sampleCount, slice } from '../data/dataset.js';
import { UserError } from '../errors.js';
import { interpolate, type Model, traverse, VariationalModel } from '../index.js';
import { type GridPicture, gridPicture } from '../pictures/grid.js';
import { checkLabel, withLabel } from './classes.js';
import type { InterpolateOptions } from './interpolate.js';
import { openRun } from './open.js';
import type { Output } from './output.js';
import { drawing, isDrawnAsImage, shortest } from './outputFile.js';
import { runData } from './runData.js';
import { fileFor, type SampleFile } from './sampleFile.js';
import { dataFor } from './tableRun.js';
import { checkTarget } from './targets.js';
import { count, counted } from './text.js';
import type { TraverseOptions } from './traverse.js';

/** Latents that fit into a picture that is still easy to read. */
const usualLatents = 12;
/** Values of a latent; boxes of lines are wider than images. */
const imageSteps = 11;
const lineSteps = 5;
/** Samples whose codes tell enough about a latent. */
const lookedAt = 10_000;
/** More samples than this on a way go on below. */
const longestRow = 16;

/**
 * Sweeps latents as `autoencoder traverse` is asked to.
 * @throws {UserError}
 */
export async function drawTraversal(run: string, options: TraverseOptions, output: Output): Promise<void> {
  const model = await openRun(run);
  const file = fileFor(model, options.output, 'traverse.png', 'traverse.csv');
  checkTarget('-o', file.path, { run, data: [options.data] });
  checkLabel(model, options.label);
  const latents = Math.min(options.latents ?? usualLatents, model.latent);
  const lines = model.table === undefined && !isDrawnAsImage(model);
  const steps = lines ? lineSteps : imageSteps;
  file.check(latents * steps, model);
  const { spec, data: read } = await runData(run, model, options, output);
  const data = labelled(model, read, options);
  const from = options.from === undefined ? undefined : await codeAt(model, data, options.from, '--from');
  const some = slice(data, 0, Math.min(lookedAt, sampleCount(data)));
  const label = classOf(model, data, options);
  const found = await traverse(model, some, {
    ...{ latents, steps },
    ...(from && { from }),
    ...(label !== undefined && { label }),
  });
  const names = found.latents.map((latent) => `z${latent}`);
  const range =
    model instanceof VariationalModel && model.hasNormalPrior
      ? 'from -3 to 3 standard deviations of the prior'
      : 'through the quantiles of its codes from 1% to 99%';
  const middle =
    options.from === undefined ? `the mean code of ${spec}` : `sample ${options.from} of ${spec}`;
  const size = found.samples.data.length / latents;
  const picture = (): GridPicture => ({
    // Boxes of lines have no room for labels, and are one row after the other.
    rows: lines
      ? [{ images: found.samples.data }]
      : names.map((label, i) => ({ label, images: found.samples.data.subarray(i * size, (i + 1) * size) })),
    shape: model.sampleSpec.shape,
    columns: steps,
    title: lines ? `${names.join(', ')} from top to bottom` : `Each latent ${range}`,
    ...drawing(model),
  });
  await file.write(found.samples, model, () => gridPicture(picture()), [
    { name: 'latent', values: found.latents.flatMap((latent) => Array(steps).fill(latent) as number[]) },
    { name: 'latent_value', values: found.values.flat().map(shortest) },
  ]);
  const which =
    latents < model.latent ? `${latents} of ${counted(model.latent, 'latent')}` : counted(latents, 'latent');
  const more = latents < model.latent && options.latents === undefined ? ' (--latents decides how many)' : '';
  output.result(
    () =>
      `${file.path}: ${which}, the most active first: ${names.join(', ')}${more}; each ${range}, the rest as in ${middle}`,
    {
      ...written(file, model, latents * steps),
      latents: found.latents,
      values: found.values,
      from: options.from ?? null,
    },
  );
}

/**
 * Goes from one sample to another as `autoencoder interpolate` is asked to.
 * @throws {UserError}
 */
export async function drawInterpolation(
  run: string,
  spec: string,
  options: InterpolateOptions,
  output: Output,
): Promise<void> {
  const { from, to, steps, spherical = false } = options;
  const model = await openRun(run);
  const file = fileFor(model, options.output, 'interpolate.png', 'interpolate.csv');
  checkTarget('-o', file.path, { run, data: [spec] });
  checkLabel(model, options.label);
  file.check(steps, model);
  const read = await dataFor(model, spec, output, { decimal: options.decimal });
  const data = labelled(model, read, options);
  const [first, last] = [await codeAt(model, data, from, '--from'), await codeAt(model, data, to, '--to')];
  const label = classOf(model, data, options);
  const codes = interpolate(first, last, { steps, spherical });
  const samples = await model.decode(codes, label === undefined ? {} : { labels: label });
  const method = spherical ? 'spherical' : 'linear';
  const picture = (): GridPicture => ({
    rows: [{ images: samples.data }],
    shape: model.sampleSpec.shape,
    ...(isDrawnAsImage(model) && steps <= longestRow && { columns: steps }),
    title: `From sample ${from} to sample ${to} of ${spec}, ${method}`,
    ...drawing(model),
  });
  await file.write(samples, model, () => gridPicture(picture()), [
    { name: 'position', values: Array.from({ length: steps }, (_, step) => shortest(step / (steps - 1))) },
  ]);
  output.result(
    () =>
      `${file.path}: ${counted(steps, model.table === undefined ? 'sample' : 'row')} from sample ${from} to sample ${to} of ${spec}, ${method}`,
    { ...written(file, model, steps), from, to, method },
  );
}

function written({ path }: SampleFile, model: Model, samples: number): Readonly<Record<string, unknown>> {
  if (model.table !== undefined) return { file: path, rows: samples };
  return { file: path, samples, shape: model.sampleSpec.shape };
}

/** Data to encode: samples keep their own classes, and are of that of `--label` where they have none. */
function labelled(model: Model, data: Dataset, { label }: { readonly label?: number }): Dataset {
  return data.labels === undefined ? withLabel(model, data, label) : data;
}

/** The class that a conditional model decodes for: the one that was asked for, or that of a sample. */
function classOf(
  { classes }: Model,
  { labels }: Dataset,
  { label, from = 0 }: { readonly label?: number; readonly from?: number },
): number | undefined {
  return classes === undefined ? undefined : (label ?? labels?.[from]);
}

/** @throws {UserError} when there is no such sample */
async function codeAt(model: Model, data: Dataset, index: number, option: string): Promise<Float32Array> {
  const all = sampleCount(data);
  if (index >= all) {
    throw new UserError(
      `${option} ${index}: ${data.source ?? 'the data'} has ${counted(all, 'sample')}, numbered 0 to ${count(all - 1)}; give one of these`,
    );
  }
  return (await model.encode(slice(data, index, index + 1))).data;
}
