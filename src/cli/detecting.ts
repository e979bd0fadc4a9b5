import { checkFolder } from '../artifact/folder.js';
import { checkTableFile, type TableWriter, writeTable } from '../artifact/tableFile.js';
import { writeWhole } from '../artifact/write.js';
import { readTable } from '../data/table/readTable.js';
import { type Cell, nameText, type Table, type TableChunk } from '../data/table/table.js';
import { UserError } from '../errors.js';
import { nodePlatform } from '../estimator/nodePlatform.js';
import { detector, loadDetector, type Model, VariationalModel } from '../index.js';
import { scorePicture } from '../pictures/scores.js';
import type { Detector } from '../tasks/detect/detector.js';
import type { Detection } from '../tasks/detect/explain.js';
import { type DetectionFigures, detectionFigures } from '../tasks/detect/figures.js';
import { joined } from '../tasks/detect/joined.js';
import { reservoirSize } from '../tasks/detect/judge.js';
import { anomalyLabels, unlabelled } from '../tasks/detect/labels.js';
import { RunJudge } from '../tasks/detect/runJudge.js';
import { checkIsTable, checkJudgesRows } from './dataKind.js';
import type { DetectCommandOptions } from './detect.js';
import { openRun } from './open.js';
import type { Output } from './output.js';
import { NetworkProgress } from './progress.js';
import { allFiles, checkFree, isDetector, RunFolder } from './runFolder.js';
import { readingOf } from './tableRun.js';
import { checkColumnOptions, describeTable, fewRows } from './tableText.js';
import { checkFolderTarget, checkPictureName, checkTarget } from './targets.js';
import { count, counted, duration, figure, visible } from './text.js';
import {
  columnsOf,
  type Found,
  labelsText,
  type Odd,
  plain,
  reasonText,
  summary,
  verdictColumns,
} from './verdicts.js';

/** Rows that the summary shows. */
const shown = 10;

/**
 * Finds anomalies as `autoencoder detect` is asked to.
 * @throws {UserError}
 */
export async function detect(path: string, options: DetectCommandOptions, output: Output): Promise<void> {
  checkFiles(path, options);
  checkIsTable(path);
  const table = await readTable(path, readingOf(options));
  checkColumnOptions(table, options);
  const found = await prepare(table, options, output);
  const id = options.id ?? usualId(found, table, output);
  const result = await judgeAll(found, table, id, options);
  const known = result.labels === null ? null : anomalyLabels(result.labels);
  const figures = known === null ? null : figuresOf(result.scores, known.labels);
  if (result.labels !== null && figures === null) {
    output.warn(`--label ${options.label}: ${labelsText(result.labels)}`);
  } else if (known?.labels.includes(unlabelled)) {
    const missing = known.labels.filter((label) => label === unlabelled).length;
    output.warn(
      `${table.source}: ${count(missing)} of ${counted(known.labels.length, 'row')} ${missing === 1 ? 'has' : 'have'} no ${nameText(options.label!)}; such rows are judged, and left out of the figures`,
    );
  }
  await writeWhole(
    options.picture,
    await scorePicture({
      scores: result.scores,
      threshold: found.threshold,
      ...(known && { labels: known.labels }),
      rows: result.oddest.map(({ id, score, reasons }) => ({
        id: visible(id),
        score,
        reasons: reasons.map(reasonText),
      })),
      title: `Anomalies in ${table.source}`,
      subtitle: `${count(result.anomalies)} of ${counted(result.scores.length, 'row')}: score above ${figure(found.threshold)}`,
    }),
  );
  if (options.out !== undefined) await found.save(options.out);
  output.result(() => summary(result, found, { ...options, ...(id !== undefined && { id }) }, figures), {
    rows: result.scores.length,
    anomalies: result.anomalies,
    threshold: found.threshold,
    ...(figures && {
      labelled: figures.anomalies,
      auroc: figures.auroc,
      averagePrecision: figures.averagePrecision,
      precisionAtN: figures.precisionAtN,
    }),
    oddest: result.oddest.map(({ row, id, score, pValue, reasons }) => ({
      row,
      id,
      score,
      pValue,
      reasons: reasons.map(plain),
    })),
    picture: options.picture,
    ...(options.output !== undefined && { file: options.output }),
    ...(options.out !== undefined && { detector: options.out }),
  });
  await found.release();
}

/** Figures of the rows that have a label. */
function figuresOf(scores: Float32Array, labels: Int8Array): DetectionFigures | null {
  const isKnown = (_: number, row: number) => labels[row] !== unlabelled;
  return detectionFigures(scores.filter(isKnown), labels.filter(isKnown));
}

/**
 * Makes sure that all that is asked for can be written.
 * @throws {UserError}
 */
function checkFiles(data: string, { output, picture, out, overwrite, run }: DetectCommandOptions): void {
  const sources = { data: [data], run };
  if (output !== undefined) {
    checkTableFile(output);
    checkTarget('-o', output, sources);
  }
  checkPictureName('--picture', picture);
  checkTarget('--picture', picture, sources);
  if (out === undefined) {
    if (overwrite !== true) return;
    throw new UserError('--overwrite replaces what the folder of --out holds; name it, or leave it out');
  }
  if (overwrite !== true) checkFree(out, 'detector');
  checkFolderTarget(out, allFiles, sources);
  checkFolder(out);
}

/** Whoever judges: a detector, or a model that was trained on a table. */
interface Prepared {
  readonly threshold: number;
  /** Whether the rows are those that it learned from. */
  readonly training: boolean;
  /** The column that named the rows where it learned. */
  readonly id: string | undefined;
  readonly judge: (table: Table) => AsyncIterable<{ detections: readonly Detection[]; chunk: TableChunk }>;
  readonly save: (folder: string) => Promise<void>;
  readonly release: () => Promise<void>;
}

function preparedDetector(
  detector: Detector,
  threshold: number,
  training: boolean,
  onNotes: (notes: readonly string[]) => void,
): Prepared {
  return {
    threshold,
    training,
    id: detector.config.id,
    // Of the rows that it learned from, fitting has said so.
    judge: (table) => detector.detectChunks(table, { training, ...(!training && { onNotes }) }),
    save: async (folder) => {
      await RunFolder.start(folder);
      await detector.save(folder);
    },
    release: () => detector.release(),
  };
}

/** A run of `train`: what is usual is found out from the rows that are judged. */
async function preparedRun(
  folder: string,
  table: Table,
  options: DetectCommandOptions,
  output: Output,
): Promise<Prepared> {
  const model = await openRun(folder);
  checkJudgesRows(model, folder);
  checkScore(model, folder, options.score);
  const judge = new RunJudge(nodePlatform, model, options.score);
  const known = await judge.calibrate(table);
  const ranked = known.calibration.scores.length;
  const among = ranked < reservoirSize || options.score !== 'likelihood' ? 'the' : `${count(ranked)} of the`;
  output.note(
    `${folder}: a model of train; scores are in nats, and p-values are ranks among ${among} rows judged`,
  );
  const threshold =
    options.threshold ?? known.calibration.threshold(options.contamination ?? defaultContamination);
  return {
    threshold,
    training: false,
    id: model.table?.id,
    judge: (rows) =>
      judge.detectChunks(rows, { ...known, threshold, onNotes: (notes) => output.warnAll(notes) }),
    save: () => Promise.resolve(),
    release: () => judge.release(),
  };
}

/** @throws {UserError} when a run has nothing of what it is to score by */
function checkScore(model: Model, folder: string, score: DetectCommandOptions['score']): void {
  const has =
    score === 'likelihood' ? model.definition.logWeights !== undefined : model instanceof VariationalModel;
  if (score === undefined || has) return;
  const what = score === 'elbo' ? 'bound on the likelihood' : 'likelihood that could be estimated';
  throw new UserError(
    `--score ${score}: ${folder} is of --model ${model.family}, which has no ${what}; leave it out, and rows are judged by their reconstruction, or give a run of --model vae`,
  );
}

const defaultContamination = 0.05;
const scoreNeedsRun =
  'has a score of its own, and --score is about runs of train; leave it out, or give --run with a run of train --model vae';

async function prepare(table: Table, options: DetectCommandOptions, output: Output): Promise<Prepared> {
  const { label, id, columns, drop, categorical, seed = 0, threshold, contamination } = options;
  if (options.run !== undefined) {
    for (const name of ['columns', 'drop', 'categorical', 'seed', 'out'] as const) {
      if (options[name] === undefined) continue;
      throw new UserError(
        `--${name} decides how a detector learns, and --run names one that has; leave one of them out`,
      );
    }
    if (!isDetector(options.run)) return preparedRun(options.run, table, options, output);
    if (options.score !== undefined)
      throw new UserError(`--score: the detector ${options.run} ${scoreNeedsRun}`);
    const judge = await loadDetector(options.run);
    output.note(`${options.run}: learned from ${counted(judge.rows, 'row')}; ${ranksText(judge)}`);
    const again = contamination === undefined ? judge.threshold : judge.calibration.threshold(contamination);
    return preparedDetector(judge, threshold ?? again, false, (notes) => output.warnAll(notes));
  }
  if (options.score !== undefined)
    throw new UserError(`--score: without --run a detector judges, which ${scoreNeedsRun}`);
  const judge = detector({
    seed,
    ...(label !== undefined && { label }),
    ...(id !== undefined && { id }),
    ...(columns && { columns }),
    ...(drop && { drop }),
    ...(categorical && { categorical }),
    ...(threshold !== undefined && { threshold }),
    ...(contamination !== undefined && { contamination }),
  });
  const started = performance.now();
  const { networks, maxSamples } = judge.config;
  const progress = new NetworkProgress(output, networks);
  try {
    await judge.fit(table, { onNetwork: (done) => progress.update(done) });
  } finally {
    progress.close();
  }
  const notes = [...judge.notes, ...fewRows(judge.rows)];
  for (const line of describeTable(table.source, judge.rows, judge.schema, notes)) output.note(line);
  output.note(
    `${networks} autoencoders, each learned from ${count(Math.min(maxSamples, judge.rows))} rows at most; ${duration((performance.now() - started) / 1000)}`,
  );
  return preparedDetector(judge, judge.threshold, true, (notes) => output.warnAll(notes));
}

/** Unless it is said what names the rows: the column that did in training, where the table has it. */
function usualId({ id }: Prepared, table: Table, output: Output): string | undefined {
  if (id === undefined || table.names.includes(id)) return id;
  output.note(
    `${table.source} has no column ${nameText(id)}, which named the rows in training: rows are numbered`,
  );
  return undefined;
}

/** Among which rows p-values are ranks. */
function ranksText({ rows, calibration }: Detector): string {
  const ranked = calibration.scores.length;
  return `p-values are ranks among ${ranked < rows ? `${count(ranked)} of them, drawn at random` : 'these'}`;
}

async function judgeAll(
  { judge, threshold }: Prepared,
  table: Table,
  id: string | undefined,
  options: DetectCommandOptions,
): Promise<Found> {
  const idPlace = id === undefined ? -1 : table.names.indexOf(id);
  const labelPlace = options.label === undefined ? -1 : table.names.indexOf(options.label);
  // Chunk by chunk: of ten million rows, an array of numbers would take more than all else together.
  const pieces: Float32Array[] = [];
  const labels: Cell[] = [];
  let oddest: Odd[] = [];
  let anomalies = 0;
  const go = async (append?: TableWriter['write']): Promise<void> => {
    for await (const { detections, chunk } of judge(table)) {
      const ids = idPlace < 0 ? null : chunk.columns[idPlace]!;
      const named = detections.map((detection, i) => ({
        ...detection,
        anomaly: detection.score > threshold,
        id: ids === null ? String(detection.row) : String(ids[i] ?? ''),
      }));
      for (let i = 0; i < named.length; i++) {
        if (named[i]!.anomaly) anomalies++;
        if (labelPlace >= 0) labels.push(chunk.columns[labelPlace]![i]!);
      }
      pieces.push(Float32Array.from(named, ({ score }) => score));
      oddest = [...oddest, ...named].sort((a, b) => b.score - a.score).slice(0, shown);
      await append?.(columnsOf(named, ids !== null), named.length);
    }
  };
  if (options.output === undefined) await go();
  else await writeTable(options.output, verdictColumns(id), go);
  return { scores: joined(pieces), anomalies, oddest, labels: labelPlace < 0 ? null : labels };
}
