import { shown, UserError } from '../../errors.js';

/**
 * One value of a table as its file holds it. `null` is missing. Text files give text and `null` (for an empty cell)
 * alone; what a text means is decided by the type of its column. `NaN` among numbers is missing too.
 */
export type Cell = string | number | bigint | boolean | Date | null;

/** The mark before decimals; the other one may stand between groups of three digits. */
export type DecimalMark = '.' | ',';

/** Some rows of a table, column by column. Typed arrays are columns of numbers without `null`. */
export interface TableChunk {
  readonly rows: number;
  /** One for each name of the table, in that order, each of `rows` cells. */
  readonly columns: readonly ArrayLike<Cell>[];
}

/**
 * A table that can be read from its beginning as often as needed, a few thousand rows at a time, so that it may be
 * larger than memory.
 */
export interface Table {
  /** Where it came from, for messages: a path, `standard input`, or `the data`. */
  readonly source: string;
  /** The names of its columns: unique, none empty. */
  readonly names: readonly string[];
  /** How many rows there are, where that is known without reading them. */
  readonly rowCount?: number;
  /** The mark before decimals in texts that are numbers, where it was said; else the texts show it. */
  readonly decimal?: DecimalMark;
  /** The first column, where it came without a name, as programs write one that numbers the rows. */
  readonly unnamed?: string;
  /** What its reader assumed and deserves to be said, in sentences. */
  readonly notes?: readonly string[];
  /** Reads all rows in order. Chunks hold at least one row. */
  chunks(): AsyncIterable<TableChunk>;
}

/** Rows of a chunk that readers aim at: columns stay in the processor's cache, and no chunk is large in memory. */
export const chunkRows = 4096;

/**
 * Checks the names of columns.
 * @param locate What the names are, for the message: `line 1 of people.csv`.
 * @throws {UserError} when a name is empty or stands twice.
 */
export function checkNames(names: readonly string[], locate: string): void {
  const empty = names.findIndex((name) => name.trim() === '');
  if (empty >= 0) {
    throw new UserError(
      `${locate}: column ${empty + 1} of ${names.length} has no name; give every column one`,
    );
  }
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) {
    const places = names.flatMap((name, i) => (name === twice ? [i + 1] : []));
    throw new UserError(
      `${locate}: the name ${shown(twice)} stands more than once (columns ${places.join(', ')}); rename all but one`,
    );
  }
}

/** A hint where the names of a table look like a line that was not divided: its only column is called `a,b`. */
export function delimiterHint(names: readonly string[]): string {
  const mark = names.length === 1 ? /[,;|\t]/.exec(names[0]!)?.[0] : undefined;
  if (mark === undefined) return '';
  const shown = mark === '\t' ? 'tab' : mark;
  return `; its only column is called ${nameText(names[0]!)}: if ${mark === '\t' ? 'tabs' : `the ${mark}`} should divide it, give --delimiter ${shown === ',' || shown === 'tab' ? shown : `'${shown}'`} (delimiter: ${JSON.stringify(mark)} in readTable)`;
}

/** A column's name for a list of names: in quotes, as in CSV, where a comma, a quote or a space would be misread. */
export function nameText(name: string): string {
  // Nobody gives such a name again: text without line ends was taken for a row of names.
  if (name.length > 200) return nameText(`${name.slice(0, 80)}…`);
  return /[",\r\n]|^\s|\s$/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

/** The names of a table's columns for a message, so that they can be given again; of many the first twenty. */
export function namesText(names: readonly string[]): string {
  return names.slice(0, 20).map(nameText).join(', ') + (names.length > 20 ? ', …' : '');
}
