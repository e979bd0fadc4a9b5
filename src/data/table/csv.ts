import { shown, UserError } from '../../errors.js';
import { rowsOfChunk } from './chunkSize.js';
import { splitRecords } from './csvRecords.js';
import { type Cell, checkNames, namesText, type Table, type TableChunk } from './table.js';
import { readText, refuseMarkup, type TextOptions } from './textStream.js';

/** How {@link csvTable} reads. */
export interface CsvOptions extends TextOptions {
  /** The character between cells: found out unless given. */
  readonly delimiter?: string;
}

/** After so many rows beyond the first ragged one, those found are told. */
const raggedSearchRows = 100_000;

const maxRaggedTold = 5;

/**
 * A table in a text file: cells between commas, semicolons, tabs or bars, gzipped or not. Which, is found out from its
 * first lines (`sep=;` in the first of all says so), and that they hold names too: in a file whose first row is all numbers the columns are named `column1`,
 * `column2`, …. Unquoted cells are trimmed, empty ones are `null`, all others text. Blank lines are skipped. An unnamed
 * first column, as pandas and R write it, is called `index`.
 * @throws {UserError} on opening, when the file cannot be read, is no text or no table, has no rows, or its names are
 *   empty or stand twice; on opening or reading, with lines, when rows are of different lengths or quotes are wrong.
 */
export async function csvTable(path: string, options: CsvOptions = {}): Promise<Table> {
  const delimiter = await delimiterOf(path, options);
  const opened = new Sheet(path, delimiter);
  for await (const _ of feed(opened, options)) {
    if (opened.hasRows && !opened.isRagged) break;
  }
  const names = opened.names;
  if (names === undefined) throw new UserError(`${path} has blank lines only; expected a table`);
  if (!opened.hasRows) {
    throw new UserError(
      `${path} has zero rows: nothing follows the names of its ${names.length} columns; expected at least one row`,
    );
  }
  return {
    source: path,
    names,
    ...(opened.unnamed !== undefined && { unnamed: opened.unnamed }),
    ...(opened.note !== undefined && { notes: [opened.note] }),
    async *chunks(): AsyncIterable<TableChunk> {
      const sheet = new Sheet(path, delimiter);
      for await (const _ of feed(sheet, options)) {
        if (sheet.names && String(sheet.names) !== String(names)) {
          throw new UserError(
            `${path} was changed while it was in use: its columns are others now; run again`,
          );
        }
        yield* sheet.take();
      }
    },
  };
}

/** Sends the whole file into the sheet; stops after every piece for its rows to be taken. */
async function* feed(sheet: Sheet, options: TextOptions): AsyncGenerator<void> {
  const text = readText(sheet.path, options);
  for await (const { records, lines } of splitRecords(text, sheet.path, sheet.delimiter)) {
    for (let i = 0; i < records.length; i++) sheet.add(records[i]!, lines[i]!);
    sheet.checkRagged(false);
    yield;
  }
  sheet.checkRagged(true);
  sheet.finish();
  yield;
}

/** Gathers the records of a file into columns and checks their lengths. */
class Sheet {
  names: readonly string[] | undefined;
  /** The first column, where it has no name in the file. */
  unnamed: string | undefined;
  /** What was assumed of the first row. */
  note: string | undefined;
  #columns: Cell[][] = [];
  #rows = 0;
  #rowsOfChunk = 1;
  #ready: TableChunk[] = [];
  #totalRows = 0;
  #ragged: { line: number; found: number }[] = [];
  #raggedSince = 0;
  /** A ragged row holds numbers alone, as one does whose decimal commas divide cells. */
  #commasInNumbers = false;

  constructor(
    readonly path: string,
    readonly delimiter: string,
  ) {}

  get hasRows(): boolean {
    return this.#totalRows > 0;
  }

  get isRagged(): boolean {
    return this.#ragged.length > 0;
  }

  add(record: readonly string[], line: number): void {
    if (line === 1 && separatorLine.test(record.join(this.delimiter))) return;
    if (this.names === undefined) {
      const numbers = record.filter((cell) => isNumber(cell, this.delimiter));
      const isHeader = numbers.length < record.length;
      this.names = isHeader
        ? namesOf(record, `line ${line} of ${this.path}`, numbers.length > 0)
        : record.map((_, i) => `column${i + 1}`);
      if (isHeader && this.names[0] !== record[0]) this.unnamed = this.names[0];
      this.note = headerNote(record, numbers, this.names);
      this.#columns = this.names.map(() => []);
      this.#rowsOfChunk = rowsOfChunk(this.names.length);
      if (isHeader) return;
    }
    this.#totalRows++;
    if (record.length !== this.names.length) this.#addRagged(line, record);
    else if (this.#ragged.length === 0) this.#addRow(record);
  }

  #addRow(record: readonly string[]): void {
    const columns = this.#columns;
    for (let i = 0; i < record.length; i++) {
      const cell = record[i]!;
      columns[i]!.push(cell === '' ? null : cell);
    }
    if (++this.#rows === this.#rowsOfChunk) this.finish();
  }

  #addRagged(line: number, record: readonly string[]): void {
    const found = record.length;
    if (this.#ragged.length === 0) this.#raggedSince = this.#totalRows;
    this.#ragged.push({ line, found });
    const divided = this.delimiter === ',' && found > this.names!.length;
    if (divided && record.every((cell) => isNumber(cell, ','))) this.#commasInNumbers = true;
    if (this.#ragged.length === maxRaggedTold) this.checkRagged(true);
  }

  /** Makes a chunk of what is there. */
  finish(): void {
    if (this.#rows === 0) return;
    this.#ready.push({ rows: this.#rows, columns: this.#columns });
    this.#columns = this.#columns.map(() => []);
    this.#rows = 0;
  }

  take(): readonly TableChunk[] {
    const chunks = this.#ready;
    this.#ready = [];
    return chunks;
  }

  /** Throws for the ragged rows, when all are found or enough searched. */
  checkRagged(all: boolean): void {
    const ragged = this.#ragged;
    if (ragged.length === 0 || (!all && this.#totalRows - this.#raggedSince < raggedSearchRows)) return;
    const expected = this.names!.length;
    const places = ragged.map(({ line, found }) => `line ${line} has ${found}`);
    const more = ragged.length === maxRaggedTold ? ' (perhaps more)' : '';
    throw new UserError(
      `${this.path}: the first row has ${expected} cell${expected === 1 ? '' : 's'} (between ${delimiterName(this.delimiter)}), but ${places.join(', ')}${more}; ` +
        'give every row the same number of cells, put cells that contain the delimiter into double quotes, and remove lines of text above the names; if cells are divided by another character, give --delimiter' +
        (this.#commasInNumbers ? commasAdvice : ''),
    );
  }
}

const commasAdvice =
  '; if the commas inside of numbers are decimal commas, write decimal points, or divide cells by semicolons';

function namesOf(record: readonly string[], locate: string, hasNumbers: boolean): readonly string[] {
  const names = record[0] === '' && !record.includes('index') ? ['index', ...record.slice(1)] : record;
  try {
    checkNames(names, locate);
  } catch (error) {
    if (!(error instanceof UserError && hasNumbers)) throw error;
    throw new UserError(`${error.message}; if this row is data, put a row of names above it`);
  }
  return names;
}

/** What should be said of a first row that may be names as well as data. */
function headerNote(
  record: readonly string[],
  numbers: readonly string[],
  names: readonly string[],
): string | undefined {
  if (numbers.length === record.length) {
    const called = names.length > 2 ? `${names[0]} to ${names.at(-1)}` : names.join(' and ');
    return `the first row holds numbers alone (${namesText(record)}) and is taken for data, the columns being called ${called}; if it holds names, write one of them with a letter`;
  }
  // Years, say, are names of columns, too; few of them are nothing to speak of.
  const isSuspect = numbers.length >= record.length / 2 || numbers.some((text) => /[.,]/.test(text));
  if (!isSuspect) return undefined;
  return `the first row (${namesText(record)}) is taken for names, though there are numbers among them; if it is data, put a row of names above it`;
}

/** Whether a text is a number as people write it, with a decimal comma where commas do not divide cells. */
function isNumber(cell: string, delimiter: string): boolean {
  const text = delimiter === ',' ? cell : cell.replace(',', '.');
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim());
}

/** In the order of preference: `1,5;2,5` are two numbers with decimal commas. */
const delimiters = ['\t', ';', '|', ','];

function delimiterName(delimiter: string): string {
  const names: Readonly<Record<string, string>> = {
    ',': 'commas',
    ';': 'semicolons',
    '\t': 'tabs',
    '|': 'bars',
  };
  return names[delimiter] ?? shown(delimiter);
}

/** What Excel writes, and reads, as a first line: `sep=;`. */
const separatorLine = /^sep=([^"\r\n]?)$/i;

const sniffedCharacters = 64 * 1024;

const sniffedLines = 50;

async function delimiterOf(path: string, options: CsvOptions): Promise<string> {
  if (options.delimiter !== undefined) checkDelimiter(options.delimiter);
  let head = '';
  for await (const text of readText(path, options)) {
    head += text;
    if (head.length >= sniffedCharacters) break;
  }
  refuseMarkup(head, path);
  if (options.delimiter !== undefined) return options.delimiter;
  const said = separatorLine.exec(head.slice(0, head.search(/[\r\n]|$/)))?.[1];
  if (said) return said;
  return /\.tsv(\.gz)?$/i.test(path) ? '\t' : sniff(head);
}

function checkDelimiter(delimiter: string): void {
  if (/^[^"\r\n]$/u.test(delimiter)) return;
  throw new UserError(
    `the delimiter ${shown(delimiter)} was given; expected one character that is no double quote and no line end, such as , or ; or a tab`,
  );
}

/**
 * The delimiter that stands in the first line, and as often in most others. Where several do, the preferred; where
 * none does, there is one column, and a comma serves as well as any.
 */
function sniff(head: string): string {
  const lines = countPerLine(head);
  let best = ',';
  let bestShare = 0;
  delimiters.forEach((delimiter, i) => {
    const first = lines[0]?.[i] ?? 0;
    if (first === 0) return;
    const share = lines.filter((counts) => counts[i] === first).length / lines.length;
    if (share > bestShare) {
      best = delimiter;
      bestShare = share;
    }
  });
  return best;
}

/** How often each delimiter stands outside of quotes, in each of the first lines that are not blank. */
function countPerLine(head: string): number[][] {
  const lines: number[][] = [];
  let counts = delimiters.map(() => 0);
  let quoted = false;
  let blank = true;
  const end = Math.min(head.length, sniffedCharacters);
  for (let at = 0; at <= end && lines.length < sniffedLines; at++) {
    const character = at < end ? head[at]! : '\n';
    if (character === '"') quoted = !quoted;
    if (!quoted && (character === '\n' || character === '\r')) {
      // The last line is cut short where the text goes on.
      const cut = at === end && end < head.length && lines.length > 0;
      if (!blank && !cut) lines.push(counts);
      counts = delimiters.map(() => 0);
      blank = true;
      continue;
    }
    if (character.trim() !== '') blank = false;
    const which = quoted ? -1 : delimiters.indexOf(character);
    if (which >= 0) counts[which]!++;
  }
  return lines;
}
