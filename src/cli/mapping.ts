import { basename } from 'node:path';
import { writeWhole } from '../artifact/write.js';
import { sampleCount } from '../data/dataset.js';
import type { Model } from '../index.js';
import { scatterPicture } from '../pictures/scatter.js';
import { denseRows } from '../tasks/embed/dense.js';
import { fitPca, transformPca } from '../tasks/embed/pca.js';
import { project2d } from '../tasks/embed/project.js';
import { knnAccuracy, type LabelledCodes, preservation, type Rows } from '../tasks/embed/quality.js';
import type { MapOptions } from './map.js';
import { openRun } from './open.js';
import type { Output } from './output.js';
import { type ClassedRows, classedRows } from './rowClasses.js';
import { checkPictureName, checkTarget } from './targets.js';
import { counted, figure, table as textTable } from './text.js';

/** Neighbours that vote, and that are to survive, where there are rows enough. */
const usualNeighbours = 5;

/** Figures of one set of codes; those that so few rows have. */
interface Quality {
  readonly trustworthiness?: number;
  readonly continuity?: number;
  readonly knnAccuracy?: number;
}

/**
 * Draws and measures codes as `autoencoder map` is asked to.
 * @throws {UserError}
 */
export async function drawMap(run: string, spec: string, options: MapOptions, output: Output): Promise<void> {
  checkPictureName('-o', options.output);
  checkTarget('-o', options.output, { data: [spec, options.neighbours], run });
  const model = await openRun(run);
  const { label: column, neighbours: voting, decimal } = options;
  const needed =
    voting === undefined ? undefined : `--neighbours ${voting} has rows vote on the class of others`;
  const rows = await classedRows(model, spec, output, { column, needed, decimal });
  const others =
    voting === undefined
      ? undefined
      : await classedRows(model, voting, output, { column, needed, decimal, known: rows.classes });
  const neighbours = neighboursOf(rows, others);
  output.warnAll(fewNotes(rows, others, neighbours));
  const count = sampleCount(rows.data);
  const codes = (await model.encode(rows.data)).data;
  const otherCodes = others && (await model.encode(others.data)).data;
  const data = denseRows(rows.data, model.sampleSpec);
  const ours = quality(
    data,
    codes,
    model.latent,
    rows,
    otherCodes && others && { codes: otherCodes, ...others },
    neighbours,
  );
  const pca = principal(data, model, rows, others, neighbours);
  const projection = project2d(codes, model.latent, {
    method: options.method as 'auto' | 'umap' | 'pca',
    seed: options.seed,
  });
  const words = { none: 'as they are', umap: 'by UMAP', pca: 'by principal components' };
  await writeWhole(
    options.output,
    await scatterPicture({
      points: projection.points,
      ...colours(rows),
      title: `Codes of ${basename(spec)}`,
      subtitle: `${basename(run)}, ${counted(model.latent, 'number')} a code, ${words[projection.method]}`,
      axes: projection.axes,
    }),
  );
  const figures = (['trustworthiness', 'continuity', 'knnAccuracy'] as const).flatMap((name) =>
    ours[name] === undefined
      ? []
      : [
          [
            nameOf(name, others !== undefined, neighbours),
            figure(ours[name]),
            ...(pca ? [figure(pca[name]!)] : []),
          ],
        ],
  );
  const header = ['', 'codes', ...(pca ? [`PCA-${model.latent}`] : [])];
  output.result(
    () =>
      [
        `${options.output}: ${counted(count, 'code')} of ${counted(model.latent, 'number')}, drawn ${words[projection.method]}.`,
        ...(figures.length === 0 ? [] : ['', textTable([header, ...figures], { right: [1, 2] })]),
      ].join('\n'),
    { file: options.output, samples: count, method: projection.method, ...ours, ...(pca && { pca }) },
  );
}

function nameOf(name: keyof Quality, apart: boolean, { voters }: Neighbours): string {
  if (name !== 'knnAccuracy') return name;
  return `${voters}-nearest-neighbour accuracy${apart ? '' : ', leave-one-out'}`;
}

/** How many neighbours there can be among so few rows; 0 where a figure would mean nothing. */
interface Neighbours {
  /** Those that are to survive: less than half of the rows. */
  readonly kept: number;
  /** Those that vote. */
  readonly voters: number;
}

function neighboursOf(rows: ClassedRows, others: ClassedRows | undefined): Neighbours {
  const asked = withClass(rows).length;
  const voting = others === undefined ? asked - 1 : withClass(others).length;
  return {
    kept: Math.min(usualNeighbours, Math.ceil(sampleCount(rows.data) / 2) - 1),
    voters: asked === 0 ? 0 : Math.max(0, Math.min(usualNeighbours, voting)),
  };
}

/** What fewer rows than the figures need made of them. */
function fewNotes(
  rows: ClassedRows,
  others: ClassedRows | undefined,
  { kept, voters }: Neighbours,
): string[] {
  const instead = (left: number) =>
    left === 0 ? 'left out' : `of ${counted(left, 'neighbour')} in place of ${usualNeighbours}`;
  const all = counted(sampleCount(rows.data), 'row');
  const classed = counted(withClass(others ?? rows).length, 'row');
  return [
    ...(kept < usualNeighbours ? [`with ${all}, trustworthiness and continuity are ${instead(kept)}`] : []),
    ...(rows.labels !== undefined && voters < usualNeighbours
      ? [`with ${classed} of a known class, the accuracy of nearest neighbours is ${instead(voters)}`]
      : []),
  ];
}

/** The numbers of the rows that have a class. */
function withClass({ labels }: Pick<ClassedRows, 'labels'>): number[] {
  return [...(labels ?? [])].flatMap((label, row) => (label < 0 ? [] : [row]));
}

/** The codes of the rows that have a class, with their classes. */
function labelledCodes(codes: Float32Array, latent: number, labels: Int32Array): LabelledCodes {
  const rows = withClass({ labels });
  if (rows.length === labels.length) return { codes, labels };
  const kept = new Float32Array(rows.length * latent);
  rows.forEach((row, i) => {
    kept.set(codes.subarray(row * latent, (row + 1) * latent), i * latent);
  });
  return { codes: kept, labels: rows.map((row) => labels[row]!) };
}

function quality(
  data: Rows,
  codes: Float32Array,
  latent: number,
  { labels }: ClassedRows,
  others: { codes: Float32Array; labels?: Int32Array } | undefined,
  { kept, voters }: Neighbours,
): Quality {
  const found: Quality = {};
  if (kept > 0) {
    const { trustworthiness, continuity } = preservation(data, { values: codes, width: latent }, kept);
    Object.assign(found, { trustworthiness, continuity });
  }
  if (labels === undefined || voters === 0) return found;
  const judged = labelledCodes(codes, latent, labels);
  const question =
    others === undefined
      ? { train: judged, latent }
      : { train: labelledCodes(others.codes, latent, others.labels!), test: judged, latent };
  return { ...found, knnAccuracy: knnAccuracy({ ...question, k: voters }) };
}

/** The same figures of as many principal components, where there can be so many. */
function principal(
  data: Rows,
  model: Model,
  rows: ClassedRows,
  others: ClassedRows | undefined,
  neighbours: Neighbours,
): Quality | undefined {
  const { latent } = model;
  const count = sampleCount(rows.data);
  const fitted = others === undefined ? data : denseRows(others.data, model.sampleSpec);
  const fittedCount = fitted.values.length / fitted.width;
  if (latent > data.width || fittedCount < 2 || data.width > 4096) return undefined;
  const pca = fitPca(fitted.values, fittedCount, data.width, latent);
  const codes = transformPca(pca, data.values, count);
  const other = others && { codes: transformPca(pca, fitted.values, fittedCount), ...others };
  return quality(data, codes, latent, rows, other, neighbours);
}

/** Colours of the points; those without a class are one of their own. */
function colours({ labels, classes }: ClassedRows): { labels?: Int32Array; classes?: readonly string[] } {
  if (labels === undefined) return {};
  if (!labels.some((label) => label < 0)) return { labels, classes };
  return {
    labels: labels.map((label) => (label < 0 ? classes.length : label)),
    classes: [...classes, 'missing'],
  };
}
