import { randomUUID } from 'node:crypto';
import { shown, UserError } from '../../errors.js';
import type { Cell } from './table.js';

const maxDepth = 8;

/** Text in a parsed line that begins with this is an integer of that many digits. No file can know it. */
const integerMark = `${randomUUID()}:`;

/** Not in fractions, where 16 digits are common: a second parse for each would halve the speed. */
const hasWideInteger = /(?<![\d.])\d{16,}(?![\d.eE])/;

/**
 * The JSON of one line, its integers beyond 2^53 marked for {@link flatten}.
 * @param locate the file and line, for messages
 * @throws {UserError} when it is not valid JSON.
 */
export function parseLine(text: string, locate: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return hasWideInteger.test(text) ? JSON.parse(markIntegers(text)) : value;
  } catch (error) {
    throw new UserError(
      `${locate} is not valid JSON (${(error as Error).message}); expected one object, such as {"age": 31, "city": "Graz"}`,
    );
  }
}

/** JSON.parse rounds integers beyond 2^53; as text they keep their digits. */
function markIntegers(text: string): string {
  // A pattern for whole strings would run out of stack on long ones.
  let inString = false;
  return text.replace(/\\.|"|-?\d[\d.eE+-]*/g, (token) => {
    if (token === '"') inString = !inString;
    if (inString) return token;
    // No finite double has more digits than 309, and reading ever more would take ever longer.
    const isWide = /^-?\d{16,309}$/.test(token) && !Number.isSafeInteger(Number(token));
    return isWide ? `"${integerMark}${token}"` : token;
  });
}

/**
 * The values of an object, with those of the objects inside under names with dots.
 * @param locate the file and line, for messages
 * @throws {UserError} with the key: when `value` is no object, and for arrays, infinite numbers, objects nested deeper
 *   than 8, and keys with dots that come out the same as another.
 */
export function flatten(value: unknown, locate: string): ReadonlyMap<string, Cell> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const kind = Array.isArray(value) ? 'an array' : value === null ? 'null' : `a ${typeof value}`;
    throw new UserError(`${locate} is ${kind}; expected an object, such as {"age": 31, "city": "Graz"}`);
  }
  const row = new Map<string, Cell>();
  addTo(row, value, '', 1, locate);
  return row;
}

function addTo(row: Map<string, Cell>, value: object, prefix: string, depth: number, locate: string): void {
  for (const [key, inner] of Object.entries(value) as [string, unknown][]) {
    const name = prefix + key;
    if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) {
      if (depth === maxDepth) {
        throw new UserError(
          `${locate}: the key ${shown(name)} is nested deeper than ${maxDepth} objects; flatten it`,
        );
      }
      addTo(row, inner, `${name}.`, depth + 1, locate);
      continue;
    }
    if (row.has(name)) {
      throw new UserError(
        `${locate}: two keys come out as ${shown(name)}, one with a dot, one nested; rename one`,
      );
    }
    row.set(name, cellOf(inner, name, locate));
  }
}

function cellOf(value: unknown, name: string, locate: string): Cell {
  if (typeof value === 'string') {
    return value.startsWith(integerMark) ? BigInt(value.slice(integerMark.length)) : value;
  }
  if (value === null || typeof value === 'boolean' || Number.isFinite(value)) return value as Cell;
  const what = Array.isArray(value) ? 'an array' : 'a number beyond the range of doubles';
  const advice = Array.isArray(value)
    ? 'give its elements keys of their own'
    : 'expected at most about 1.8e308';
  throw new UserError(`${locate}: the key ${shown(name)} holds ${what}; ${advice}`);
}
