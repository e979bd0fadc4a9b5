// This build needs no `Buffer`, so it runs in browsers too.
import { stringify } from 'csv-stringify/browser/esm/sync';
import type { HistoryRow } from './callbacks.js';
import type { JobEnd } from './job.js';

/** What training gave. */
export interface History {
  /** Every figure of every epoch: `epoch`, `loss`, `learningRate`, `seconds`, … and `validationLoss`, … */
  readonly rows: readonly HistoryRow[];
  /** `finished` all epochs, `stopped` by a callback, `aborted` by the signal, or `diverged`. */
  readonly reason: JobEnd['reason'];
  /** What the callback said that stopped it. */
  readonly stopReason: string | null;
}

/** The rows as CSV with a header line. */
export function historyCsv(rows: readonly HistoryRow[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return stringify(
    rows.map((row) => columns.map((column) => row[column] ?? '')),
    { header: true, columns },
  );
}
