import { UserError } from '../errors.js';
import type { AutoencoderInput } from '../models/autoencoder.js';
import { familyNamed } from '../models/families.js';
import { inputOf, type SampleSpec } from '../models/io.js';
import { parseOptions } from '../models/options.js';
import type { VaeInput } from '../models/vae.js';
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

/** Options of `autoencoder`. */
export type AutoencoderOptions = CommonOptions & AutoencoderInput;

/** Options of `vae`. The likelihood may be given by its name alone. */
export type VaeOptions = CommonOptions &
  Omit<VaeInput, 'likelihood'> & { readonly likelihood?: VaeInput['likelihood'] | 'bernoulli' | 'gaussian' };

/** A plain autoencoder on a platform, or the convolutional one. */
export function createAutoencoder(
  platform: Platform,
  options: AutoencoderOptions,
  family: 'autoencoder' | 'conv-autoencoder' = 'autoencoder',
): Model {
  const { input, seed = 0, ...config } = options;
  return new Model(platform, {
    family,
    config: parseOptions(familyNamed(family).schema, config, family),
    ...common(input, seed),
  });
}

/** A variational autoencoder on a platform, or the convolutional one. */
export function createVae(
  platform: Platform,
  options: VaeOptions,
  family: 'vae' | 'conv-vae' = 'vae',
): VariationalModel {
  const { input, seed = 0, likelihood, ...rest } = options;
  const config = {
    ...rest,
    ...(likelihood && { likelihood: typeof likelihood === 'string' ? { type: likelihood } : likelihood }),
  };
  return new VariationalModel(platform, {
    family,
    config: parseOptions(familyNamed(family).schema, config, family),
    ...common(input, seed),
  });
}

/** A model of any family from parts that were saved; the configuration is checked again. */
export function restoreModel(platform: Platform, parts: ModelParts): Model {
  const config = parseOptions(familyNamed(parts.family).schema, parts.config, parts.family);
  const { observe } = familyNamed(parts.family).define(config, inputOf(parts.sample));
  const kind = observe === undefined ? Model : VariationalModel;
  return new kind(platform, { ...parts, config });
}

/** What a model for tables is told. */
export type TableModelOptions = {
  /** `vae` by default. */
  readonly model?: 'autoencoder' | 'vae';
  readonly seed?: number;
} & Partial<Omit<AutoencoderInput & VaeInput, 'likelihood' | 'loss' | 'output'>>;

/**
 * An autoencoder for the encoded rows of a table, with a likelihood for each column.
 * @throws {UserError} when options are wrong
 */
export function createTableModel(platform: Platform, table: TableSchema, options: TableModelOptions): Model {
  const { model: family = 'vae', seed = 0, ...rest } = options;
  const { sample, likelihood } = tableParts(table);
  const parts: ModelParts = {
    family,
    config: parseOptions(familyNamed(family).schema, { ...rest, likelihood }, family),
    sample,
    table,
    seed,
  };
  return family === 'vae' ? new VariationalModel(platform, parts) : new Model(platform, parts);
}

/** What the columns of a table decide about a model. */
export function tableParts({ columns }: TableSchema) {
  const fields = layoutOf(columns);
  const sample = { dtype: 'float32', shape: [fieldCount(fields)], scale: 1, fields } satisfies SampleSpec;
  return { sample, likelihood: { type: 'fields', ...fields } as const };
}

function common(input: number | readonly number[], seed: number): Pick<ModelParts, 'sample' | 'seed'> {
  const shape = typeof input === 'number' ? [input] : [...input];
  if (shape.length === 0 || !shape.every((length) => Number.isSafeInteger(length) && length > 0)) {
    throw new UserError(
      `input: the number of features, or the shape of a sample, is expected; got ${JSON.stringify(input)}`,
    );
  }
  if (!Number.isSafeInteger(seed)) throw new UserError(`seed: a whole number is expected, got ${seed}`);
  return { sample: { dtype: 'float32', shape, scale: 1 }, seed };
}
