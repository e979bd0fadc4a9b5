import type { Command } from 'commander';
import { endingsText } from '../artifact/tableEndings.js';
import {
  type CommonOptions,
  type DecimalOption,
  decimalOption,
  makeCommand,
  runArgument,
} from './command.js';
import { Output } from './output.js';
import { oneOf, wholeNumber } from './parse.js';
import type { Cli } from './program.js';

/** The options of `sample` as they were given. */
export interface SampleOptions extends CommonOptions, DecimalOption {
  readonly count: number;
  readonly sampler?: string;
  readonly components?: number;
  readonly label?: number;
  readonly data?: string;
  readonly seed?: number;
  readonly output?: string;
}

/** `autoencoder sample`. */
export function sampleCommand(cli: Cli): Command {
  const text = {
    name: 'sample',
    summary: 'draw new samples',
    details:
      'Codes are drawn from a distribution and decoded. prior is the one that the model was trained with (of most VAEs the standard normal distribution, of vamp-vae the VampPrior); the others learn how the codes of the training data lie: gmm is a mixture of normal distributions, knn draws between neighbours, two-stage trains a second VAE, maf a masked autoregressive flow',
    json: 'print one JSON object alone: file, samples, shape (of a table: file, rows), sampler; of a conditional model label',
    examples: [
      ['autoencoder sample runs/mnist-vae', 'grid.png with 64 new digits'],
      ['autoencoder sample runs/mnist-vae -n 1000 --seed 7 -o new.npy', 'a thousand others, as numbers'],
      [
        'autoencoder sample runs/mnist-conditional-vae --label 7',
        'sevens; without --label every digit in turn',
      ],
      ['autoencoder sample runs/mnist-autoencoder --sampler gmm --components 20', 'from a plain autoencoder'],
      ['autoencoder sample runs/people-vae -o people.csv', 'new rows of a table'],
    ],
  } as const;
  return makeCommand(text, (command) => {
    command
      .argument(...runArgument)
      .option('-n, --count <n>', 'how many', wholeNumber(1), 64)
      .option(
        '--sampler <name>',
        'prior, gmm, knn, two-stage or maf (default: prior of a model that has one, gmm of any other run)',
        oneOf(['prior', 'gmm', 'knn', 'two-stage', 'maf']),
      )
      .option('--components <n>', 'gmm: how many normal distributions (default: 10)', wholeNumber(1))
      .option(
        '--label <n>',
        'of a conditional model: the class of all samples (default: each class in turn)',
        wholeNumber(0),
      )
      .option('--data <data>', 'whose codes a sampler learns (default: what the run was trained on)')
      .option(
        '--seed <n>',
        "decides what is drawn (default: the run's)",
        wholeNumber(Number.MIN_SAFE_INTEGER),
      )
      .option(
        '-o, --output <file>',
        `where they go: a name that ends in .png, .npy or .csv; of a table ${endingsText()} (default: grid.png, of a table samples.csv)`,
      )
      .option(...decimalOption)
      .action(async (run: string, options: SampleOptions) => {
        const { drawSamples } = await import('./sampling.js');
        await drawSamples(run, options, new Output(cli, options));
      });
  });
}
