import { type OutputColumn, writeTable } from '../artifact/tableFile.js';
import type { Cell, DecimalMark, Table } from '../data/table/table.js';
import { reconstructChunks } from '../estimator/tableModel.js';
import type { Dataset, Matrix, Model } from '../index.js';
import type { Column } from '../table/columns.js';
import { TableDecoder } from '../table/decode.js';
import { TableEncoder } from '../table/encode.js';
import { freeNames } from '../table/names.js';
import type { Output } from './output.js';
import { shortest } from './outputFile.js';
import { tableFor } from './tableRun.js';
import { checkColumns } from './tableText.js';

/** How a column is written. */
function outputColumn(column: Column): OutputColumn {
  const { name } = column;
  if (column.type === 'number') {
    const whole = column.whole && column.raw === 'int64';
    return { name, type: whole ? 'integer' : 'number' };
  }
  if (column.type === 'boolean' && column.raw === 'float64') return { name, type: 'number' };
  return { name, type: 'text' };
}

/** A column of numbers that stands before those of a table. */
export interface NumberColumn {
  readonly name: string;
  readonly values: readonly number[];
}

/** Writes rows that a table model has decoded; the ending of the name decides the format. */
export async function writeDecoded(
  path: string,
  model: Model,
  rows: Matrix,
  before: readonly NumberColumn[] = [],
): Promise<void> {
  const { columns } = model.table!;
  const count = rows.shape[0]!;
  const cells = new TableDecoder(model.table!).columns(rows.data, rows.data.length / count);
  const written = [
    ...before.map(({ name }): OutputColumn => ({ name, type: 'number' })),
    ...columns.map(outputColumn),
  ];
  await writeTable(path, written, (append) =>
    append([...before.map(({ values }) => values), ...cells], count),
  );
}

/**
 * Writes a table as a model reconstructs it: columns that it has learned from in their own units, all others as they
 * are, all in the order of the table.
 * @returns the number of rows
 */
export async function writeReconstructed(
  path: string,
  model: Model,
  spec: string,
  decimal: DecimalMark | undefined,
  output: Output,
): Promise<number> {
  const table = await tableFor(model, spec, decimal);
  const { columns } = model.table!;
  const place = new Map(columns.map((column, i) => [column.name, i]));
  const written = table.names.map((name): OutputColumn => {
    const learned = place.get(name);
    return learned === undefined ? { name, type: 'text' } : outputColumn(columns[learned]!);
  });
  return writeTable(path, written, async (append) => {
    let count = 0;
    for await (const { columns: cells, given } of reconstructChunks(model, table, (notes) =>
      output.warnAll(notes),
    )) {
      const all = table.names.map((name, i) => {
        const learned = place.get(name);
        return learned === undefined ? Array.from(given.columns[i]!, textCell) : cells[learned]!;
      });
      await append(all, given.rows);
      count += given.rows;
    }
    return count;
  });
}

function textCell(cell: Cell): Cell {
  if (cell === null) return null;
  return cell instanceof Date ? cell.toISOString() : String(cell);
}

/** How the codes of a table are written. */
interface CodesOptions {
  /** Names of columns that are written as they are, before the codes; those that name and label rows by default. */
  readonly carry?: readonly string[] | undefined;
  /** What stands before the decimals of its numbers, where it was said. */
  readonly decimal?: DecimalMark | undefined;
}

/**
 * Writes the codes of a table's rows as a table, with columns of the table beside them.
 * @returns the number of rows
 */
export async function writeCodes(
  path: string,
  model: Model,
  spec: string,
  { carry: asked, decimal }: CodesOptions,
  output: Output,
): Promise<number> {
  const table = await tableFor(model, spec, decimal);
  const carried = carriedColumns(table, model, asked);
  const encoder = new TableEncoder(model.table!);
  const places = encoder.locate(table);
  const kept = carried.map((name) => table.names.indexOf(name));
  const written = [
    ...carried.map((name): OutputColumn => ({ name, type: 'text' })),
    ...besides(codeColumns(model.latent), carried),
  ];
  return writeTable(path, written, async (append) => {
    let count = 0;
    for await (const chunk of table.chunks()) {
      const data = encoder.encode(chunk, places, table.source);
      const codes = await model.encode({ data, shape: [chunk.rows, encoder.width] });
      const cells = kept.map((place) => Array.from(chunk.columns[place]!, textCell));
      await append([...cells, ...columnsOf(codes)], chunk.rows);
      count += chunk.rows;
    }
    output.warnAll(encoder.notes());
    return count;
  });
}

/**
 * Writes the codes of arrays as a table, with the names and the labels of the samples where the data have them.
 * @throws {UserError} when the file cannot be written
 */
export async function writeArrayCodes(
  path: string,
  codes: Matrix,
  { labels, names }: Pick<Dataset, 'labels' | 'names'>,
): Promise<void> {
  const [samples, latent] = codes.shape as [number, number];
  const written: OutputColumn[] = [
    ...(names ? [{ name: 'file', type: 'text' as const }] : []),
    ...(labels ? [{ name: 'label', type: 'integer' as const }] : []),
    ...codeColumns(latent),
  ];
  const cells = [...(names ? [names] : []), ...(labels ? [labels] : []), ...columnsOf(codes)];
  await writeTable(path, written, (append) => append(cells, samples));
}

/** Columns that are written beside carried ones, which keep their names: see `freeNames`. */
export function besides(own: readonly OutputColumn[], carried: readonly string[]): OutputColumn[] {
  const names = freeNames(
    own.map(({ name }) => name),
    carried,
  );
  return own.map((column, i) => ({ ...column, name: names[i]! }));
}

function codeColumns(latent: number): OutputColumn[] {
  return Array.from({ length: latent }, (_, i) => ({ name: `z${i}`, type: 'number' }));
}

/** The columns of a matrix, as numbers to be written. */
function columnsOf({ data, shape }: Matrix): number[][] {
  const [rows, width] = shape as [number, number];
  return Array.from({ length: width }, (_, i) =>
    Array.from({ length: rows }, (_unused, row) => shortest(data[row * width + i]!)),
  );
}

function carriedColumns(table: Table, model: Model, asked: readonly string[] | undefined): string[] {
  if (asked === undefined) {
    const { id, label } = model.table!;
    const usual = [id, label].filter((name) => name !== undefined && table.names.includes(name));
    return [...new Set(usual)] as string[];
  }
  checkColumns(table, '--carry', asked);
  return [...new Set(asked)];
}
