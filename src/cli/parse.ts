import { InvalidArgumentError } from 'commander';

/** The readers of option values. Each throws Commander's own error, which names the option and what was given. */

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The number that a text is; NaN where it is none. */
export function numberOf(text: string): number {
  return decimal.test(text.trim()) ? Number(text) : Number.NaN;
}

/** A whole number from `least` up. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = numberOf(text);
    if (Number.isSafeInteger(value) && value >= least) return value;
    const limit = least === Number.MIN_SAFE_INTEGER ? '' : ` from ${least} up`;
    throw new InvalidArgumentError(`Expected a whole number${limit}.`);
  };
}

/** Training computes in float32: numbers of a size beyond this, and below its inverse, soon leave its range. */
export const largest = 1e18;

/** A number above 0 that float32 has room for. */
export function positiveNumber(text: string): number {
  const value = numberOf(text);
  if (value >= 1 / largest && value <= largest) return value;
  throw new InvalidArgumentError('Expected a number above 0, such as 0.001 or 1e-3, from 1e-18 to 1e18.');
}

/** A number from 0 up that float32 has room for. */
export function nonNegativeNumber(text: string): number {
  const value = numberOf(text);
  if (value >= 0 && value <= largest) return value;
  throw new InvalidArgumentError('Expected a number from 0 up to 1e18.');
}

/** A share between 0 and 1, neither included. */
export function share(text: string): number {
  const value = numberOf(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError('Expected a number between 0 and 1, such as 0.1 for a tenth.');
}

/** The units of hidden layers: `256,128`, or `none`. */
export function layerSizes(text: string): number[] {
  if (text.trim().toLowerCase() === 'none') return [];
  return text.split(',').map((part) => {
    const value = numberOf(part);
    if (Number.isSafeInteger(value) && value > 0) return value;
    throw new InvalidArgumentError(
      "Expected whole numbers from 1 up with commas between them, such as 256,128, or 'none'.",
    );
  });
}

/** A variance: a number above 0, or `learned`. */
export function variance(text: string): number | 'learned' {
  if (text === 'learned') return text;
  const value = numberOf(text);
  if (value >= 1 / largest && value <= largest) return value;
  throw new InvalidArgumentError("Expected a number above 0, or 'learned'; from 1e-18 to 1e18.");
}

/** One of some names. */
export function oneOf(names: readonly string[]): (text: string) => string {
  return (text) => {
    if (names.includes(text)) return text;
    throw new InvalidArgumentError(`Expected one of: ${names.join(', ')}.`);
  };
}

/** Any number. */
export function number(text: string): number {
  const value = numberOf(text);
  if (Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Expected a number.');
}

/** The share of rows to call odd: a number from 0 to 0.5, or `auto`. */
export function contamination(text: string): number | 'auto' {
  if (text === 'auto') return text;
  const value = numberOf(text);
  if (value >= 0 && value <= 0.5) return value;
  throw new InvalidArgumentError(
    "Expected a number from 0 to 0.5, such as 0.05 for one row in twenty, or 'auto'.",
  );
}

/** Names with commas between them; one that has a comma itself stands in quotes, as in CSV: `"a,b",c`. */
export function names(text: string): string[] {
  const found: string[] = [];
  const next = /\s*(?:"((?:[^"]|"")*)"|((?!")[^,]*?))\s*(?:,|$)/y;
  while (next.lastIndex < text.length) {
    const part = next.exec(text);
    if (part === null) {
      throw new InvalidArgumentError(
        `Expected a comma, or the end, behind a name in quotes, and quotes inside doubled, as in '"a,b","say ""x""",c'.`,
      );
    }
    const name = part[1]?.replaceAll('""', '"') ?? part[2]!;
    if (name !== '') found.push(name);
  }
  if (found.length > 0) return found;
  throw new InvalidArgumentError(
    `Expected names of columns with commas between them, such as age,income; one with a comma in quotes, as in '"a,b",c'.`,
  );
}

/** Height and width in pixels: `48x64`. */
export function imageSize(text: string): [height: number, width: number] {
  const found = /^(\d+)\s*[x×]\s*(\d+)$/.exec(text.trim());
  const [height, width] = [Number(found?.[1]), Number(found?.[2])];
  if (height > 0 && width > 0) return [height, width];
  throw new InvalidArgumentError(
    'Expected height and width in pixels with an x between them, such as 64x64.',
  );
}

/** The character between cells; `tab` names the tabulator. */
export function delimiter(text: string): string {
  if (text === 'tab' || text === '\\t') return '\t';
  if (text.length === 1 && !/["\r\n]/.test(text)) return text;
  throw new InvalidArgumentError("Expected one character, such as ';', or 'tab'.");
}
