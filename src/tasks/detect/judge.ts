import type { Table, TableChunk } from '../../data/table/table.js';
import type { Sessions } from '../../estimator/sessions.js';
import type { Session } from '../../runtime/backend.js';
import type { TableSchema } from '../../table/columns.js';
import { TableEncoder } from '../../table/encode.js';
import type { Calibration } from './calibration.js';
import { type Detection, Explainer } from './explain.js';
import { robustSpread } from './linear.js';

/** Rows, drawn fairly, by which a judge knows what is usual; all of a smaller table. */
export const reservoirSize = 8192;

/** What a judge's graph says of encoded rows. */
export interface Scored {
  readonly scores: Float32Array;
  /** How badly each field is explained, [rows, fields]. */
  readonly deviances: Float32Array;
  /** What was expected, as encoded rows, [rows, fields]. */
  readonly expected: Float32Array;
  /** What -log p of each row has beside half of its deviances, where the graph says so. */
  readonly constants?: Float32Array;
}

/** Judges encoded rows, [rows, width]. */
export type RowScorer = (data: Float32Array, rows: number, width: number) => Promise<Scored>;

/** Runs a graph with the outputs `score`, `deviances`, `expected` and perhaps `constants` on encoded rows, [rows, width]. */
export function scoreRows(
  sessions: Sessions<'rows'>,
  data: Float32Array,
  rows: number,
  width: number,
): Promise<Scored> {
  return sessions.use('rows', async (session: Session) => {
    const found = await session.run({ input: { dtype: 'float32', shape: [rows, width], data } });
    return {
      scores: found.score!.data as Float32Array,
      deviances: found.deviances!.data as Float32Array,
      expected: found.expected!.data as Float32Array,
      ...(found.constants && { constants: found.constants.data as Float32Array }),
    };
  });
}

/** The median deviance of each field over rows, [fields]. */
export function typicalDeviances(deviances: Float32Array, width: number): Float32Array {
  const rows = deviances.length / width;
  const median = (field: number) =>
    robustSpread(Float32Array.from({ length: rows }, (_, row) => deviances[row * width + field]!)).center;
  return Float32Array.from({ length: width }, (_, field) => median(field));
}

/** By what rows are judged. */
export interface Standard {
  readonly calibration: Calibration;
  /** From `typicalDeviances`. */
  readonly typical: Float32Array;
  readonly threshold: number;
  /** Scores of rows, by number, that stand in place of those that the graph gives. */
  readonly known?: ReadonlyMap<number, number>;
  /** Whether to say which columns made a row odd; true by default. */
  readonly reasons?: boolean;
  /** Is called at the end with what was unlike training. */
  readonly onNotes?: ((notes: readonly string[]) => void) | undefined;
}

/**
 * The verdicts on all rows of a table in their order, some thousand at a time, beside the chunks of the table, whose
 * other columns may name rows or hold labels.
 * @throws {UserError} when columns of training are missing or hold something else
 */
export async function* judgeTable(
  table: Table,
  schema: TableSchema,
  score: RowScorer,
  { calibration, typical, threshold, known, reasons = true, onNotes }: Standard,
): AsyncGenerator<{ readonly detections: Detection[]; readonly chunk: TableChunk }> {
  const encoder = new TableEncoder(schema);
  const explainer = new Explainer(schema, typical);
  const places = encoder.locate(table);
  let first = 0;
  for await (const chunk of table.chunks()) {
    const encoded = encoder.encode(chunk, places, table.source);
    const { scores, deviances, expected } = await score(encoded, chunk.rows, encoder.width);
    const start = first;
    first += chunk.rows;
    const detections = Array.from(scores, (found, i): Detection => {
      const rowScore = known?.get(start + i) ?? found;
      const given = (column: number) => chunk.columns[places[column]!]![i]!;
      return {
        row: start + i,
        score: rowScore,
        pValue: calibration.pValue(rowScore),
        anomaly: rowScore > threshold,
        reasons: reasons ? explainer.reasons(deviances, expected, i, given) : [],
      };
    });
    yield { detections, chunk };
  }
  onNotes?.(encoder.notes());
}
