import { UserError } from '../errors.js';
import { colours, drawTitle, font, margin, newSheet, pngBytes, type Sheet, titleHeight } from './canvas.js';
import { roundTicks, short } from './numberText.js';
import { fitted, write } from './text.js';

/** One of the oddest rows, as a picture shows it. */
export interface ScoredRow {
  readonly id: string;
  readonly score: number;
  /** `age 412 (expected 38)`, the first the weightiest. */
  readonly reasons: readonly string[];
}

/** What a picture of anomaly scores shows. */
export interface ScorePicture {
  readonly scores: Float32Array;
  /** Rows with a higher score are anomalies. */
  readonly threshold: number;
  /**
   * 1 for rows that are known to be anomalies, 0 for those known to be none, below 0 for all others: then these are set
   * apart by colour, and not the verdicts.
   */
  readonly labels?: Int8Array;
  /** The oddest rows, the oddest first; ten at most are shown. */
  readonly rows: readonly ScoredRow[];
  readonly title: string;
  readonly subtitle: string;
}

const width = 1000;
const chart = { left: 80, right: width - 34, top: 96, height: 330 } as const;
const bottom = chart.top + chart.height;
const bins = 80;
const rowHeight = 24;
const shownRows = 10;

/**
 * Draws how the scores of rows are distributed, with the threshold, and below it the oddest rows with their reasons.
 * Counts are drawn on a logarithmic axis, since what matters are the few rows far out. Where a few scores are very
 * far out, scores are too (by their inverse hyperbolic sine, which is linear about the middle), so that these do not
 * squash all others.
 * @returns the bytes of a PNG file
 * @throws {UserError} when there are no scores, or none is finite
 */
export async function scorePicture(picture: ScorePicture): Promise<Uint8Array> {
  if (!picture.scores.some(Number.isFinite)) {
    throw new UserError('a picture of scores was asked for, but there are none that are finite');
  }
  const rows = picture.rows.slice(0, shownRows);
  const height = bottom + (rows.length > 0 ? 110 + rowHeight * (rows.length + 1) : 70);
  const sheet = await newSheet(width, height);
  drawTitle(sheet, fitted(sheet, picture.title, width - 2 * margin, 16));
  write(sheet, picture.subtitle, margin, margin + titleHeight + 2, { colour: colours.faintText });
  drawHistogram(sheet, picture);
  if (rows.length > 0) drawRows(sheet, rows, bottom + 92);
  return pngBytes(sheet);
}

interface Series {
  readonly name: string;
  readonly colour: string;
  readonly counts: Float64Array;
}

function drawHistogram(sheet: Sheet, picture: ScorePicture): void {
  const { context } = sheet;
  const { threshold } = picture;
  const scale = scaleOf(picture.scores, threshold);
  const x = (score: number) => chart.left + scale.part(score) * (chart.right - chart.left);
  const series = seriesOf(picture, scale);
  const most = Math.max(1, ...series.flatMap(({ counts }) => [...counts]));
  const top = 10 ** Math.ceil(Math.log10(most + 1));
  // One row must still be seen: it has a tenth of the height that ten have.
  const y = (count: number) => bottom - (Math.log10(1 + count) / Math.log10(1 + top)) * chart.height;

  context.fillStyle = colours.panel;
  context.fillRect(chart.left, chart.top, chart.right - chart.left, chart.height);
  for (let count = 1; count <= top; count *= 10) {
    line(sheet, chart.left, y(count), chart.right, y(count), colours.grid);
    write(sheet, count.toLocaleString('en-US'), chart.left - 8, y(count), { align: 'right' });
  }
  const bar = (chart.right - chart.left) / bins;
  const wide = 1 / series.length;
  series.forEach(({ colour, counts }, s) => {
    context.fillStyle = colour;
    counts.forEach((count, i) => {
      if (count === 0) return;
      const left = chart.left + i * bar + (picture.labels ? s * wide * bar : 0);
      context.fillRect(left, y(count), Math.max(bar * (picture.labels ? wide : 1) - 1, 1), bottom - y(count));
    });
  });
  line(sheet, chart.left, bottom, chart.right, bottom, colours.frame);
  for (const tick of scale.ticks) {
    line(sheet, x(tick), bottom, x(tick), bottom + 4, colours.frame);
    write(sheet, written(tick), x(tick), bottom + 16, { align: 'center' });
  }
  const what = scale.linear ? 'score' : 'score (on a logarithmic axis, but for the middle)';
  write(sheet, what, (chart.left + chart.right) / 2, bottom + 40, { align: 'center' });
  if (scale.part(threshold) >= 0 && scale.part(threshold) <= 1) {
    line(sheet, x(threshold), chart.top - 6, x(threshold), bottom, colours.text, [6, 4]);
    const before = x(threshold) > (chart.left + chart.right) / 2;
    write(sheet, `threshold ${written(threshold)}`, x(threshold) + (before ? -8 : 8), chart.top + 12, {
      align: before ? 'right' : 'left',
    });
  }
  drawLegend(sheet, series);
}

function seriesOf({ scores, labels, threshold }: ScorePicture, scale: Scale): Series[] {
  const normal = new Float64Array(bins);
  const odd = new Float64Array(bins);
  const unknown = new Float64Array(bins);
  scores.forEach((score, i) => {
    const bin = Math.min(Math.max(Math.floor(scale.part(score) * bins + 1e-9), 0), bins - 1);
    const isOdd = labels === undefined ? score > threshold : labels[i] === 1;
    const counts = labels !== undefined && labels[i]! < 0 ? unknown : isOdd ? odd : normal;
    counts[bin]!++;
  });
  const names = labels === undefined ? ['below the threshold', 'above it'] : ['normal', 'anomalies'];
  return [
    { name: names[0]!, colour: colours.blue, counts: normal },
    { name: names[1]!, colour: colours.vermilion, counts: odd },
    ...(unknown.some((count) => count > 0)
      ? [{ name: 'without a label', colour: colours.faintText, counts: unknown }]
      : []),
  ];
}

function drawLegend(sheet: Sheet, series: readonly Series[]): void {
  let right: number = chart.right;
  for (const { name, colour, counts } of [...series].reverse()) {
    const words = `${name} (${counts.reduce((a, b) => a + b, 0).toLocaleString('en-US')})`;
    write(sheet, words, right, chart.top - 20, { align: 'right' });
    right -= sheet.context.measureText(words).width + 20;
    sheet.context.fillStyle = colour;
    sheet.context.fillRect(right, chart.top - 26, 12, 12);
    right -= 18;
  }
}

/** Where scores lie along the horizontal axis. */
interface Scale {
  /** 0 at the left end, 1 at the right; below and above outside. */
  readonly part: (score: number) => number;
  readonly ticks: readonly number[];
  readonly linear: boolean;
}

/** A score so many times as far above the median as 19 of 20 others is very far out. */
const farOut = 25;

/** All scores but the lowest thousandth, which are of no interest, and the threshold. */
function scaleOf(scores: Float32Array, threshold: number): Scale {
  const sorted = scores.filter(Number.isFinite).sort();
  const at = (part: number) => sorted[Math.floor(part * (sorted.length - 1))]!;
  const [lowest, median, last] = [at(0.001), at(0.5), at(1)];
  // A threshold that no row comes near is not to squash them all.
  const highest = Math.min(Math.max(last, threshold), last + 2 * Math.max(last - lowest, 1));
  // Where nearly all scores are equal, the first that differs gives the measure.
  const spread = at(0.95) - median || (sorted.find((score) => score > median) ?? median) - median;
  const linear = !(spread > 0) || last - median <= farOut * spread;
  const bend = (score: number) => (linear ? score : Math.asinh((score - median) / spread));
  const room = Math.max((bend(highest) - bend(lowest)) * 0.02, 1e-3);
  let low = bend(lowest) - room;
  let bar = (bend(highest) + room - low) / (bins - 1);
  // The threshold lies between two bars, and none is of both colours.
  if (threshold >= lowest && threshold <= highest) {
    low = bend(threshold) - Math.ceil((bend(threshold) - low) / bar) * bar;
  } else bar = (bar * (bins - 1)) / bins;
  const part = (score: number) => (bend(score) - low) / (bar * bins);
  const from = linear ? low : lowest;
  const to = linear ? low + bar * bins : highest;
  return { part, linear, ticks: linear ? roundTicks(from, to, 8) : bentTicks(from, to, part) };
}

/** Powers of ten, from the largest down as long as there is room between them, and zero. */
function bentTicks(low: number, high: number, part: (score: number) => number): number[] {
  const largest = Math.floor(Math.log10(Math.max(Math.abs(low), Math.abs(high))));
  const found: number[] = [];
  for (let power = largest; power > largest - 40; power--) {
    for (const tick of [10 ** power, -(10 ** power)]) {
      const apart = found.every((other) => Math.abs(part(other) - part(tick)) > 0.07);
      if (tick >= low && tick <= high && apart && Math.abs(part(tick) - part(0)) > 0.04) found.push(tick);
    }
  }
  return low <= 0 && high >= 0 ? [0, ...found] : found;
}

/** Three digits of a number, with commas from 1,000 on. */
function written(value: number): string {
  if (!(Math.abs(value) >= 1000)) return short(value, 3);
  if (Math.abs(value) >= 1e9) return value.toExponential(2).replace('e+', 'e').replaceAll('-', '−');
  return Number(value.toPrecision(3)).toLocaleString('en-US').replaceAll('-', '−');
}

function line(
  { context }: Sheet,
  fromX: number,
  fromY: number,
  toX: number,
  toY: number,
  colour: string,
  dash: number[] = [],
): void {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(fromX, fromY);
  context.lineTo(toX, toY);
  context.stroke();
  context.setLineDash([]);
}

const reasonGap = 18;

/** The reasons, the longest cut until all find room. */
function cut(sheet: Sheet, reasons: readonly string[], room: number): string[] {
  sheet.context.font = font(13);
  const widths = reasons.map((reason) => sheet.context.measureText(reason).width);
  let left = room - reasonGap * (reasons.length - 1);
  let most = left;
  // What short ones leave, the longer ones share.
  [...widths]
    .sort((a, b) => a - b)
    .forEach((each, i) => {
      most = left / (widths.length - i);
      left -= Math.min(each, most);
    });
  return reasons.map((reason) => fitted(sheet, reason, most));
}

function drawRows(sheet: Sheet, rows: readonly ScoredRow[], top: number): void {
  const places = { id: margin, score: 236, reasons: 256 } as const;
  write(sheet, 'the oddest rows', places.id, top, { colour: colours.faintText });
  write(sheet, 'score', places.score, top, { colour: colours.faintText, align: 'right' });
  write(sheet, 'what makes them odd', places.reasons, top, { colour: colours.faintText });
  rows.forEach(({ id, score, reasons }, i) => {
    const y = top + rowHeight * (i + 1);
    line(sheet, margin, y - rowHeight / 2, width - margin, y - rowHeight / 2, colours.grid);
    write(sheet, fitted(sheet, id, 150), places.id, y);
    write(sheet, written(score), places.score, y, { align: 'right' });
    let left: number = places.reasons;
    for (const reason of cut(sheet, reasons.slice(0, 3), width - margin - left)) {
      write(sheet, reason, left, y);
      left += sheet.context.measureText(reason).width + reasonGap;
    }
  });
}
