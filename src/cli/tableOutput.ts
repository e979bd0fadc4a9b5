import { extname } from 'node:path';
import { type OutputColumn, tableWriter } from '../artifact/tableFile.js';
import type { Cell, Table } from '../data/table/table.js';
import { UserError } from '../errors.js';
import { reconstructChunks } from '../estimator/tableModel.js';
import type { Matrix, Model } from '../index.js';
import type { Column } from '../table/columns.js';
import { TableDecoder } from '../table/decode.js';
import { TableEncoder } from '../table/encode.js';
import { tableFor } from './tableRun.js';

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

/** Writes rows that a table model has decoded; the ending of the name decides the format. */
export async function writeDecoded(path: string, model: Model, rows: Matrix): Promise<void> {
  const { columns } = model.table!;
  const writer = await tableWriter(path, columns.map(outputColumn));
  const count = rows.shape[0]!;
  try {
    const cells = new TableDecoder(model.table!).columns(rows.data, rows.data.length / count);
    await writer.write(cells, count);
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/**
 * Writes a table as a model reconstructs it: columns that it has learned from in their own units, all others as they
 * are, all in the order of the table.
 * @returns the number of rows
 */
export async function writeReconstructed(path: string, model: Model, spec: string): Promise<number> {
  const table = await tableFor(model, spec);
  const { columns } = model.table!;
  const place = new Map(columns.map((column, i) => [column.name, i]));
  const writer = await tableWriter(
    path,
    table.names.map((name) => {
      const learned = place.get(name);
      return learned === undefined ? { name, type: 'text' } : outputColumn(columns[learned]!);
    }),
  );
  let count = 0;
  try {
    for await (const { columns: cells, given } of reconstructChunks(model, table)) {
      const all = table.names.map((name, i) => {
        const learned = place.get(name);
        return learned === undefined ? Array.from(given.columns[i]!, textCell) : cells[learned]!;
      });
      await writer.write(all, given.rows);
      count += given.rows;
    }
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  return count;
}

function textCell(cell: Cell): Cell {
  if (cell === null) return null;
  return cell instanceof Date ? cell.toISOString() : String(cell);
}

/**
 * Writes the codes of a table's rows as a table, with columns of the table beside them.
 * @param asked names of columns that are written as they are, before the codes; those that name and label rows by default
 * @returns the number of rows
 */
export async function writeCodes(
  path: string,
  model: Model,
  spec: string,
  asked: readonly string[] | undefined,
): Promise<number> {
  const table = await tableFor(model, spec);
  const carried = carriedColumns(table, model, asked);
  const encoder = new TableEncoder(model.table!);
  const places = encoder.locate(table);
  const kept = carried.map((name) => table.names.indexOf(name));
  const writer = await tableWriter(path, [
    ...carried.map((name) => ({ name, type: 'text' as const })),
    ...Array.from({ length: model.latent }, (_, i) => ({ name: `z${i}`, type: 'number' as const })),
  ]);
  let count = 0;
  try {
    for await (const chunk of table.chunks()) {
      const data = encoder.encode(chunk, places, table.source);
      const codes = await model.encode({ data, shape: [chunk.rows, encoder.width] });
      const columns = Array.from({ length: model.latent }, (_, i) =>
        Array.from({ length: chunk.rows }, (_unused, row) =>
          Number(codes.data[row * model.latent + i]!.toPrecision(9)),
        ),
      );
      await writer.write(
        [...kept.map((place) => Array.from(chunk.columns[place]!, textCell)), ...columns],
        chunk.rows,
      );
      count += chunk.rows;
    }
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  return count;
}

/** Whether a path's ending is one that tables are written as. */
export function isTableFile(path: string): boolean {
  return ['.csv', '.tsv', '.jsonl', '.parquet'].includes(extname(path).toLowerCase());
}

function carriedColumns(table: Table, model: Model, asked: readonly string[] | undefined): string[] {
  if (asked === undefined) {
    const { id, label } = model.table!;
    return [id, label].filter((name) => name !== undefined && table.names.includes(name)) as string[];
  }
  const unknown = asked.find((name) => !table.names.includes(name));
  if (unknown === undefined) return [...asked];
  throw new UserError(
    `--carry: ${table.source} has no column ${JSON.stringify(unknown)}; its columns are ${table.names.slice(0, 20).join(', ')}`,
  );
}
