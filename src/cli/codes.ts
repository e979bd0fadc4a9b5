import { checkFinite } from '../data/checks.js';
import { type Dataset, dataset, featureSize } from '../data/dataset.js';
import { readTable } from '../data/table/readTable.js';
import { nameText } from '../data/table/table.js';
import { shown, UserError } from '../errors.js';
import { type Model, readDataset } from '../index.js';
import { cellNumber } from '../table/values.js';
import { isTableSpec } from './dataSpec.js';
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
  const codes = isTableSpec(spec) ? await tableCodes(spec, latent, wanted) : await readDataset(spec);
  if (featureSize(codes) !== latent) {
    throw new UserError(
      `${spec}: a row has ${counted(featureSize(codes), 'number')}, but a code of ${run} has ${latent}; give codes that encode wrote with this run`,
    );
  }
  checkFinite(codes);
  if (wanted && codes.labels === undefined) {
    throw new UserError(
      `${spec} has codes without labels, and ${run} is told the class of each; give one for all, as in --label 0, or a table with a column label, such as encode -o codes.csv writes of data with labels`,
    );
  }
  return codes;
}

/** Codes in the columns of a table, as encode writes them. */
async function tableCodes(path: string, latent: number, labelled: boolean): Promise<Dataset> {
  const table = await readTable(path);
  const found = codePlaces(table.names, latent);
  const places = found.length > 0 ? found : table.names.map((_, i) => i);
  const labelPlace = labelled ? table.names.indexOf('label') : -1;
  const rows: number[][] = [];
  const labels: number[] = [];
  for await (const { columns, rows: count } of table.chunks()) {
    for (let row = 0; row < count; row++) {
      const numberAt = (place: number) => {
        const cell = columns[place]![row]!;
        const value = cell === null ? undefined : cellNumber(cell);
        if (value !== undefined) return value;
        throw new UserError(
          `${path}: row ${rows.length + 1}, column ${nameText(table.names[place]!)}: a number is expected, got ${cell === null ? 'nothing' : shown(String(cell))}`,
        );
      };
      if (labelPlace >= 0) labels.push(numberAt(labelPlace));
      rows.push(places.map(numberAt));
    }
  }
  if (rows.length === 0) throw new UserError(`${path}: there are no codes in this table`);
  const { data, shape } = dataset(rows);
  return dataset({ data, shape, source: path, ...(labelPlace >= 0 && { labels }) });
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
