import type { Command } from 'commander';
import { endingsText } from '../artifact/tableEndings.js';
import {
  type CommonOptions,
  type DecimalOption,
  dataArgument,
  decimalOption,
  labelOption,
  makeCommand,
  runArgument,
} from './command.js';
import { Output } from './output.js';
import { names } from './parse.js';
import type { Cli } from './program.js';
import { counted } from './text.js';

/** The options of `encode` as they were given. */
export interface EncodeOptions extends CommonOptions, DecimalOption {
  readonly output: string;
  readonly carry?: string[];
  readonly label?: number;
}

/** `autoencoder encode`. */
export function encodeCommand(cli: Cli): Command {
  const text = {
    name: 'encode',
    summary: 'write the codes of data',
    details: 'A code is a row of numbers; of a VAE it is the mean',
    json: 'print one JSON object alone: file, samples, codeSize',
    examples: [
      ['autoencoder encode runs/mnist-vae mnist:test -o codes.npy', 'for NumPy, and for decode'],
      ["autoencoder encode runs/mnist-vae 'mnist:test[0:100]' -o codes.csv", 'columns label, z0, z1, …'],
      [
        'autoencoder encode runs/people-vae people.csv -o codes.parquet',
        'with the column that names the rows',
      ],
    ],
  } as const;
  return makeCommand(text, (command) => {
    command
      .argument(...runArgument)
      .argument(...dataArgument)
      .option(
        '-o, --output <file>',
        `where the codes go: a name that ends in .npy, ${endingsText()}`,
        'codes.npy',
      )
      .option(
        '--carry <columns>',
        "of a table: columns to write beside the codes (default: the run's --id and --label)",
        names,
      )
      .option(...labelOption)
      .option(...decimalOption)
      .action(async (run: string, data: string, options: EncodeOptions) => {
        const { encode } = await import('./encoding.js');
        const output = new Output(cli, options);
        const { samples, model } = await encode(run, data, options, output);
        output.result(
          () => `${options.output}: ${counted(samples, 'code')} of ${counted(model.latent, 'number')}`,
          { file: options.output, samples, codeSize: model.latent },
        );
      });
  });
}
