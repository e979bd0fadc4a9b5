import { basename } from 'node:path';
import { writeWhole } from '../artifact/write.js';
import { sampleCount } from '../data/dataset.js';
import { UserError } from '../errors.js';
import type { Dataset, Model } from '../index.js';
import { scatterPicture } from '../pictures/scatter.js';
import { cellText, isMissing } from '../table/values.js';
import { denseRows } from '../tasks/embed/dense.js';
import { fitPca, transformPca } from '../tasks/embed/pca.js';
import { project2d } from '../tasks/embed/project.js';
import { knnAccuracy, type LabelledCodes, preservation, type Rows } from '../tasks/embed/quality.js';
import type { MapOptions } from './map.js';
import { openRun } from './open.js';
import type { Output } from './output.js';
import { dataFor, tableFor } from './tableRun.js';
import { checkColumns } from './tableText.js';
import { checkPictureName, checkTarget } from './targets.js';
import { counted, figure, table as textTable } from './text.js';

/** Neighbours that vote, and that are to survive. */
const neighbours = 5;

/** Rows with what is known of their classes. */
interface Labelled {
  readonly data: Dataset;
  readonly labels?: Int32Array;
  readonly classes: readonly string[];
}

/** Figures of one set of codes. */
interface Quality {
  readonly trustworthiness: number;
  readonly continuity: number;
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
  const rows = await labelled(model, spec, output, options.label);
  const others =
    options.neighbours === undefined
      ? undefined
      : await labelled(model, options.neighbours, output, options.label, rows.classes);
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
  );
  const pca = principal(data, model, rows, others);
  const projection = project2d(codes, model.latent, {
    method: options.method as 'auto' | 'umap' | 'pca',
    seed: options.seed,
  });
  const words = { none: 'as they are', umap: 'by UMAP', pca: 'by principal components' };
  await writeWhole(
    options.output,
    await scatterPicture({
      points: projection.points,
      ...(rows.labels && { labels: rows.labels, classes: rows.classes }),
      title: `Codes of ${basename(spec)}`,
      subtitle: `${basename(run)}, ${counted(model.latent, 'number')} a code, ${words[projection.method]}`,
      axes: projection.axes,
    }),
  );
  output.result(
    () =>
      [
        `${options.output}: ${counted(count, 'code')} of ${counted(model.latent, 'number')}, drawn ${words[projection.method]}.`,
        '',
        textTable(
          [
            ['', 'codes', ...(pca ? [`PCA-${model.latent}`] : [])],
            ...(['trustworthiness', 'continuity', 'knnAccuracy'] as const).flatMap((name) =>
              ours[name] === undefined
                ? []
                : [
                    [
                      nameOf(name, others !== undefined),
                      figure(ours[name]),
                      ...(pca ? [figure(pca[name]!)] : []),
                    ],
                  ],
            ),
          ],
          { right: [1, 2] },
        ),
      ].join('\n'),
    { file: options.output, samples: count, method: projection.method, ...ours, ...(pca && { pca }) },
  );
}

function nameOf(name: keyof Quality, apart: boolean): string {
  if (name !== 'knnAccuracy') return name;
  return `${neighbours}-nearest-neighbour accuracy${apart ? '' : ', leave-one-out'}`;
}

function quality(
  data: Rows,
  codes: Float32Array,
  latent: number,
  { labels }: Labelled,
  others: { codes: Float32Array; labels?: Int32Array } | undefined,
): Quality {
  const { trustworthiness, continuity } = preservation(data, { values: codes, width: latent }, neighbours);
  if (labels === undefined) return { trustworthiness, continuity };
  const judged: LabelledCodes = { codes, labels };
  const question =
    others?.labels === undefined
      ? { train: judged, latent }
      : { train: { codes: others.codes, labels: others.labels }, test: judged, latent };
  return { trustworthiness, continuity, knnAccuracy: knnAccuracy({ ...question, k: neighbours }) };
}

/** The same figures of as many principal components, where there can be so many. */
function principal(
  data: Rows,
  model: Model,
  rows: Labelled,
  others: Labelled | undefined,
): Quality | undefined {
  const { latent } = model;
  const count = sampleCount(rows.data);
  const fitted = others === undefined ? data : denseRows(others.data, model.sampleSpec);
  const fittedCount = fitted.values.length / fitted.width;
  if (latent > data.width || fittedCount < 2 || data.width > 4096) return undefined;
  const pca = fitPca(fitted.values, fittedCount, data.width, latent);
  const codes = transformPca(pca, data.values, count);
  const other = others && { codes: transformPca(pca, fitted.values, fittedCount), ...others };
  return quality(data, codes, latent, rows, other);
}

async function labelled(
  model: Model,
  spec: string,
  output: Output,
  column: string | undefined,
  known: readonly string[] = [],
): Promise<Labelled> {
  const data = await dataFor(model, spec, output);
  if (model.table === undefined) {
    if (column !== undefined)
      throw new UserError('--label names a column of a table, but the run was trained on arrays');
    const { labels } = data;
    if (labels === undefined) return { data, classes: [] };
    const classes = Array.from({ length: labels.reduce((a, b) => Math.max(a, b), 0) + 1 }, (_, i) =>
      String(i),
    );
    return { data, labels, classes };
  }
  const table = await tableFor(model, spec);
  const name = column ?? model.table.label;
  if (column !== undefined) checkColumns(table, '--label', [column]);
  const place = name === undefined ? -1 : table.names.indexOf(name);
  if (place < 0) return { data, classes: [] };
  const places = new Map(known.map((text, i) => [text, i]));
  const labels: number[] = [];
  for await (const chunk of table.chunks()) {
    for (let i = 0; i < chunk.rows; i++) {
      const cell = chunk.columns[place]![i]!;
      const text = isMissing(cell) ? 'missing' : cellText(cell);
      if (!places.has(text)) places.set(text, places.size);
      labels.push(places.get(text)!);
    }
  }
  return { data, labels: Int32Array.from(labels), classes: [...places.keys()] };
}
