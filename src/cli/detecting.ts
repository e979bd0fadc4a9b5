import { checkFolder } from '../artifact/folder.js';
import { checkTableFile, type OutputColumn, type TableWriter, writeTable } from '../artifact/tableFile.js';
import { writeWhole } from '../artifact/write.js';
import { readTable } from '../data/table/readTable.js';
import type { Cell, Table, TableChunk } from '../data/table/table.js';
import { UserError } from '../errors.js';
import { nodePlatform } from '../estimator/nodePlatform.js';
import { detector, loadDetector } from '../index.js';
import { scorePicture } from '../pictures/scores.js';
import { cellText, isMissing } from '../table/values.js';
import type { Detector } from '../tasks/detect/detector.js';
import type { Detection, Reason } from '../tasks/detect/explain.js';
import { detectionFigures } from '../tasks/detect/figures.js';
import { anomalyLabels } from '../tasks/detect/labels.js';
import { RunJudge } from '../tasks/detect/runJudge.js';
import type { DetectCommandOptions } from './detect.js';
import { openRun } from './open.js';
import type { Output } from './output.js';
import { NetworkProgress } from './progress.js';
import { allFiles, checkFree, isDetector, RunFolder } from './runFolder.js';
import { besides } from './tableOutput.js';
import { readingOf } from './tableRun.js';
import { checkColumnOptions, describeTable, fewRows } from './tableText.js';
import { checkFolderTarget, checkPictureName, checkTarget } from './targets.js';
import { count, counted, duration, figure, table as textTable } from './text.js';

/** Rows that the summary shows. */
const shown = 10;
/** Verdicts of a row: three columns with what was given and what was expected. */
const reasonCount = 3;

/** Classes of labels that a message lists. */
const shownClasses = 8;

/** One of the oddest rows. */
interface Odd extends Detection {
  readonly id: string;
}

/** What going through a table finds. */
interface Found {
  readonly scores: Float32Array;
  readonly anomalies: number;
  readonly oddest: readonly Odd[];
  readonly labels: readonly Cell[] | null;
}

/**
 * Finds anomalies as `autoencoder detect` is asked to.
 * @throws {UserError}
 */
export async function detect(path: string, options: DetectCommandOptions, output: Output): Promise<void> {
  checkFiles(path, options);
  const table = await readTable(path, readingOf(options));
  checkColumnOptions(table, options);
  const found = await prepare(table, options, output);
  const result = await judgeAll(found, table, options);
  const known = result.labels === null ? null : anomalyLabels(result.labels);
  const figures = known === null ? null : detectionFigures(result.scores, known.labels);
  if (result.labels !== null && figures === null) {
    output.warn(`--label ${options.label}: ${labelsText(result.labels)}`);
  }
  await writeWhole(
    options.picture,
    await scorePicture({
      scores: result.scores,
      threshold: found.threshold,
      ...(known && { labels: known.labels }),
      rows: result.oddest.map(({ id, score, reasons }) => ({ id, score, reasons: reasons.map(reasonText) })),
      title: `Anomalies in ${table.source}`,
      subtitle: `${count(result.anomalies)} of ${counted(result.scores.length, 'row')} score above ${figure(found.threshold)}`,
    }),
  );
  if (options.out !== undefined) await found.save(options.out);
  output.result(() => summary(result, found, options, figures), {
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
  const judge = new RunJudge(nodePlatform, await openRun(folder), options.score);
  output.note(
    `${folder}: a model of train; scores are in nats, and p-values are ranks among the rows judged`,
  );
  const known = await judge.calibrate(table);
  const threshold =
    options.threshold ?? known.calibration.threshold(options.contamination ?? defaultContamination);
  return {
    threshold,
    training: false,
    judge: (rows) =>
      judge.detectChunks(rows, { ...known, threshold, onNotes: (notes) => output.warnAll(notes) }),
    save: () => Promise.resolve(),
    release: () => judge.release(),
  };
}

const defaultContamination = 0.05;
const scoreNeedsRun =
  'it is a detector that judges, which has a score of its own; give --run with a run of train --model vae, or leave it out';

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
    if (options.score !== undefined) throw new UserError(`--score: ${options.run} ${scoreNeedsRun}`);
    const judge = await loadDetector(options.run);
    output.note(`${options.run}: learned from ${counted(judge.rows, 'row')}`);
    const again = contamination === undefined ? judge.threshold : judge.calibration.threshold(contamination);
    return preparedDetector(judge, threshold ?? again, false, (notes) => output.warnAll(notes));
  }
  if (options.score !== undefined) throw new UserError(`--score: without --run ${scoreNeedsRun}`);
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

async function judgeAll(
  { judge, threshold }: Prepared,
  table: Table,
  options: DetectCommandOptions,
): Promise<Found> {
  const idPlace = options.id === undefined ? -1 : table.names.indexOf(options.id);
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
  else await writeTable(options.output, verdictColumns(options.id), go);
  return { scores: joined(pieces), anomalies, oddest, labels: labelPlace < 0 ? null : labels };
}

function joined(pieces: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Why nothing can be measured with labels: which classes there are, and what is expected. */
function labelsText(labels: readonly Cell[]): string {
  const counts = new Map<string, number>();
  for (const label of labels) {
    const text = isMissing(label) ? 'missing' : JSON.stringify(cellText(label).slice(0, 30));
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const classes = [...counts].sort(([, a], [, b]) => b - a);
  const listed = classes
    .slice(0, shownClasses)
    .map(([text, rows]) => `${text} (${counted(rows, 'row')})`)
    .join(', ');
  const more = classes.length - shownClasses;
  return `nothing can be measured with ${classes.length === 1 ? 'one class' : `these ${count(classes.length)} classes`}: ${listed}${more > 0 ? `, and ${count(more)} more` : ''}; expected are two, such as 1 for the odd rows and 0 for the others (or yes and no, anomaly and normal; of other words the rarer is taken for the odd one), a missing label counting as normal`;
}

function verdictColumns(id: string | undefined): OutputColumn[] {
  const reasons = Array.from({ length: reasonCount }, (_, i) =>
    ['column', 'given', 'expected'].map((part) => ({ name: `${part}${i + 1}`, type: 'text' as const })),
  ).flat();
  const own: OutputColumn[] = [
    { name: 'score', type: 'number' },
    { name: 'p_value', type: 'number' },
    { name: 'anomaly', type: 'boolean' },
    ...reasons,
  ];
  if (id === undefined) return [{ name: 'row', type: 'integer' }, ...own];
  return [{ name: id, type: 'text' }, ...besides(own, [id])];
}

function columnsOf(rows: readonly Odd[], areNamed: boolean): Cell[][] {
  const reasons = Array.from({ length: reasonCount }, (_, i) => [
    rows.map(({ reasons }) => reasons[i]?.column ?? null),
    rows.map(({ reasons }) => textOf(reasons[i]?.given)),
    rows.map(({ reasons }) => textOf(reasons[i]?.expected, 4)),
  ]).flat();
  return [
    rows.map(({ id, row }) => (areNamed ? id : row)),
    rows.map(({ score }) => score),
    rows.map(({ pValue }) => pValue),
    rows.map(({ anomaly }) => anomaly),
    ...reasons,
  ];
}

/** A cell as text; numbers with so many significant digits. */
function textOf(cell: Cell | undefined, digits = 10): string | null {
  if (cell === undefined || cell === null) return null;
  if (typeof cell === 'number') return String(Number(cell.toPrecision(digits)));
  return cell instanceof Date ? cell.toISOString() : String(cell);
}

function reasonText({ column, given, expected }: Reason): string {
  return `${column} ${textOf(given) ?? 'missing'} (expected ${textOf(expected, 4) ?? 'nothing'})`;
}

/** A reason as JSON holds it. */
function plain({ column, given, expected, share }: Reason) {
  const value = (cell: Cell) => (typeof cell === 'bigint' ? String(cell) : cell);
  return { column, given: value(given), expected: value(expected), share };
}

function summary(
  { scores, anomalies, oddest }: Found,
  { threshold, training }: Prepared,
  options: DetectCommandOptions,
  figures: ReturnType<typeof detectionFigures>,
): string {
  const rows = oddest.map(({ id, score, pValue, reasons }) => [
    id.slice(0, 24),
    figure(score),
    figure(pValue, 2),
    reasons.slice(0, 2).map(reasonText).join('; ').slice(0, 120),
  ]);
  const lines = [
    `${count(anomalies)} of ${counted(scores.length, 'row')} are odd: their score is above ${figure(threshold)}.`,
    '',
    textTable([[options.id ?? 'row', 'score', 'p-value', 'why'], ...rows], { right: [1, 2] }),
    '',
  ];
  if (figures !== null) {
    lines.push(
      `Against ${options.label} (${count(figures.anomalies)} anomalies): AUROC ${figure(figures.auroc)}, average precision ${figure(figures.averagePrecision)}, precision at ${figures.anomalies} ${figure(figures.precisionAtN)}.`,
      '',
    );
  }
  lines.push(
    `Picture: ${options.picture}.${options.output === undefined ? '' : ` All rows: ${options.output}.`}`,
  );
  if (options.out !== undefined) lines.push(`The detector: ${options.out}; with --run it judges other rows.`);
  else if (training) lines.push('--out FOLDER keeps the detector, for other rows.');
  return lines.join('\n');
}
