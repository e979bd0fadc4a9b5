import { checkFinite } from '../data/checks.js';
import { type Dataset, type DatasetInput, dataset, sampleCount } from '../data/dataset.js';
import type { NumericArray } from '../data/numeric.js';
import { UserError } from '../errors.js';
import { checkLabels, readSamples } from './samples.js';

/** The class of each sample, or one for all. */
export type Labels = number | readonly number[] | NumericArray;

/** What `decode` is told beside codes. */
export interface DecodeOptions {
  /** Of a conditional model: the class of each code, or one for all. Codes that come with labels need none. */
  readonly labels?: Labels;
}

/** What of a model decides which codes it takes. */
interface CodeTaker {
  readonly latent: number;
  readonly classes: number | undefined;
  readonly family: string;
}

/**
 * Codes, and of a conditional model the classes that they are to be decoded for.
 * @throws {UserError} when codes do not fit the model, or numbers are not finite; when labels are missing, too many or too
 *   few, no numbers of classes, or not wanted
 */
export function readCodes(
  codes: DatasetInput,
  given: Labels | undefined,
  { latent, classes, family }: CodeTaker,
): Dataset {
  const all = readSamples(codes, latent);
  checkFinite(all);
  const { data, labels: own, source = 'codes' } = all;
  const count = sampleCount(all);
  const shape = [count, latent];
  if (classes === undefined) {
    if (given === undefined) return { data, shape };
    throw new UserError(`labels: a model of the family '${family}' is told no classes; leave labels out`);
  }
  const labels = typeof given === 'number' ? Array<number>(count).fill(given) : (given ?? own);
  const labelled = dataset({ data, shape, source, ...(labels && { labels }) });
  checkLabels(labelled, classes, 'labels, or codes');
  return labelled;
}

/** The classes of so many new samples: those that are asked for, or else each in turn; of a model that knows classes. */
export function classesToDraw(
  count: number,
  label: Labels | undefined,
  classes: number | undefined,
): DecodeOptions {
  if (label !== undefined) return { labels: label };
  return classes === undefined ? {} : { labels: Int32Array.from({ length: count }, (_, i) => i % classes) };
}
