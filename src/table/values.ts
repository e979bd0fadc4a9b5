import type { Cell } from '../data/table/table.js';

/** Texts that mean a missing value, in any case. */
export const missingTexts = ['', 'na', 'n/a', '#n/a', 'nan', 'null', 'none', 'nil', '-', '?'] as const;

const missing = new Set<string>(missingTexts);

/** Whether a cell holds no value. */
export function isMissing(cell: Cell): boolean {
  if (cell === null) return true;
  if (typeof cell === 'number') return Number.isNaN(cell);
  if (cell instanceof Date) return Number.isNaN(cell.getTime());
  // The longest such text has four letters: most texts are settled by their length.
  return typeof cell === 'string' && cell.length <= 6 && missing.has(cell.trim().toLowerCase());
}

/** How numbers are written: `1234.5`, `1,234.5`, or `1.234,5`. */
export type NumberFormat = 'plain' | 'thousands' | 'decimalComma';

const plain = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const infinite = /^([+-]?)(inf|infinity|∞)$/i;
const thousands = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/;
const decimalComma = /^[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$/;

/**
 * The number that a text writes in a format, `undefined` for a text that is none. Thousands may be separated or not.
 */
export function parseNumber(text: string, format: NumberFormat = 'plain'): number | undefined {
  const trimmed = text.trim();
  if (format === 'decimalComma' && decimalComma.test(trimmed)) {
    return Number(trimmed.replaceAll('.', '').replace(',', '.'));
  }
  if (format === 'thousands' && thousands.test(trimmed)) return Number(trimmed.replaceAll(',', ''));
  if (plain.test(trimmed)) return Number(trimmed);
  const sign = infinite.exec(trimmed)?.[1];
  return sign === undefined ? undefined : sign === '-' ? -Infinity : Infinity;
}

/** The whole number that a text writes, all digits kept; `undefined` for a text that is none. */
export function parseInteger(text: string): bigint | undefined {
  return /^\s*[+-]?\d+\s*$/.test(text) ? BigInt(text.trim().replace(/^\+/, '')) : undefined;
}

const isoDate =
  /^(\d{4})[-/](\d{2})[-/](\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Seconds since 1970-01-01 UTC that a text writes as `2024-02-29`, `2024/02/29` or `2024-02-29 12:30:00.5+01:00`;
 * without a zone the time is taken as UTC. `undefined` for a text that is no such date.
 */
export function parseDate(text: string): number | undefined {
  const found = isoDate.exec(text.trim());
  if (found === null) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = found;
  const offset = zone === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
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
  return text.length > 5 ? undefined : truthTexts[text.trim().toLowerCase()];
}

/** A cell as the text that a category knows it by. */
export function cellText(cell: Cell): string {
  if (cell instanceof Date) return dateText(cell.getTime() / 1000);
  return typeof cell === 'string' ? cell.trim() : String(cell);
}

/** Seconds since 1970 of a cell, `undefined` where it is no date. */
export function cellSeconds(cell: Cell): number | undefined {
  if (cell instanceof Date) return cell.getTime() / 1000;
  return typeof cell === 'string' ? parseDate(cell) : undefined;
}

/** The number in a cell, `undefined` where there is none. */
export function cellNumber(cell: Cell, format: NumberFormat): number | undefined {
  switch (typeof cell) {
    case 'number':
      return cell;
    case 'bigint':
      return Number(cell);
    case 'boolean':
      return cell ? 1 : 0;
    case 'string':
      return parseNumber(cell, format);
    default:
      return undefined;
  }
}
