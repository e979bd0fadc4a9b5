import type { Cell, DecimalMark } from '../data/table/table.js';
import type { Random } from '../random/random.js';
import { MarkEvidence } from './marks.js';
import { TextCounts } from './textCounts.js';
import { cellSeconds, cellText, isMissing, parseBoolean, parseInteger, parseNumber } from './values.js';

/** Values that are kept for quantiles: enough for a hundredth of a per cent in the middle of a distribution. */
const sampleSize = 20_000;

/** Beyond it differences overflow; such a number is no better than an infinite one. */
export const largest = 2 ** 1022;

/** Squares of larger and of smaller numbers overflow or vanish. */
const squarable = { least: 1e-140, most: 1e140 } as const;

/** Count, mean and variance of numbers as they come (Welford), their range, and a fair sample of them. */
export class NumberSummary {
  count = 0;
  infinite = 0;
  mean = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  whole = true;
  private squares = 0;
  private readonly kept: number[] = [];

  /** @param random decides which values are in the sample; without it the first are */
  constructor(private readonly random?: Random) {}

  add(value: number): void {
    if (!(Math.abs(value) <= largest)) {
      this.infinite++;
      return;
    }
    this.count++;
    const before = value - this.mean;
    this.mean += before / this.count;
    this.squares += before * (value - this.mean);
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    if (this.whole && !Number.isInteger(value)) this.whole = false;
    if (this.kept.length < sampleSize) this.kept.push(value);
    else if (this.random !== undefined) {
      // Every value so far has the same chance to be among those that are kept.
      const place = Math.floor(this.random.uniform() * this.count);
      if (place < sampleSize) this.kept[place] = value;
    }
  }

  /** The standard deviation (of the population); above 0 where there are two values. */
  get deviation(): number {
    const range = this.max - this.min;
    if (!(range > 0)) return 0;
    if (range >= squarable.least && range <= squarable.most) return Math.sqrt(this.squares / this.count);
    // In units of the range, of the sample: squares of the numbers themselves are 0 or infinite.
    const mean = this.kept.reduce((sum, value) => sum + value / this.kept.length, 0);
    const squares = this.kept.reduce((sum, value) => sum + ((value - mean) / range) ** 2, 0);
    return range * Math.sqrt(squares / this.kept.length) || range;
  }

  /** A fair sample of the values, sorted. */
  sorted(): Float64Array {
    return Float64Array.from(this.kept).sort();
  }
}

/** The value below which a share of sorted values lies, interpolated linearly. */
export function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const [a, b] = [sorted[low]!, sorted[Math.min(low + 1, sorted.length - 1)]!];
  return a + (at - low) * (b - a);
}

/** What one pass over a column finds: how many of its cells are what, and the statistics of each reading. */
export class ColumnProfile {
  rows = 0;
  missing = 0;
  /** Cells that are numbers or read as such, and the first that do not. */
  numbers = 0;
  readonly noNumbers: string[] = [];
  /** Cells that read as a truth, and as a date; dates that have a time of day. */
  truths = 0;
  dates = 0;
  timed = 0;
  /** Whole numbers beyond 2^53, and the least and the largest of them with all digits. */
  large = 0;
  minLarge: bigint | undefined;
  maxLarge: bigint | undefined;
  private readonly texts: TextCounts;
  /** How its numbers are written, in rows that are not learned from too. */
  readonly evidence = new MarkEvidence();
  readonly summary: NumberSummary;
  readonly dateSummary: NumberSummary;
  private isRising = true;
  private last = Number.NEGATIVE_INFINITY;

  /** @param isCategory whether it is asked for as one, so that frequent texts count however many there are */
  constructor(
    readonly name: string,
    readonly decimal: DecimalMark,
    random: (purpose: string) => Random,
    isCategory: boolean,
  ) {
    this.texts = new TextCounts(isCategory);
    this.summary = new NumberSummary(random('number'));
    this.dateSummary = new NumberSummary(random('date'));
  }

  add(cell: Cell): void {
    this.rows++;
    if (isMissing(cell)) {
      this.missing++;
      return;
    }
    if (typeof cell === 'number') this.addNumber(cell);
    else if (typeof cell === 'bigint') {
      this.addNumber(Number(cell));
      this.noteLarge(cell);
    } else if (typeof cell === 'boolean') {
      this.truths++;
      this.addNumber(cell ? 1 : 0);
    } else if (cell instanceof Date) this.addDate(cell.getTime() / 1000);
    else this.addText(cell as string);
    if (this.texts.counting) this.texts.add(cellText(cell));
  }

  /** Cells that are present. */
  get present(): number {
    return this.rows - this.missing;
  }

  /** Cells by text: of too many the first ones, of a category the frequent ones. */
  get distinct(): ReadonlyMap<string, number> {
    return this.texts.counts;
  }

  /** There are more texts than `distinct` has. */
  get distinctOverflow(): boolean {
    return this.texts.overflow;
  }

  /** Every cell is a whole number larger than the one before: it may number the rows. */
  get rises(): boolean {
    return this.isRising && this.numbers === this.rows && this.rows > 1;
  }

  private addNumber(value: number): void {
    if (this.isRising && !(value > this.last && Number.isInteger(value))) this.isRising = false;
    this.last = value;
    this.numbers++;
    this.summary.add(value);
  }

  private addDate(seconds: number): void {
    this.dates++;
    this.dateSummary.add(seconds);
    if (seconds % 86_400 !== 0) this.timed++;
  }

  private addText(cell: string): void {
    const value = parseNumber(cell, this.decimal);
    this.evidence.note(cell, value !== undefined);
    if (value !== undefined) {
      this.addNumber(value);
      if (Math.abs(value) > Number.MAX_SAFE_INTEGER) {
        const exact = parseInteger(cell, this.decimal);
        if (exact !== undefined) this.noteLarge(exact);
      }
      return;
    }
    if (this.noNumbers.length < 3) this.noNumbers.push(cell);
    const seconds = cellSeconds(cell);
    if (seconds !== undefined) this.addDate(seconds);
    else if (parseBoolean(cell) !== undefined) this.truths++;
  }

  private noteLarge(value: bigint): void {
    if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) this.large++;
    if (this.minLarge === undefined || value < this.minLarge) this.minLarge = value;
    if (this.maxLarge === undefined || value > this.maxLarge) this.maxLarge = value;
  }
}
