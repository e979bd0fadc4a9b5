import { readFile } from 'node:fs/promises';
import { checkFinite } from '../data/checks.js';
import { type Dataset, dataset, featureSize } from '../data/dataset.js';
import { UserError } from '../errors.js';
import { type Model, readDataset } from '../index.js';
import { counted } from './text.js';

/**
 * Reads codes, for a conditional model that is told no one `label` with their labels.
 * @throws {UserError} when the file cannot be read, or its rows are no codes of this run
 */
export async function readCodes(
  spec: string,
  run: string,
  { latent, classes }: Pick<Model, 'latent' | 'classes'>,
  label?: number,
): Promise<Dataset> {
  const wanted = classes !== undefined && label === undefined;
  const codes = /\.csv$/i.test(spec) ? await readCsv(spec, latent, wanted) : await readDataset(spec);
  if (featureSize(codes) !== latent) {
    throw new UserError(
      `${spec}: a row has ${counted(featureSize(codes), 'number')}, but a code of ${run} has ${latent}; give codes that encode wrote with this run`,
    );
  }
  checkFinite(codes);
  if (wanted && codes.labels === undefined) {
    throw new UserError(
      `${spec} has codes without labels, and ${run} is told the class of each; give one for all, as in --label 0, or a .csv file with a column label, such as encode writes of data with labels`,
    );
  }
  return codes;
}

/** Rows of numbers under a header line, as encode writes them. */
async function readCsv(path: string, latent: number, labelled: boolean): Promise<Dataset> {
  const { parse } = await import('csv-parse/sync');
  let rows: string[][];
  try {
    rows = parse(await readFile(path), { bom: true, skip_empty_lines: true });
  } catch (cause) {
    throw new UserError(`${path}: cannot be read as codes: ${(cause as Error).message}`, { cause });
  }
  const header = rows.shift() ?? [];
  const codes = codePlaces(header, latent);
  const place = labelled ? header.indexOf('label') : -1;
  const labels = place < 0 ? undefined : rows.map((row) => Number(row[place]?.trim() || Number.NaN));
  if (codes.length > 0) rows = rows.map((row) => codes.map((i) => row[i] ?? ''));
  if (rows.length === 0) throw new UserError(`${path}: there are no codes under the header line`);
  const numbers = rows.map((row, i) =>
    row.map((cell, column) => {
      const value = cell.trim() === '' ? Number.NaN : Number(cell);
      if (!Number.isNaN(value)) return value;
      throw new UserError(
        `${path}: line ${i + 2}, column ${column + 1}: a number is expected, got '${cell}'`,
      );
    }),
  );
  const { data, shape } = dataset(numbers);
  return dataset({ data, shape, ...(labels && { labels }), source: path });
}

/**
 * Where the codes are: encode writes them last, behind columns that name and label rows, and with `_` behind their names
 * where one of those is called z0, say. In a file of another hand they may be anywhere.
 */
function codePlaces(header: readonly string[], latent: number): number[] {
  const first = header.length - latent;
  const last = header.slice(Math.max(first, 0));
  if (first >= 0 && last.every((name, i) => name.replace(/_+$/, '') === `z${i}`)) {
    return last.map((_, i) => first + i);
  }
  return header.flatMap((name, i) => (/^z\d+$/.test(name) ? [i] : []));
}
