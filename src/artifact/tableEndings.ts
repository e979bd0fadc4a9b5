/** The endings of the names that tables are written under; each stands for a format. */
export const tableEndings = ['.csv', '.csv.gz', '.tsv', '.jsonl', '.parquet'] as const;

/** An ending that tables are written under. */
export type TableEnding = (typeof tableEndings)[number];

/** The ending of a path that says which table to write, `undefined` where there is none. */
export function tableEnding(path: string): TableEnding | undefined {
  return tableEndings.find((ending) => path.toLowerCase().endsWith(ending));
}

/** Endings as a text lists them: `.csv, .tsv or .parquet`. */
export function endingsText(endings: readonly string[] = tableEndings): string {
  return `${endings.slice(0, -1).join(', ')} or ${endings.at(-1)}`;
}
