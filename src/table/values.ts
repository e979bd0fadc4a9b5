import type { Cell, DecimalMark } from '../data/table/table.js';

/** Texts that mean a missing value, in any case. */
export const missingTexts = ['', 'na', 'n/a', '#n/a', 'nan', 'null', 'none', 'nil', '-', '?'] as const;

const missing = new Set<string>(missingTexts);

/** Whether a cell holds no value. */
export function isMissing(cell: Cell): boolean {
  if (cell === null) return true;
  if (typeof cell === 'number') return Number.isNaN(cell);
  if (cell instanceof Date) return Number.isNaN(cell.getTime());
  // The longest such text has four letters: most texts are settled by their length.
  return typeof cell === 'string' && cell.length <= 4 && missing.has(cell.toLowerCase());
}

/** The other mark of numbers: where one stands before decimals, the other may separate thousands. */
export const otherMark = { '.': ',', ',': '.' } as const satisfies Record<DecimalMark, DecimalMark>;

/** What a mark is called. */
export const markName = { '.': 'point', ',': 'comma' } as const satisfies Record<DecimalMark, string>;

const plain = {
  '.': /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i,
  ',': /^[+-]?(\d+,?\d*|,\d+)(e[+-]?\d+)?$/i,
} as const;
/** Commas also in Indian groups: `1,23,45,000`. */
const grouped = {
  '.': /^[+-]?([1-9]\d{0,2}(,\d{3})+|[1-9]\d?(,\d\d)+,\d{3})(\.\d*)?$/,
  ',': /^[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?$/,
} as const;
/** Blanks and apostrophes separate thousands without being decimal marks anywhere; in one number all are the same. */
const spaced = /^[+-]?[1-9]\d{0,2}([ \u00a0\u2009\u202f'’])\d{3}(\1\d{3})*([.,]\d*)?$/;
const separators = /[ \u00a0\u2009\u202f'’]/g;
const infinite = /^([+-]?)(inf|infinity|∞)$/i;
const begins = /^\s*[+\-−]?[\d.,i∞]/i;
const either = /^[+\-−]?[1-9]\d{0,2}[.,]\d{3}$/;

/**
 * The number that a text writes, `undefined` for a text that is none: `1234.5`, and with a decimal mark also `1,234.5`,
 * `1234,5`, `1.234,5`, `1 234,5` or `1'234.5`. The mark decides of texts that can be either, such as `1,234`. Blanks around it
 * are of no matter, and a minus sign may be `−`.
 */
export function parseNumber(text: string, decimal?: DecimalMark): number | undefined {
  // Most texts of other columns end here.
  if (!begins.test(text)) return undefined;
  const trimmed = text.trim();
  const found = parseMarked(trimmed, decimal);
  if (found !== undefined) return found;
  const hyphen = hyphened(trimmed);
  const bare = decimal === undefined ? hyphen : ungrouped(hyphen);
  if (bare !== trimmed) return parseNumber(bare, decimal);
  const sign = infinite.exec(trimmed)?.[1];
  return sign === undefined ? undefined : sign === '-' ? -Infinity : Infinity;
}

/** A number in which there are no marks but points and commas. */
function parseMarked(text: string, decimal: DecimalMark | undefined): number | undefined {
  if (decimal === undefined) return plain['.'].test(text) ? Number(text) : undefined;
  for (const mark of [decimal, otherMark[decimal]]) {
    if (plain[mark].test(text)) return Number(mark === ',' ? text.replace(',', '.') : text);
    if (grouped[mark].test(text)) return Number(text.replaceAll(otherMark[mark], '').replace(',', '.'));
  }
  return undefined;
}

/** A text whose minus sign is the one of the keyboard. */
function hyphened(text: string): string {
  return text.includes('−') ? text.replaceAll('−', '-') : text;
}

/** A number without the blanks or apostrophes between its thousands; other texts as they are. */
function ungrouped(text: string): string {
  return spaced.test(text) ? text.replaceAll(separators, '') : text;
}

/** Whether blanks separate the thousands of a whole number, as in `664 123 456`, which may be a telephone's as well. */
export function hasBlankGroups(text: string): boolean {
  return /^[^'’.,]+$/.test(text) && spaced.test(hyphened(text.trim()));
}

/** Whether the mark in a number may stand before decimals as well as separate thousands, as in `1,234` and `1.234`. */
export function canBeEither(text: string): boolean {
  return either.test(text.trim());
}

/** The whole number that a text writes, all digits kept; `undefined` for a text that is none. */
export function parseInteger(text: string, decimal: DecimalMark = '.'): bigint | undefined {
  const trimmed = ungrouped(hyphened(text.trim()));
  if (!/^[+-]?\d[\d.,]*$/.test(trimmed)) return undefined;
  const mark = [decimal, otherMark[decimal]].find((each) => grouped[each].test(trimmed));
  const isPlain = mark === undefined || plain[decimal].test(trimmed);
  const digits = isPlain ? trimmed : trimmed.replaceAll(otherMark[mark], '');
  return /^[+-]?\d+$/.test(digits) ? BigInt(digits.replace('+', '')) : undefined;
}

const isoDate =
  /^(\d{4})[-/](\d{2})[-/](\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$/;

/**
 * Seconds since 1970-01-01 UTC that a text writes as `2024-02-29`, `2024/02/29` or `2024-02-29 12:30:00.5+01:00`, also
 * with a zone such as `+01` or `UTC`; without a zone the time is taken as UTC. `undefined` for a text that is no such date.
 */
export function parseDate(text: string): number | undefined {
  const found = isoDate.exec(text.trim());
  if (found === null) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = found;
  const isUniversal = zone === 'Z' || zone === 'UTC' || zone === 'GMT';
  const offset = isUniversal ? 'Z' : `${zone.slice(0, 3)}:${zone.length > 3 ? zone.slice(-2) : '00'}`;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`);
  // Date.parse lets 30 February pass as 1 March.
  if (Number.isNaN(time) || new Date(`${year}-${month}-${day}T00:00Z`).getUTCDate() !== Number(day)) {
    return undefined;
  }
  return time / 1000 + (fraction === '' ? 0 : Number(fraction));
}

/** The seconds as a text that `parseDate` reads; the time of day only where there is one. */
export function dateText(seconds: number): string {
  const date = new Date(Math.round(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return '';
  const text = date.toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text.replace('.000Z', 'Z');
}

/** Texts that name a truth, in any case. */
export const truthTexts: Readonly<Record<string, boolean>> = {
  ...{ true: true, false: false, yes: true, no: false, y: true, n: false },
  ...{ t: true, f: false, on: true, off: false },
};

/** The truth that a text names (`yes`, `False`, `on`, …); `undefined` for a text that names none. */
export function parseBoolean(text: string): boolean | undefined {
  return text.length > 5 ? undefined : truthTexts[text.toLowerCase()];
}

/** A cell as the text that a category knows it by: a text is taken as it is, as the exported graphs take it. */
export function cellText(cell: Cell): string {
  if (cell instanceof Date) return dateText(cell.getTime() / 1000);
  return typeof cell === 'string' ? cell : String(cell);
}

/** Seconds since 1970 of a cell, `undefined` where it is no date. */
export function cellSeconds(cell: Cell): number | undefined {
  if (cell instanceof Date) return cell.getTime() / 1000;
  return typeof cell === 'string' ? parseDate(cell) : undefined;
}

/** The number in a cell, `undefined` where there is none; texts as `parseNumber` reads them. */
export function cellNumber(cell: Cell, decimal?: DecimalMark): number | undefined {
  switch (typeof cell) {
    case 'number':
      return cell;
    case 'bigint':
      return Number(cell);
    case 'boolean':
      return cell ? 1 : 0;
    case 'string':
      return parseNumber(cell, decimal);
    default:
      return undefined;
  }
}
