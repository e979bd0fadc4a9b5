import { shown, UserError } from '../../errors.js';
import { rowsOfChunk } from './chunkSize.js';
import { flatten, parseLine } from './jsonRow.js';
import { repeatedKey } from './repeatedKey.js';
import { type Cell, checkNames, type Table, type TableChunk } from './table.js';
import { readText, refuseMarkup, type TextOptions } from './textStream.js';

/** How {@link jsonLinesTable} reads. */
export type JsonLinesOptions = TextOptions;

/** In so many rows every key has to turn up, and none twice. */
const namingRows = 1000;

const maxLineLength = 16 * 2 ** 20;

/**
 * A table in a file of one JSON object a line (JSON Lines, `.jsonl` or `.ndjson`), gzipped or not. Its columns are the
 * keys of the first 1,000 rows, in the order in which they turn up; a key that a row lacks is `null` there. Objects
 * inside become columns with dots: `{"home": {"city": "Graz"}}` is the column `home.city`. Integers beyond 2^53 become
 * `bigint`, with all digits. Blank lines are skipped.
 * @throws {UserError} on opening, when the file cannot be read, is no text or has no rows; on opening or reading, with
 *   line and key, for what is not JSON, no object, an array, nested deeper than 8 or infinite, for a key that stands twice
 *   in one of the first 1,000 rows, and for a new key after them.
 */
export async function jsonLinesTable(path: string, options: JsonLinesOptions = {}): Promise<Table> {
  const { names, containers } = await readNames(path, options);
  return {
    source: path,
    names,
    async *chunks(): AsyncIterable<TableChunk> {
      const places = new Map(names.map((name, i) => [name, i]));
      const chunkRows = rowsOfChunk(names.length);
      let columns: Cell[][] = [];
      let rows = 0;
      for await (const { row, locate } of rowsOf(path, options)) {
        if (rows === 0) columns = names.map(() => new Array<Cell>(chunkRows).fill(null));
        for (const [name, cell] of row) {
          const place = places.get(name);
          if (place !== undefined) columns[place]![rows] = cell;
          // A null where other rows have an object says nothing, and neither does a new key that is null.
          else if (cell !== null && !containers.has(name)) throw lateKey(name, locate);
          else if (cell !== null) throw mixedKey(name, locate);
        }
        if (++rows < chunkRows) continue;
        yield { rows, columns };
        rows = 0;
      }
      if (rows > 0) yield { rows, columns: columns.map((column) => column.slice(0, rows)) };
    },
  };
}

/** The names of the columns, and the keys under which there are objects. */
async function readNames(
  path: string,
  options: TextOptions,
): Promise<{ names: readonly string[]; containers: ReadonlySet<string> }> {
  const seen = new Map<string, boolean>();
  const containers = new Set<string>();
  let rows = 0;
  for await (const { row } of rowsOf(path, options)) {
    for (const [name, cell] of row) {
      if (cell !== null || !seen.has(name)) seen.set(name, cell !== null);
      for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
        containers.add(name.slice(0, dot));
      }
    }
    if (++rows === namingRows) break;
  }
  if (rows === 0) throw new UserError(`${path} has zero rows; expected one JSON object a line`);
  const names = [...seen]
    .filter(([name, hasValue]) => hasValue || !containers.has(name))
    .map(([name]) => name);
  if (names.length === 0)
    throw new UserError(`${path}: its objects have no keys; expected { "name": value, … }`);
  checkNames(names, path);
  return { names, containers };
}

function lateKey(name: string, locate: string): UserError {
  return new UserError(
    `${locate}: the key ${shown(name)} is new: no row of the first ${namingRows.toLocaleString('en-US')} has it; give it there, as null where it is missing, or leave it out`,
  );
}

function repeated(key: string, locate: string): UserError {
  return new UserError(
    `${locate}: the key ${shown(key)} stands twice, and all but one of its values would be lost; rename or remove one`,
  );
}

function mixedKey(name: string, locate: string): UserError {
  return new UserError(
    `${locate}: the key ${shown(name)} holds a value here, but an object in other rows; give it one kind of value`,
  );
}

async function* rowsOf(
  path: string,
  options: TextOptions,
): AsyncGenerator<{ row: ReadonlyMap<string, Cell>; locate: string }> {
  let rows = 0;
  for await (const { text, line } of linesOf(path, options)) {
    if (rows === 0) refuseOthers(text, path);
    const locate = `${path}, line ${line}`;
    const row = flatten(parseLine(text, locate), locate);
    // It takes as long as the parsing; files that write keys twice do so from the beginning.
    const twice = rows++ < namingRows ? repeatedKey(text) : undefined;
    if (twice !== undefined) throw repeated(twice, locate);
    yield { row, locate };
  }
}

/** What is often mistaken for JSON Lines. */
function refuseOthers(text: string, path: string): void {
  refuseMarkup(text, path);
  if (text.startsWith('[')) {
    throw new UserError(
      `${path} begins with [, like a JSON array; expected one object a line. Convert it: jq -c '.[]' ${path} > rows.jsonl`,
    );
  }
  if (text === '{') {
    throw new UserError(
      `${path} begins with an object over several lines; expected one object a line. Convert it: jq -c . ${path} > rows.jsonl`,
    );
  }
}

/** The lines that are not blank, trimmed, and their numbers from 1. */
async function* linesOf(path: string, options: TextOptions): AsyncGenerator<{ text: string; line: number }> {
  let rest = '';
  let line = 1;
  for await (const piece of readText(path, options)) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop()!;
    for (const text of lines) {
      const trimmed = text.trim();
      if (trimmed !== '') yield { text: trimmed, line };
      line++;
    }
    if (rest.length > maxLineLength) {
      const isArray = line === 1 && rest.trimStart().startsWith('[');
      if (isArray) refuseOthers(rest.trimStart(), path);
      throw new UserError(`${path}, line ${line} is larger than 16 MiB; expected one JSON object a line`);
    }
  }
  if (rest.trim() !== '') yield { text: rest.trim(), line };
}
