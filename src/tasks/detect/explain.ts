import type { Cell } from '../../data/table/table.js';
import { slotCount, slotStarts, type TableSchema } from '../../table/columns.js';
import { TableDecoder } from '../../table/decode.js';
import { cellText } from '../../table/values.js';

/** One column that made a row odd. */
export interface Reason {
  readonly column: string;
  readonly given: Cell;
  /** What the networks expected from the other columns. */
  readonly expected: Cell;
  /** Its share of all that was more unexpected than usual about the row, from 0 to 1. */
  readonly share: number;
}

/** The verdict on one row. */
export interface Detection {
  /** The number of the row, from 0. */
  readonly row: number;
  /** Higher is odder. About 0 for a typical row; one unit is a robust standard deviation. */
  readonly score: number;
  /** The share of held-out rows that are at least as odd. */
  readonly pValue: number;
  readonly anomaly: boolean;
  /** The columns that contributed most, the first most of all; three at most. */
  readonly reasons: readonly Reason[];
}

/** Says which columns made a row odd: those with more deviance than they usually have. */
export class Explainer {
  private readonly starts: readonly number[];
  private readonly widths: readonly number[];
  private readonly width: number;
  private readonly decoder: TableDecoder;

  /** @param typical the deviance that each field usually has: some columns can never be told from the others */
  constructor(
    private readonly schema: TableSchema,
    private readonly typical: Float32Array,
  ) {
    this.starts = slotStarts(schema.columns);
    this.widths = schema.columns.map(slotCount);
    this.width = this.widths.reduce((a, b) => a + b, 0);
    this.decoder = new TableDecoder(schema);
  }

  /** The three weightiest columns of one of the rows that a graph was run on. */
  reasons(
    deviances: Float32Array,
    expected: Float32Array,
    row: number,
    given: (column: number) => Cell,
  ): Reason[] {
    const at = row * this.width;
    const parts = this.starts.map((start, column) => {
      let sum = 0;
      for (let i = start; i < start + this.widths[column]!; i++) sum += deviances[at + i]! - this.typical[i]!;
      return { column, sum: Math.max(sum, 0) };
    });
    const total = parts.reduce((sum, part) => sum + part.sum, 0);
    return (
      parts
        .sort((a, b) => b.sum - a.sum)
        .slice(0, 3)
        .filter(({ sum }) => sum > 0)
        .map(({ column, sum }) => ({
          column: this.schema.columns[column]!.name,
          given: given(column),
          expected: this.decoder.cell(expected, at, column),
          share: sum / total,
        }))
        // A class may be the likeliest, and still unlikely: that says nothing to a reader.
        .filter(
          ({ given: cell, expected: other }) =>
            other === null || cell === null || cellText(cell) !== cellText(other),
        )
    );
  }
}
