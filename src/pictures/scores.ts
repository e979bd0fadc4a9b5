import { UserError } from '../errors.js';
import { colours, drawTitle, font, margin, newSheet, pngBytes, type Sheet, titleHeight } from './canvas.js';
import { short } from './numberText.js';

/** One of the oddest rows, as a picture shows it. */
export interface ScoredRow {
  readonly id: string;
  readonly score: number;
  /** `age 412 (expected 38)`, the first the weightiest. */
  readonly reasons: readonly string[];
}

/** What a picture of anomaly scores shows. */
export interface ScorePicture {
  readonly scores: Float64Array;
  /** Rows with a higher score are anomalies. */
  readonly threshold: number;
  /** 1 for rows that are known to be anomalies: then these are set apart by colour, and not the verdicts. */
  readonly labels?: Uint8Array;
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
 * Counts are drawn on a logarithmic axis, since what matters are the few rows far out.
 * @returns the bytes of a PNG file
 * @throws {UserError} when there are no scores
 */
export async function scorePicture(picture: ScorePicture): Promise<Uint8Array> {
  if (picture.scores.length === 0)
    throw new UserError('a picture of scores was asked for, but there are none');
  const rows = picture.rows.slice(0, shownRows);
  const height = bottom + 110 + rowHeight * (rows.length + 1);
  const sheet = await newSheet(width, height);
  drawTitle(sheet, fitted(sheet, picture.title, width - 2 * margin, 16));
  text(sheet, picture.subtitle, margin, margin + titleHeight + 2, { colour: colours.faintText });
  drawHistogram(sheet, picture);
  drawRows(sheet, rows, bottom + 92);
  return pngBytes(sheet);
}

interface TextStyle {
  readonly colour?: string;
  readonly align?: 'left' | 'right' | 'center';
  readonly size?: number;
}

function text({ context }: Sheet, words: string, x: number, y: number, style: TextStyle = {}): void {
  context.font = font(style.size ?? 13);
  context.fillStyle = style.colour ?? colours.text;
  context.textAlign = style.align ?? 'left';
  context.textBaseline = 'middle';
  context.fillText(words, x, y);
}

/** The words, or as many of their letters as there is room for. */
function fitted({ context }: Sheet, words: string, room: number, size = 13): string {
  context.font = font(size);
  if (context.measureText(words).width <= room) return words;
  let [low, high] = [0, words.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(`${words.slice(0, middle)}…`).width <= room) low = middle;
    else high = middle - 1;
  }
  return `${words.slice(0, low)}…`;
}

interface Series {
  readonly name: string;
  readonly colour: string;
  readonly counts: Float64Array;
}

function drawHistogram(sheet: Sheet, picture: ScorePicture): void {
  const { context } = sheet;
  const { threshold } = picture;
  const [low, high] = range(picture.scores, threshold);
  const x = (score: number) => chart.left + ((score - low) / (high - low)) * (chart.right - chart.left);
  const series = seriesOf(picture, low, high);
  const most = Math.max(1, ...series.flatMap(({ counts }) => [...counts]));
  const top = 10 ** Math.ceil(Math.log10(most + 1));
  // One row must still be seen: it has a tenth of the height that ten have.
  const y = (count: number) => bottom - (Math.log10(1 + count) / Math.log10(1 + top)) * chart.height;

  context.fillStyle = colours.panel;
  context.fillRect(chart.left, chart.top, chart.right - chart.left, chart.height);
  for (let count = 1; count <= top; count *= 10) {
    line(sheet, chart.left, y(count), chart.right, y(count), colours.grid);
    text(sheet, count.toLocaleString('en-US'), chart.left - 8, y(count), { align: 'right' });
  }
  const bar = (chart.right - chart.left) / bins;
  const wide = series.length > 1 ? 0.5 : 1;
  series.forEach(({ colour, counts }, s) => {
    context.fillStyle = colour;
    counts.forEach((count, i) => {
      if (count === 0) return;
      const left = chart.left + i * bar + (picture.labels ? s * wide * bar : 0);
      context.fillRect(left, y(count), Math.max(bar * (picture.labels ? wide : 1) - 1, 1), bottom - y(count));
    });
  });
  line(sheet, chart.left, bottom, chart.right, bottom, colours.frame);
  for (const tick of ticks(low, high)) {
    text(sheet, short(tick, 3), x(tick), bottom + 16, { align: 'center' });
  }
  text(sheet, 'score', (chart.left + chart.right) / 2, bottom + 40, { align: 'center' });
  if (threshold >= low && threshold <= high) {
    line(sheet, x(threshold), chart.top - 6, x(threshold), bottom, colours.text, [6, 4]);
    const before = x(threshold) > (chart.left + chart.right) / 2;
    text(sheet, `threshold ${short(threshold, 3)}`, x(threshold) + (before ? -8 : 8), chart.top + 12, {
      align: before ? 'right' : 'left',
    });
  }
  drawLegend(sheet, series);
}

function seriesOf({ scores, labels, threshold }: ScorePicture, low: number, high: number): Series[] {
  const normal = new Float64Array(bins);
  const odd = new Float64Array(bins);
  scores.forEach((score, i) => {
    const bin = Math.min(Math.max(Math.floor(((score - low) / (high - low)) * bins), 0), bins - 1);
    const isOdd = labels === undefined ? score > threshold : labels[i] === 1;
    (isOdd ? odd : normal)[bin]!++;
  });
  const names = labels === undefined ? ['below the threshold', 'above it'] : ['normal', 'anomalies'];
  return [
    { name: names[0]!, colour: colours.blue, counts: normal },
    { name: names[1]!, colour: colours.vermilion, counts: odd },
  ];
}

function drawLegend(sheet: Sheet, series: readonly Series[]): void {
  let right: number = chart.right;
  for (const { name, colour, counts } of [...series].reverse()) {
    const words = `${name} (${counts.reduce((a, b) => a + b, 0).toLocaleString('en-US')})`;
    text(sheet, words, right, chart.top - 20, { align: 'right' });
    right -= sheet.context.measureText(words).width + 20;
    sheet.context.fillStyle = colour;
    sheet.context.fillRect(right, chart.top - 26, 12, 12);
    right -= 18;
  }
}

/** All scores but the lowest thousandth, which are of no interest, and the threshold. */
function range(scores: Float64Array, threshold: number): [number, number] {
  const sorted = Float64Array.from(scores).sort();
  const low = sorted[Math.floor(0.001 * (sorted.length - 1))]!;
  const last = sorted[sorted.length - 1]!;
  // A threshold that no row comes near is not to squash them all.
  const high = Math.min(Math.max(last, threshold), last + 2 * Math.max(last - low, 1));
  const room = Math.max((high - low) * 0.02, 1e-3);
  return [low - room, high + room];
}

function ticks(low: number, high: number): number[] {
  const rough = (high - low) / 8;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough)!;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
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

function drawRows(sheet: Sheet, rows: readonly ScoredRow[], top: number): void {
  const places = { id: margin, score: 236, reasons: 256 } as const;
  text(sheet, 'the oddest rows', places.id, top, { colour: colours.faintText });
  text(sheet, 'score', places.score, top, { colour: colours.faintText, align: 'right' });
  text(sheet, 'what makes them odd', places.reasons, top, { colour: colours.faintText });
  rows.forEach(({ id, score, reasons }, i) => {
    const y = top + rowHeight * (i + 1);
    line(sheet, margin, y - rowHeight / 2, width - margin, y - rowHeight / 2, colours.grid);
    text(sheet, fitted(sheet, id, 150), places.id, y);
    text(sheet, short(score, 3), places.score, y, { align: 'right' });
    text(sheet, fitted(sheet, reasons.join('   '), width - margin - places.reasons), places.reasons, y);
  });
}
