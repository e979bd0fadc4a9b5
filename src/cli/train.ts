import type { Command } from 'commander';
import type { DecimalMark } from '../data/table/table.js';
import { type CommonOptions, makeCommand } from './command.js';
import type { Cli } from './program.js';

/** The options of `train` as they were given: what was left out is missing. */
export interface TrainOptions extends CommonOptions {
  readonly model?: string;
  readonly hidden?: number[];
  readonly latent?: number;
  readonly latentActivation?: string;
  readonly activation?: string;
  readonly output?: string;
  readonly loss?: string;
  readonly likelihood?: string;
  readonly variance?: number | 'learned';
  readonly betaWarmup?: number;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly validation?: string;
  readonly validationSplit?: number;
  readonly learningRate?: number;
  readonly optimizer?: string;
  readonly clipNorm?: number;
  readonly earlyStopping?: number;
  readonly seed?: number;
  readonly imageSize?: [height: number, width: number];
  readonly imageFit?: string;
  readonly colour?: string;
  readonly columns?: string[];
  readonly drop?: string[];
  readonly categorical?: string[];
  readonly label?: string;
  readonly id?: string;
  readonly scaling?: string;
  readonly encoding?: string;
  readonly delimiter?: string;
  readonly decimal?: DecimalMark;
  readonly out?: string;
  readonly resume?: boolean;
  readonly overwrite?: boolean;
  /** Options that single models have. */
  readonly [name: string]: unknown;
}

/** What the list of commands says. */
export const trainSummary = 'train a model and write it, with pictures, into a folder';

/**
 * `autoencoder train`. Most of its options are those of the models, which take longer to load than all else: they are there
 * only where the command is named.
 */
export async function trainCommand(cli: Cli, argv: readonly string[]): Promise<Command> {
  if (argv.includes('train')) return (await import('./trainOptions.js')).defineTrain(cli, argv);
  const text = { name: 'train', summary: trainSummary, json: '', examples: [] };
  return makeCommand(text, (command) => command.argument('[data]'));
}
