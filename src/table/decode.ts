import type { Cell } from '../data/table/table.js';
import { type Column, classNames, slotStarts, type TableSchema } from './columns.js';
import { decompress, unscaled } from './scale.js';
import { dateText } from './values.js';

/** Turns rows of numbers back into cells, in the units, and the spelling, of the training data. */
export class TableDecoder {
  private readonly decoders: readonly ((value: number) => Cell)[];
  private readonly starts: readonly number[];

  constructor({ columns }: TableSchema) {
    this.decoders = columns.map(cellDecoder);
    this.starts = slotStarts(columns);
  }

  /** The cell of one column, by its place among the learned columns, in an encoded row that begins at `row`. */
  cell(values: Float32Array, row: number, column: number): Cell {
    const value = values[row + this.starts[column]!]!;
    return Number.isNaN(value) ? null : this.decoders[column]!(value);
  }

  /** All columns of encoded rows. */
  columns(values: Float32Array, width: number): Cell[][] {
    const rows = values.length / width;
    return this.decoders.map((_, column) =>
      Array.from({ length: rows }, (_unused, row) => this.cell(values, row * width, column)),
    );
  }
}

function cellDecoder(column: Column): (value: number) => Cell {
  switch (column.type) {
    case 'number': {
      const { scaling, whole } = column;
      return (value) => {
        const number = unscaled(decompress(value), scaling);
        // Adding 0 makes -0 into 0.
        return typeof number === 'number' && whole ? Math.round(number) + 0 : number;
      };
    }
    case 'date':
      return (value) => dateText(decompress(value) * column.scale + column.center);
    case 'boolean': {
      const numeric = column.raw === 'float64';
      return (value) => (numeric ? Number(value >= 0.5) : column.labels[value >= 0.5 ? 1 : 0]);
    }
    case 'category': {
      const names = classNames(column);
      return (value) => names[value] ?? null;
    }
  }
}
