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
import { wholeNumber } from './parse.js';
import type { Cli } from './program.js';

/** The options of `interpolate` as they were given. */
export interface InterpolateOptions extends CommonOptions, DecimalOption {
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  readonly spherical?: boolean;
  readonly label?: number;
  readonly output?: string;
}

/** `autoencoder interpolate`. */
export function interpolateCommand(cli: Cli): Command {
  const text = {
    name: 'interpolate',
    summary: 'show what lies between two samples: decode the codes on the way from one to the other',
    details: 'The way is a straight line between both codes, or with --spherical a great circle',
    json: 'print one JSON object alone: file, samples, shape (of a table: file, rows), from, to, method',
    examples: [
      [
        'autoencoder interpolate runs/mnist-vae mnist:test --from 0 --to 1',
        'interpolate.png, from a seven to a two',
      ],
      [
        'autoencoder interpolate runs/mnist-vae mnist:test --from 0 --to 1 --spherical --steps 16',
        'the same along a great circle',
      ],
    ],
  } as const;
  return makeCommand(text, (command) => {
    command
      .argument(...runArgument)
      .argument(...dataArgument)
      .requiredOption('--from <index>', 'the sample at the beginning, counted from 0', wholeNumber(0))
      .requiredOption('--to <index>', 'the sample at the end', wholeNumber(0))
      .option('--steps <n>', 'samples on the way, both ends included', wholeNumber(2), 10)
      .option(
        '--label <n>',
        'of a conditional model: the class of all (default: that of the sample at the beginning)',
        wholeNumber(0),
      )
      .option('--spherical', 'along a great circle (slerp)')
      .option(
        '-o, --output <file>',
        'a name that ends in .png, .npy or .csv; of a table .csv, .tsv, .jsonl or .parquet (default: interpolate.png; of a table interpolate.csv)',
      )
      .option(...decimalOption)
      .action(async (run: string, data: string, options: InterpolateOptions) => {
        const { drawInterpolation } = await import('./walks.js');
        await drawInterpolation(run, data, options, new Output(cli, options));
      });
  });
}
