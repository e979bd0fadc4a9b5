import {
  type Cell,
  type DecimalMark,
  delimiterHint,
  type Table,
  type TableChunk,
} from '../data/table/table.js';
import { shown, UserError } from '../errors.js';
import {
  type Column,
  cycles,
  otherClass,
  slotCount,
  slotStarts,
  type TableSchema,
  unseenClass,
} from './columns.js';
import { FileMarks } from './fileMarks.js';
import { compress, scaled } from './scale.js';
import { cellNumber, cellSeconds, cellText, isMissing, parseBoolean, parseInteger } from './values.js';

/** Writes what a cell says into a row, from `at` on; `false` when the cell is present but says nothing. */
type CellEncoder = (cell: Cell, row: Float32Array, at: number) => boolean;

/** Turns cells into rows of numbers for a model: one number a column, NaN where a value is missing. */
export class TableEncoder {
  /** Numbers in an encoded row. */
  readonly width: number;
  private readonly starts: readonly number[];
  private readonly encoders: readonly CellEncoder[];
  private readonly tallies: readonly Tally[];
  /** How the numbers of the table are written that is being encoded. */
  private marks: FileMarks | undefined;
  /** Its decimal mark, where that was said. */
  private decimal: DecimalMark | undefined;
  /** Rows of the table that came before. */
  private before = 0;

  constructor(readonly schema: TableSchema) {
    this.tallies = schema.columns.map(() => new Tally());
    this.starts = slotStarts(schema.columns);
    this.width = schema.columns.reduce((sum, column) => sum + slotCount(column), 0);
    const decimalOf = (k: number) => this.marks!.decimals[k]!;
    this.encoders = schema.columns.map((column, k) => cellEncoder(column, () => decimalOf(k)));
  }

  /**
   * Finds the columns in a table by their names; their order is of no matter, and others are ignored.
   * @throws {UserError} when one is missing; the message names what could be meant.
   */
  locate(table: Pick<Table, 'names' | 'source' | 'decimal'>): number[] {
    this.marks = undefined;
    this.decimal = table.decimal;
    this.before = 0;
    const places = this.schema.columns.map(({ name }) => table.names.indexOf(name));
    const lost = this.schema.columns.filter((_, i) => places[i]! < 0).map(({ name }) => name);
    if (lost.length === 0) return places;
    const known = new Set(this.schema.order);
    const others = table.names.filter((name) => !known.has(name));
    const similar = lost.flatMap((name) => {
      const same = table.names.find((other) => fold(other) === fold(name));
      return same === undefined ? [] : [`${shown(same)} for ${shown(name)}`];
    });
    const hint =
      similar.length > 0
        ? `; is it ${similar.join(', ')}? Names must be written as in training`
        : others.length > 0
          ? `; columns that training did not have: ${list(others)}. If one of them was renamed, name it as in training${delimiterHint(table.names)}`
          : `; add ${lost.length === 1 ? 'it' : 'them'}, with empty cells where nothing is known${delimiterHint(table.names)}`;
    throw new UserError(
      `${table.source}: the model was trained with ${lost.length === 1 ? 'a column' : 'columns'} ${list(lost)}, missing here${hint}`,
    );
  }

  /**
   * Encodes all rows of a chunk into a new array, [rows × width].
   * @param places Where the columns are, from `locate`.
   * @throws {UserError} when a column holds nothing of its type, or a number that can be read in two ways.
   */
  encode(chunk: TableChunk, places: readonly number[], source: string): Float32Array {
    const out = new Float32Array(chunk.rows * this.width);
    const marks = (this.marks ??= new FileMarks(this.schema.columns, chunk, places, this.decimal));
    this.schema.columns.forEach((column, k) => {
      const cells = chunk.columns[places[k]!]!;
      const encode = this.encoders[k]!;
      const start = this.starts[k]!;
      const unseen = column.type === 'category' ? unseenClass(column) : undefined;
      const tally = new Tally();
      for (let i = 0; i < chunk.rows; i++) {
        const cell = cells[i]!;
        const at = i * this.width + start;
        if (isMissing(cell)) {
          out.fill(Number.NaN, at, at + slotCount(column));
          continue;
        }
        tally.present++;
        const isUnderstood = encode(cell, out, at);
        if (column.type === 'number' && typeof cell === 'string') {
          marks.take(k, cell, isUnderstood, this.before + i, source);
        }
        if (isUnderstood) {
          if (unseen !== undefined && out[at] === unseen) tally.addUnseen(cell);
          continue;
        }
        tally.addForeign(cell);
        out.fill(Number.NaN, at, at + slotCount(column));
      }
      tally.rows = chunk.rows;
      this.tallies[k]!.take(tally);
      const { present, foreign, examples } = tally;
      // Single damaged cells count as missing; a column that holds something else was mixed up.
      if (foreign > present / 2 && present >= Math.min(chunk.rows, 2)) {
        throw new UserError(
          `${source}: column ${shown(column.name)} held ${plural[column.type]} in training, but ${foreign} of ${present} values here are none, such as ${examples[0]}; give the same columns as in training`,
        );
      }
    });
    this.before += chunk.rows;
    return out;
  }

  /**
   * What was unlike training in all that has been encoded, in sentences: values of another type, values that are missing
   * where training had them all, classes that were never seen. Such a row has less to be judged by.
   */
  notes(): string[] {
    const columnNotes = this.schema.columns.flatMap((column, k) => {
      const { rows, present, foreign, unseen, examples } = this.tallies[k]!;
      const name = shown(column.name);
      const such = examples.join(', ');
      const missing = rows - present;
      return [
        ...(foreign > 0
          ? [
              `column ${name}: ${foreign} of ${present} values are no ${plural[column.type]} (${such}) and count as missing`,
            ]
          : []),
        ...(missing > 0 && (missing === rows || !column.missing)
          ? [
              `column ${name}: ${missing === rows ? 'all' : `${missing} of ${rows}`} values are missing${column.missing ? '' : ', and training had none missing'}; it says nothing of those rows`,
            ]
          : []),
        ...(unseen > present * notableShare
          ? [`column ${name}: ${unseen} of ${present} values were never seen in training (${such})`]
          : []),
      ];
    });
    return [...columnNotes, ...(this.marks?.notes() ?? [])];
  }
}

/** Some new classes are nothing to speak of. */
const notableShare = 0.05;

/** How the cells of a column have been. */
class Tally {
  rows = 0;
  present = 0;
  /** Values that are nothing the column can hold, and classes that training did not have. */
  foreign = 0;
  unseen = 0;
  /** The first few of either. */
  readonly examples: string[] = [];

  addForeign(cell: Cell): void {
    this.foreign++;
    this.show(cell);
  }

  addUnseen(cell: Cell): void {
    this.unseen++;
    this.show(cell);
  }

  take({ rows, present, foreign, unseen, examples }: Tally): void {
    this.rows += rows;
    this.present += present;
    this.foreign += foreign;
    this.unseen += unseen;
    for (const example of examples) this.show(example, true);
  }

  private show(cell: Cell, quoted = false): void {
    if (this.examples.length >= 3) return;
    const text = quoted ? String(cell) : JSON.stringify(cellText(cell).slice(0, 40));
    if (!this.examples.includes(text)) this.examples.push(text);
  }
}

const plural = { number: 'numbers', date: 'dates', boolean: 'booleans', category: 'categories' } as const;

function list(names: readonly string[]): string {
  const first = names.slice(0, 5).map((name) => shown(name));
  return `${first.join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]+/g, '');
}

/** @param decimal gives the mark before decimals in the table that is being encoded */
function cellEncoder(column: Column, decimal: () => DecimalMark): CellEncoder {
  switch (column.type) {
    case 'number':
      return numberEncoder(column, decimal);
    case 'date':
      return dateEncoder(column);
    case 'boolean':
      return booleanEncoder(column);
    case 'category':
      return categoryEncoder(column);
  }
}

function numberEncoder(
  { scaling, raw }: Column & { type: 'number' },
  decimal: () => DecimalMark,
): CellEncoder {
  return (cell, row, at) => {
    // Texts of long integers keep their digits.
    const exact = raw === 'int64' && typeof cell === 'string' ? parseInteger(cell, decimal()) : undefined;
    const value = exact ?? (typeof cell === 'bigint' ? cell : cellNumber(cell, decimal()));
    if (value === undefined) return false;
    row[at] = compress(Math.fround(scaled(value, scaling)));
    return true;
  };
}

function dateEncoder({ center, scale, cycles: names }: Column & { type: 'date' }): CellEncoder {
  return (cell, row, at) => {
    const seconds = cellSeconds(cell);
    if (seconds === undefined) return false;
    row[at] = compress(Math.fround((seconds - center) / scale));
    names.forEach((name, i) => {
      const turns = seconds / cycles[name];
      const angle = 2 * Math.PI * (turns - Math.floor(turns));
      row[at + 1 + 2 * i] = Math.sin(angle);
      row[at + 2 + 2 * i] = Math.cos(angle);
    });
    return true;
  };
}

function booleanEncoder({ labels, raw }: Column & { type: 'boolean' }): CellEncoder {
  return (cell, row, at) => {
    const value = raw === 'float64' ? cellNumber(cell) : truth(cell, labels);
    if (value !== 0 && value !== 1) return false;
    row[at] = value;
    return true;
  };
}

function truth(cell: Cell, labels: readonly [string, string]): number | undefined {
  const text = cellText(cell);
  const place = labels.indexOf(text);
  if (place >= 0) return place;
  const parsed = parseBoolean(text);
  return parsed === undefined ? undefined : Number(parsed);
}

function categoryEncoder(column: Column & { type: 'category' }): CellEncoder {
  const { classes, rare } = column;
  const codes = new Map(classes.map((name, i) => [name, i]));
  for (const name of rare) codes.set(name, classes.length);
  const other = otherClass(column);
  return (cell, row, at) => {
    row[at] = codes.get(cellText(cell)) ?? other;
    return true;
  };
}
