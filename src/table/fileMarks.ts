import type { DecimalMark, TableChunk } from '../data/table/table.js';
import { option, shown, UserError } from '../errors.js';
import type { Column } from './columns.js';
import { decideMarks, firstEvidence, MarkEvidence } from './marks.js';
import { canBeEither, markName, otherMark, parseNumber } from './values.js';

/** How the numbers of a table are written that is not the one of training, or is it once more. */
export class FileMarks {
  /** The mark before decimals, of each column. */
  readonly decimals: readonly DecimalMark[];
  /** Whether the other mark is known to separate thousands. */
  private readonly separates: readonly boolean[];
  private readonly evidence: readonly MarkEvidence[];
  /** Of each column the first number that can be either, and its row. */
  private readonly unclear: { readonly text: string; readonly row: number }[] = [];

  /**
   * What was said; else what the first rows show, of each column by itself, then of all together; else as in training.
   * @param places where the columns are in the chunk, which holds the first rows
   */
  constructor(
    private readonly columns: readonly Column[],
    first: TableChunk,
    places: readonly number[],
    private readonly said: DecimalMark | undefined,
  ) {
    const numbers = columns.map((column) => column.type === 'number');
    const shown = firstEvidence({ ...first, columns: places.map((place) => first.columns[place]!) }, numbers);
    const { speakers } = decideMarks(shown);
    const trained = columns.map((column) => (column.type === 'number' ? column.decimal : '.'));
    // Columns that differed in training may differ again.
    const alike = new Set(trained.filter((_, k) => numbers[k])).size < 2;
    const [points, commas] = [speakers['.'].length, speakers[','].length];
    const common = !alike || points === commas ? undefined : points > commas ? '.' : ',';
    this.decimals = trained.map((decimal, k) => said ?? shown[k]?.own ?? common ?? decimal);
    this.separates = columns.map((column, k) => {
      if (column.type !== 'number' || said !== undefined) return true;
      const decimal = this.decimals[k]!;
      if (decimal === column.decimal && column.marks.includes(otherMark[decimal])) return true;
      return shown.some((found) => found?.separates(decimal));
    });
    this.evidence = columns.map(() => new MarkEvidence());
  }

  /**
   * Takes a text from a column of numbers.
   * @param row its number, from 0
   * @throws {UserError} when it can be read in two ways, and nothing says which
   */
  take(k: number, text: string, isNumber: boolean, row: number, source: string): void {
    const evidence = this.evidence[k]!;
    evidence.note(text, isNumber);
    if (this.said !== undefined || !isNumber) return;
    const decimal = this.decimals[k]!;
    const other = otherMark[decimal];
    const isUnclear = (text.includes('.') || text.includes(',')) && canBeEither(text);
    if (isUnclear) this.unclear[k] ??= { text, row };
    const isUnknown = isUnclear && !this.separates[k] && text.includes(other);
    if (!isUnknown && evidence.contradicted(decimal) === undefined) return;
    const found = isUnknown ? { text, row } : this.unclear[k]!;
    const { name } = this.columns[k]!;
    const contrary = evidence.shows(other);
    const readings = ([decimal, other] as const).map((mark) => parseNumber(found.text, mark));
    const why =
      contrary === undefined
        ? `neither training nor this table has another ${markName[other]} that says which`
        : `${contrary} has a decimal ${markName[other]}, others decimal ${markName[decimal]}s`;
    throw new UserError(
      `${source}: row ${found.row + 1}, column ${shown(name)}: ${found.text} can be ${readings.join(' or ')}, and ${why}; write numbers without separators of thousands and with decimal ${markName[decimal]}s, or say which mark is before decimals: give ${option('decimal', '.')} or ${option('decimal', ',')}`,
    );
  }

  /** Points that were taken for decimal points, though neither training nor this table has one for certain. */
  notes(): string[] {
    if (this.said !== undefined || this.evidence.some(({ own }) => own !== undefined)) return [];
    return this.columns.flatMap((column, k) => {
      const { either, eithers } = this.evidence[k]!;
      if (column.type !== 'number' || column.marks.includes('.') || either['.'] === undefined) return [];
      return [
        `column ${shown(column.name)}: ${valuesText(eithers['.'], either['.'])} read with a decimal point, of which training had none`,
      ];
    });
  }
}

function valuesText(count: number, example: string): string {
  return count === 1 ? `the value ${example} is` : `${count} values such as ${example} are`;
}
