import type { Cell, DecimalMark, TableChunk } from '../data/table/table.js';
import { canBeEither, isMissing, otherMark, parseNumber } from './values.js';

/** Both marks of numbers. */
const marks = ['.', ','] as const satisfies readonly DecimalMark[];

/** What the texts of a column show of how its numbers are written. */
export class MarkEvidence {
  /** Texts, and those that are numbers. */
  private texts = 0;
  private numbers = 0;
  /** Numbers in which the decimal mark is certain, by that mark; the first of each. */
  private readonly certain = { '.': 0, ',': 0 };
  private readonly example: Partial<Record<DecimalMark, string>> = {};
  /** Of these: whether decimals were there, and whether groups of thousands were. */
  private readonly decimals = { '.': false, ',': false };
  private readonly groups = { '.': false, ',': false };
  /** The first number in which a mark can be either, as in `1,234`, by that mark, and how many there are. */
  readonly either: Partial<Record<DecimalMark, string>> = {};
  readonly eithers = { '.': 0, ',': 0 };

  /** Takes a cell as it is. */
  add(cell: Cell): void {
    if (typeof cell !== 'string' || isMissing(cell)) return;
    this.note(cell, parseNumber(cell, '.') !== undefined);
  }

  /** Takes a text of which it is known whether it is a number. */
  note(text: string, isNumber: boolean): void {
    this.texts++;
    if (!isNumber) return;
    this.numbers++;
    const point = text.lastIndexOf('.');
    const comma = text.lastIndexOf(',');
    if (point < 0 && comma < 0) return;
    const mark = comma > point ? ',' : '.';
    if (point >= 0 && comma >= 0) this.show(mark, text, true, true);
    else if (text.indexOf(mark) !== Math.max(point, comma)) this.show(otherMark[mark], text, false, true);
    else if (canBeEither(text)) {
      this.either[mark] ??= text;
      this.eithers[mark]++;
    } else this.show(mark, text, true, false);
  }

  private show(decimal: DecimalMark, text: string, decimals: boolean, groups: boolean): void {
    this.certain[decimal]++;
    this.example[decimal] ??= text;
    if (decimals) this.decimals[decimal] = true;
    if (groups) this.groups[decimal] = true;
  }

  /** Whether there are numbers with marks in them. */
  get marked(): boolean {
    return marks.some((mark) => this.certain[mark] > 0 || this.either[mark] !== undefined);
  }

  /** The decimal mark that most of the certain numbers have, `undefined` where there is none. */
  get own(): DecimalMark | undefined {
    const { certain } = this;
    if (certain['.'] + certain[','] === 0) return undefined;
    return certain[','] > certain['.'] ? ',' : '.';
  }

  /** The first number that shows a decimal mark. */
  shows(decimal: DecimalMark): string | undefined {
    return this.example[decimal];
  }

  /** Whether the column is one of numbers, so that it may speak for others. */
  get speaks(): boolean {
    return this.own !== undefined && this.numbers >= 0.9 * this.texts;
  }

  /** The marks that were there, with this decimal mark. */
  known(decimal: DecimalMark): DecimalMark[] {
    const other = otherMark[decimal];
    return [
      ...(this.decimals[decimal] || this.either[decimal] !== undefined ? [decimal] : []),
      ...(this.groups[decimal] || this.either[other] !== undefined ? [other] : []),
    ];
  }

  /** Whether groups of thousands are certain with this decimal mark. */
  separates(decimal: DecimalMark): boolean {
    return this.groups[decimal];
  }

  /** The first number that can be either, where others show both decimal marks, or the one that it is not read by. */
  contradicted(decimal: DecimalMark): string | undefined {
    if (this.certain[otherMark[decimal]] === 0) return undefined;
    return this.either['.'] ?? this.either[','];
  }

  /** Whether marks that may separate thousands do so nowhere for certain. */
  guessesGroups(decimal: DecimalMark): boolean {
    return !this.groups[decimal] && this.either[otherMark[decimal]] !== undefined;
  }
}

/** How the numbers of a file are written. */
export interface Marks {
  /** The decimal mark of each column, those that are not learned from left out, and the marks that are known with it. */
  readonly columns: readonly ({ readonly decimal: DecimalMark; readonly marks: DecimalMark[] } | undefined)[];
  /** The columns that speak for the file, by their decimal mark. */
  readonly speakers: Readonly<Record<DecimalMark, number[]>>;
}

/**
 * The decimal marks of a file: what was said, else of each column what its own numbers show; of columns in which all marks
 * can be either, what those of the other columns show, for a file has one. A point where none shows any.
 */
export function decideMarks(evidence: readonly (MarkEvidence | undefined)[], given?: DecimalMark): Marks {
  const speakers: Record<DecimalMark, number[]> = { '.': [], ',': [] };
  evidence.forEach((found, i) => {
    if (found?.speaks) speakers[found.own!].push(i);
  });
  const common = speakers[','].length > speakers['.'].length ? ',' : '.';
  const decimals = evidence.map((found) => given ?? found?.own ?? common);
  const known = (decimal: DecimalMark) =>
    new Set(evidence.flatMap((found, i) => (decimals[i] === decimal ? (found?.known(decimal) ?? []) : [])));
  const all = { '.': known('.'), ',': known(',') };
  return {
    columns: evidence.map((found, i) => {
      if (found === undefined) return undefined;
      const decimal = decimals[i]!;
      return { decimal, marks: given === undefined ? [...all[decimal]].sort() : [...marks] };
    }),
    speakers,
  };
}

/** What the first rows of a table show, of each column that is learned from. */
export function firstEvidence(chunk: TableChunk, learned: readonly boolean[]): (MarkEvidence | undefined)[] {
  return learned.map((isLearned, i) => {
    if (!isLearned) return undefined;
    const found = new MarkEvidence();
    const cells = chunk.columns[i]!;
    for (let row = 0; row < chunk.rows; row++) found.add(cells[row]!);
    return found;
  });
}
