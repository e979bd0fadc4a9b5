/** Rows of float32 numbers in a file, row-major, without a header: a data set that may be larger than memory. */
export interface StoredRows {
  /** The file, which nobody may change while it is in use. */
  readonly path: string;
  /** `[rows, width]`. */
  readonly shape: readonly [rows: number, width: number];
  /** Where the data came from, for messages. */
  readonly source?: string;
}

/** Whether samples are in a file, and not in memory. */
export function isStored(data: object): data is StoredRows {
  return 'path' in data && !('data' in data);
}
