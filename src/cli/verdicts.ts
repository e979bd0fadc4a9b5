import type { OutputColumn } from '../artifact/tableFile.js';
import type { Cell } from '../data/table/table.js';
import { cellText, isMissing } from '../table/values.js';
import type { Detection, Reason } from '../tasks/detect/explain.js';
import type { detectionFigures } from '../tasks/detect/figures.js';
import type { DetectCommandOptions } from './detect.js';
import { besides } from './tableOutput.js';
import { count, counted, figure, table as textTable, visible } from './text.js';

/** Verdicts of a row: three columns with what was given and what was expected. */
const reasonCount = 3;

/** Classes of labels that a message lists. */
const shownClasses = 8;

/** One of the oddest rows. */
export interface Odd extends Detection {
  readonly id: string;
}

/** What going through a table finds. */
export interface Found {
  readonly scores: Float32Array;
  readonly anomalies: number;
  readonly oddest: readonly Odd[];
  readonly labels: readonly Cell[] | null;
}

const expected =
  'expected are two, such as 1 for the odd rows and 0 for the others (or yes and no, anomaly and normal; of other words the rarer is taken for the odd one)';

/** Why nothing can be measured with labels: which classes there are, and what is expected. */
export function labelsText(labels: readonly Cell[]): string {
  const counts = new Map<string, number>();
  let missing = 0;
  for (const label of labels) {
    if (isMissing(label)) {
      missing++;
      continue;
    }
    const text = JSON.stringify(cellText(label).slice(0, 30));
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const classes = [...counts].sort(([, a], [, b]) => b - a);
  const listed = classes
    .slice(0, shownClasses)
    .map(([text, rows]) => `${text} (${counted(rows, 'row')})`)
    .join(', ');
  const more = classes.length - shownClasses;
  if (classes.length === 0) return `nothing can be measured, since all labels are missing; ${expected}`;
  const which = classes.length === 1 ? 'one class' : `these ${count(classes.length)} classes`;
  const without =
    missing === 0 ? '' : `; ${counted(missing, 'row')} ${missing === 1 ? 'has' : 'have'} no label`;
  return `nothing can be measured with ${which}: ${listed}${more > 0 ? `, and ${count(more)} more` : ''}${without}; ${expected}`;
}

export function verdictColumns(id: string | undefined): OutputColumn[] {
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

export function columnsOf(rows: readonly Odd[], areNamed: boolean): Cell[][] {
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
  if (typeof cell === 'number') {
    const rounded = Number(cell.toPrecision(digits));
    // The largest numbers would be rounded up to infinity.
    return String(Number.isFinite(rounded) ? rounded : cell);
  }
  return cell instanceof Date ? cell.toISOString() : String(cell);
}

export function reasonText({ column, given, expected }: Reason): string {
  return visible(`${column} ${textOf(given) ?? 'missing'} (expected ${textOf(expected, 4) ?? 'nothing'})`);
}

/** A reason as JSON holds it. */
export function plain({ column, given, expected, share }: Reason) {
  const value = (cell: Cell) => (typeof cell === 'bigint' ? String(cell) : cell);
  return { column, given: value(given), expected: value(expected), share };
}

function isOdd(anomalies: number, rows: number): string {
  if (anomalies === 0) return `${rows === 1 ? 'is' : 'are'} odd: no score is`;
  return anomalies === 1 ? 'is odd: its score is' : 'are odd: their score is';
}

export function summary(
  { scores, anomalies, oddest }: Found,
  { threshold, training }: { readonly threshold: number; readonly training: boolean },
  options: DetectCommandOptions,
  figures: ReturnType<typeof detectionFigures>,
): string {
  const rows = oddest.map(({ id, score, pValue, reasons }) => [
    visible(id).slice(0, 24),
    figure(score),
    figure(pValue, 2),
    reasons.slice(0, 2).map(reasonText).join('; ').slice(0, 120),
  ]);
  const lines = [
    `${count(anomalies)} of ${counted(scores.length, 'row')} ${isOdd(anomalies, scores.length)} above ${figure(threshold)}.`,
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
