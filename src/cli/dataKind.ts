import { statSync } from 'node:fs';
import { UserError } from '../errors.js';
import type { Model } from '../index.js';
import { isTableSpec, specOf } from './dataSpec.js';
import { shortList } from './tableText.js';
import { shape } from './text.js';

type KnownModel = Pick<Model, 'table' | 'sampleSpec'>;

/** What data are, as far as their name tells: a `.npy` may hold rows or pictures. */
interface DataKind {
  readonly isTable: boolean;
  /** `mnist is a set of pictures` */
  readonly text: string;
}

function kindOf(spec: string): DataKind | undefined {
  if (spec === '-') return { isTable: true, text: 'standard input is read as a table' };
  if (isTableSpec(spec)) return { isTable: true, text: `${spec} is a table` };
  const parsed = specOf(spec);
  if (parsed.kind !== 'file') return { isTable: false, text: `${spec} is a set of pictures` };
  if (!statSync(parsed.path, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  return { isTable: false, text: `${spec} is a folder, which is read as one of pictures` };
}

/** What a run was trained on. */
function trainedOn({ table, sampleSpec }: KnownModel): string {
  if (table !== undefined) {
    return `rows of a table with the columns ${shortList(table.columns.map(({ name }) => name))}`;
  }
  return `samples of ${shape(sampleSpec.shape)} ${sampleSpec.dtype === 'uint8' ? 'bytes' : 'numbers'}`;
}

/**
 * Makes sure that data are of the kind that a model was trained on.
 * @throws {UserError} for a table where those were arrays or pictures, and the other way round
 */
export function checkKind(model: KnownModel, spec: string): void {
  const kind = kindOf(spec);
  const wanted = model.table !== undefined;
  if (kind === undefined || kind.isTable === wanted) return;
  throw new UserError(
    `${kind.text}, but the run was trained on ${trainedOn(model)}; give ${wanted ? 'a table with these columns' : 'data of that kind, such as a .npy file or a folder of pictures'}`,
  );
}

/**
 * Makes sure that a run can judge rows.
 * @throws {UserError} when it was trained on arrays or pictures
 */
export function checkJudgesRows(model: KnownModel, run: string): void {
  if (model.table !== undefined) return;
  throw new UserError(
    `--run ${run} was trained on ${trainedOn(model)}, and detect judges rows of a table; give a run of train on a table, or a detector`,
  );
}

/**
 * Makes sure that what is given as a table is no set of pictures.
 * @throws {UserError} when it is one
 */
export function checkIsTable(spec: string): void {
  const kind = kindOf(spec);
  if (kind === undefined || kind.isTable) return;
  throw new UserError(`${kind.text}, and detect judges rows of a table; give a CSV or Parquet file, say`);
}

/**
 * Makes sure that training and validation are of one kind.
 * @throws {UserError} when one is a table and the other is not
 */
export function checkValidationKind(spec: string, validation: string | undefined): void {
  if (validation === undefined) return;
  const [kind, other] = [kindOf(spec), kindOf(validation)];
  if (kind === undefined || other === undefined || kind.isTable === other.isTable) return;
  throw new UserError(
    `--validation ${validation}: ${other.text}, but ${kind.text}; give data of the same kind`,
  );
}
