import type { Command } from 'commander';
import {
  type CommonOptions,
  type DecimalOption,
  dataArgument,
  decimalOption,
  makeCommand,
  runArgument,
} from './command.js';
import { Output } from './output.js';
import { oneOf, wholeNumber } from './parse.js';
import type { Cli } from './program.js';

/** The options of `map` as they were given. */
export interface MapOptions extends CommonOptions, DecimalOption {
  readonly output: string;
  readonly method: string;
  readonly label?: string;
  readonly neighbours?: string;
  readonly seed: number;
}

/** `autoencoder map`. */
export function mapCommand(cli: Cli): Command {
  const text = {
    name: 'map',
    summary: 'draw the codes of data in the plane, and measure how well they keep its neighbourhoods',
    details:
      'Codes of more than two numbers are drawn by UMAP. The figures are of the codes themselves, beside those of as many principal components',
    json: 'print one JSON object alone: file, samples, method, trustworthiness, continuity, with labels knnAccuracy, and pca with the same',
    examples: [
      ['autoencoder map runs/mnist-autoencoder mnist:test', 'map.png, coloured by digit'],
      [
        'autoencoder map runs/mnist-autoencoder mnist:test --neighbours mnist',
        'the nearest training codes vote on the digit of each test code',
      ],
      ['autoencoder map runs/people-vae people.csv --label city -o people.png', 'rows of a table'],
    ],
  } as const;
  return makeCommand(text, (command) => {
    command
      .argument(...runArgument)
      .argument(...dataArgument)
      .option('-o, --output <file>', 'where the picture goes: a name that ends in .png', 'map.png')
      .option('--method <name>', 'auto, umap or pca', oneOf(['auto', 'umap', 'pca']), 'auto')
      .option(
        '--label <column>',
        "of a table: the column that colours the points (default: the run's --label)",
      )
      .option(
        '--neighbours <data>',
        'data whose codes vote on the class of each row (default: the other rows of the data themselves)',
      )
      .option('--seed <n>', 'decides what UMAP and samples draw', wholeNumber(0), 0)
      .option(...decimalOption)
      .action(async (run: string, data: string, options: MapOptions) => {
        const { drawMap } = await import('./mapping.js');
        await drawMap(run, data, options, new Output(cli, options));
      });
  });
}
