import type { Dataset } from '../data/dataset.js';
import { type DecimalMark, nameText } from '../data/table/table.js';
import { UserError } from '../errors.js';
import type { Model } from '../index.js';
import { cellText, isMissing } from '../table/values.js';
import type { Output } from './output.js';
import { dataFor, tableFor } from './tableRun.js';
import { checkColumns } from './tableText.js';
import { count, counted } from './text.js';

/** The class of a row that has none. */
const none = -1;

/** Rows with what is known of their classes. */
export interface ClassedRows {
  readonly data: Dataset;
  /** The class of each row, a place in `classes`; -1 where it has none. Missing where nothing is known of classes. */
  readonly labels?: Int32Array;
  readonly classes: readonly string[];
}

/** Which classes are asked for. */
interface Question {
  /** The column that `--label` names; of a table that run's own where none is. */
  readonly column: string | undefined;
  /** Classes that have a place already. */
  readonly known?: readonly string[];
  /** Where the rows are to vote, or to be asked: why there must be classes. */
  readonly needed?: string | undefined;
  /** What stands before the decimals of numbers in a table, where it was said. */
  readonly decimal?: DecimalMark | undefined;
}

/**
 * Reads data with the classes of their rows.
 * @throws {UserError} when a column is missing that was named, and when there are no classes where they are needed
 */
export async function classedRows(
  model: Model,
  spec: string,
  output: Output,
  question: Question,
): Promise<ClassedRows> {
  if (model.table !== undefined) {
    const classes = await tableClasses(model, spec, output, question);
    return { data: await dataFor(model, spec, output, { decimal: question.decimal }), ...classes };
  }
  if (question.column !== undefined)
    throw new UserError('--label names a column of a table, but the run was trained on arrays; leave it out');
  const data = await dataFor(model, spec, output, { decimal: question.decimal });
  const { labels } = data;
  if (labels === undefined) {
    if (question.needed === undefined) return { data, classes: [] };
    throw new UserError(
      `${question.needed}, and ${spec} has no labels; give data that have them, such as mnist or a folder with a folder of pictures for each class, or leave --neighbours out`,
    );
  }
  const most = labels.reduce((a, b) => Math.max(a, b), 0);
  return { data, labels, classes: Array.from({ length: most + 1 }, (_, i) => String(i)) };
}

async function tableClasses(
  model: Model,
  spec: string,
  output: Output,
  { column, known = [], needed, decimal }: Question,
): Promise<Omit<ClassedRows, 'data'>> {
  const table = await tableFor(model, spec, decimal);
  if (column !== undefined) checkColumns(table, '--label', [column]);
  const name = column ?? model.table!.label;
  if (name === undefined) {
    if (needed === undefined) return { classes: [] };
    throw new UserError(
      `${needed}, and the run was trained without --label; name the column of the classes with --label, or leave --neighbours out`,
    );
  }
  const place = table.names.indexOf(name);
  if (place < 0) {
    if (needed === undefined) return { classes: [] };
    throw new UserError(
      `${needed}, and ${table.source} has no column ${nameText(name)}, the label of the run; add it, name another one with --label, or leave --neighbours out`,
    );
  }
  const places = new Map(known.map((text, i) => [text, i]));
  const labels: number[] = [];
  let unlabelled = 0;
  for await (const chunk of table.chunks()) {
    for (const cell of Array.from(chunk.columns[place]!).slice(0, chunk.rows)) {
      if (isMissing(cell)) {
        unlabelled++;
        labels.push(none);
        continue;
      }
      const text = cellText(cell);
      if (!places.has(text)) places.set(text, places.size);
      labels.push(places.get(text)!);
    }
  }
  if (unlabelled === labels.length && needed !== undefined) {
    throw new UserError(`${needed}, and column ${nameText(name)} of ${table.source} is empty`);
  }
  if (unlabelled > 0) {
    output.warn(
      `${table.source}: ${count(unlabelled)} of ${counted(labels.length, 'row')} ${unlabelled === 1 ? 'has' : 'have'} no ${nameText(name)}; such rows neither vote nor are asked`,
    );
  }
  return { labels: Int32Array.from(labels), classes: [...places.keys()] };
}
