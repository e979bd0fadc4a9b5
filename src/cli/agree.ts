import { UserError } from '../errors.js';
import { familyOf } from '../estimator/create.js';
import { portableSpec } from './dataSpec.js';
import { flagOf, givenOptions } from './modelOptions.js';
import type { RunOptions } from './runRecord.js';
import type { TrainOptions } from './train.js';

/** The options that decide a run's outcome; data are compared by what they hold. */
const compared = [
  'model',
  'hidden',
  'latent',
  'latentActivation',
  'activation',
  'output',
  'loss',
  'likelihood',
  'variance',
  'betaWarmup',
  'batchSize',
  'validationSplit',
  'learningRate',
  'optimizer',
  'clipNorm',
  'earlyStopping',
  'seed',
] as const satisfies readonly (keyof TrainOptions & keyof RunOptions)[];

/** Those that decide how a table is read. */
const tableOptionNames = [
  'columns',
  'drop',
  'categorical',
  'label',
  'id',
  'scaling',
  'encoding',
  'delimiter',
  'decimal',
] as const satisfies readonly (keyof TrainOptions & keyof NonNullable<RunOptions['table']>)[];

/**
 * The options to go on with: those of the record. Options that are given again must be the same, since the
 * outcome would otherwise be that of neither; only the number of epochs may grow.
 * @throws {UserError} that names every option that differs
 */
export function resumeOptions(
  folder: string,
  recorded: RunOptions,
  spec: string | undefined,
  given: TrainOptions,
): RunOptions {
  const differing = compared.flatMap((name) => {
    const value = given[name];
    if (value === undefined || JSON.stringify(value) === JSON.stringify(recorded[name])) return [];
    return [`${flagOf(name)} ${text(value)} (the run has ${text(recorded[name])})`];
  });
  const { size, fit, colour } = recorded.images ?? {};
  const reading: Readonly<Record<string, unknown>> = {
    ...{ imageSize: size, imageFit: fit, colour },
    ...Object.fromEntries(tableOptionNames.map((name) => [name, recorded.table?.[name]])),
  };
  for (const [name, before] of Object.entries(reading)) {
    const value = given[name];
    if (value === undefined || JSON.stringify(value) === JSON.stringify(before)) continue;
    differing.push(`${flagOf(name)} ${text(value)} (the run has ${text(before)})`);
  }
  const options = givenOptions(familyOf(recorded.model), given);
  for (const [name, value] of Object.entries(options)) {
    const before = recorded.modelOptions[name];
    if (JSON.stringify(value) === JSON.stringify(before)) continue;
    differing.push(
      `${flagOf(name)} ${text(value)} (the run has ${before === undefined ? 'its default' : text(before)})`,
    );
  }
  if (given.validation !== undefined && recorded.validation === undefined) {
    differing.push(`--validation ${given.validation} (the run has none)`);
  }
  const { epochs = recorded.epochs } = given;
  if (epochs < recorded.epochs)
    differing.push(`--epochs ${epochs} (the run has ${recorded.epochs}; it may only grow)`);
  if (differing.length > 0) {
    throw new UserError(
      `${folder}: a run goes on with the options it was started with, but other ones were given: ${differing.join(', ')}; leave them out, or start a new run with another --out`,
    );
  }
  const { validation } = given;
  return {
    ...recorded,
    epochs,
    ...(spec !== undefined && { data: portableSpec(spec) }),
    ...(validation !== undefined && { validation: portableSpec(validation) }),
  };
}

function text(value: unknown): string {
  if (value === undefined) return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(',');
  return String(value);
}
