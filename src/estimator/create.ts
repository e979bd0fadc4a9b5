import { shown, UserError } from '../errors.js';
import type { FamilyInput, FamilyName } from '../models/families.js';
import { families, familyNamed } from '../models/families.js';
import type { Family } from '../models/family.js';
import type { SampleSpec } from '../models/io.js';
import { parseOptions } from '../models/options.js';
import { fieldCount } from '../nn/fields.js';
import { layoutOf, type TableSchema } from '../table/columns.js';
import { Model, type ModelParts } from './model.js';
import type { Platform } from './platform.js';
import { VariationalModel } from './variational.js';

/** What every model is told. */
export interface CommonOptions {
  /** Features of one sample, or its shape: 784, or [28, 28]. */
  readonly input: number | readonly number[];
  /** Decides the first weights, and later shuffling and noise where `fit` is given no seed; 0 by default. */
  readonly seed?: number;
}

/** Options of a model: what every model is told, and those of its family. A likelihood may be given by its name alone. */
export type ModelOptions<Input> = CommonOptions &
  Omit<Input, 'likelihood'> &
  (Input extends { likelihood?: infer Given }
    ? { readonly likelihood?: Given | ('bernoulli' extends TypeOf<Given> ? 'bernoulli' | 'gaussian' : never) }
    : unknown);

type TypeOf<Given> = Given extends { type: infer Type } ? Type : never;

/** Options of `autoencoder`. */
export type AutoencoderOptions = ModelOptions<FamilyInput<'autoencoder'>>;

/** Options of `vae`. */
export type VaeOptions = ModelOptions<FamilyInput<'vae'>>;

/** The object that models of a family are: one that new samples can be drawn from, where it is generative. */
export type ModelOf<Given> = Given extends { readonly generative: true } ? VariationalModel : Model;

/**
 * A model of any family on a platform.
 * @throws {UserError} when options are wrong
 */
export function makeModel<Name extends FamilyName>(
  platform: Platform,
  given: Name,
  options: ModelOptions<FamilyInput<Name>>,
): ModelOf<(typeof families)[Name]>;
export function makeModel(platform: Platform, given: string | Family<unknown>, options: CommonOptions): Model;
export function makeModel(
  platform: Platform,
  given: string | Family<unknown>,
  options: CommonOptions,
): Model {
  const family = familyOf(given);
  const { input, seed = 0, likelihood, ...rest } = { ...options } as CommonOptions & { likelihood?: unknown };
  const written = typeof likelihood === 'string' ? { type: likelihood } : likelihood;
  const config = { ...rest, ...(written !== undefined && { likelihood: written }) };
  return modelOf(platform, {
    family,
    config: parseOptions(family.schema, config, family.name),
    ...common(input, seed),
  });
}

/** The family of a name; `undefined` where there is none. */
export function findFamily(name: string, own: readonly Family<unknown>[] = []): Family<unknown> | undefined {
  const found =
    own.find((family) => family.name === name) ??
    (Object.hasOwn(families, name) ? familyNamed(name as FamilyName) : undefined);
  return found;
}

/**
 * A family by its name, or as it is.
 * @throws {UserError} where there is none of that name
 */
export function familyOf(given: string | Family<unknown>): Family<unknown> {
  const family = typeof given === 'string' ? findFamily(given) : given;
  if (family !== undefined) return family;
  throw new UserError(
    `there is no model ${JSON.stringify(given)}; there are ${Object.keys(families).join(', ')}`,
  );
}

function modelOf(platform: Platform, parts: ModelParts): Model {
  return new (parts.family.generative ? VariationalModel : Model)(platform, parts);
}

/** A model of any family from parts that were saved; the configuration is checked again. */
export function restoreModel(platform: Platform, parts: ModelParts): Model {
  const config = parseOptions(parts.family.schema, parts.config, parts.family.name);
  return modelOf(platform, { ...parts, config });
}

/** What a model for tables is told. */
export type TableModelOptions = {
  /** `vae` by default. */
  readonly model?: FamilyName;
  readonly seed?: number;
} & Partial<Omit<FamilyInput<'autoencoder'> & FamilyInput<'vae'>, 'likelihood' | 'loss' | 'output'>>;

/**
 * An autoencoder for the encoded rows of a table, with a likelihood for each column.
 * @throws {UserError} when options are wrong
 */
export function createTableModel(platform: Platform, table: TableSchema, options: TableModelOptions): Model {
  const { model: name = 'vae', seed = 0, ...rest } = options;
  const family = familyOf(name);
  const { sample, likelihood } = tableParts(table);
  const config = parseOptions(family.schema, { ...rest, likelihood }, name);
  return modelOf(platform, { family, config, sample, table, seed });
}

/**
 * Makes sure of the options of a table model, before there is a table.
 * @throws {UserError} when one is wrong
 */
export function checkTableModel({ model: name = 'vae', seed: _, ...rest }: TableModelOptions): void {
  const family = familyOf(name);
  parseOptions(family.schema, { ...rest, likelihood: { type: 'fields', ...layoutOf([]) } }, name);
}

/** What the columns of a table decide about a model. */
export function tableParts({ columns }: TableSchema) {
  const fields = layoutOf(columns);
  const sample = { dtype: 'float32', shape: [fieldCount(fields)], scale: 1, fields } satisfies SampleSpec;
  return { sample, likelihood: { type: 'fields', ...fields } as const };
}

function common(input: number | readonly number[], seed: number): Pick<ModelParts, 'sample' | 'seed'> {
  const shape: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (shape.length === 0 || !shape.every(isLength)) {
    throw new UserError(
      `input: the number of features, or the shape of a sample, is expected, such as 784 or [28, 28]; got ${shown(input)}`,
    );
  }
  if (!Number.isSafeInteger(seed)) throw new UserError(`seed: a whole number is expected, got ${seed}`);
  return { sample: { dtype: 'float32', shape: [...shape], scale: 1 }, seed };
}

function isLength(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
