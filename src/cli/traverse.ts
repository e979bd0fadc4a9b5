import type { Command } from 'commander';
import {
  type CommonOptions,
  type DecimalOption,
  decimalOption,
  makeCommand,
  runArgument,
} from './command.js';
import { Output } from './output.js';
import { wholeNumber } from './parse.js';
import type { Cli } from './program.js';

/** The options of `traverse` as they were given. */
export interface TraverseOptions extends CommonOptions, DecimalOption {
  readonly from?: number;
  readonly latents?: number;
  readonly label?: number;
  readonly data?: string;
  readonly output?: string;
}

/** `autoencoder traverse`. */
export function traverseCommand(cli: Cli): Command {
  const text = {
    name: 'traverse',
    summary: 'show what each latent means: sweep it while the others stay as they are',
    details:
      'A row for each latent, the one that varies most over the data first. Of a VAE with a normal prior it goes from -3 to 3 standard deviations of it, of other runs through the quantiles of its codes from 1% to 99%',
    json: 'print one JSON object alone: file, samples, shape (of a table: file, rows), latents, values, from',
    examples: [
      ['autoencoder traverse runs/mnist-vae', 'traverse.png, about the mean code of the training data'],
      ['autoencoder traverse runs/mnist-vae --data mnist:test --from 3', 'about the code of test image 3'],
    ],
  } as const;
  return makeCommand(text, (command) => {
    command
      .argument(...runArgument)
      .option('--from <index>', 'vary the code of this sample of the data, counted from 0', wholeNumber(0))
      .option('--latents <n>', 'how many (default: the 12 most active)', wholeNumber(1))
      .option(
        '--label <n>',
        'of a conditional model: the class of all (default: that of the sample, or of the first of the data)',
        wholeNumber(0),
      )
      .option('--data <data>', 'the data whose codes are looked at (default: what the run was trained on)')
      .option(
        '-o, --output <file>',
        'a name that ends in .png, .npy or .csv; of a table .csv, .tsv, .jsonl or .parquet (default: traverse.png; of a table traverse.csv)',
      )
      .option(...decimalOption)
      .action(async (run: string, options: TraverseOptions) => {
        const { drawTraversal } = await import('./walks.js');
        await drawTraversal(run, options, new Output(cli, options));
      });
  });
}
