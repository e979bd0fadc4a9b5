import type { Command } from 'commander';
import { type CommonOptions, dataArgument, makeCommand, runArgument } from './command.js';
import { Output } from './output.js';
import type { Cli } from './program.js';
import { counted } from './text.js';

interface EncodeOptions extends CommonOptions {
  readonly output: string;
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
      ["autoencoder encode runs/mnist-vae 'mnist:test[0:100]' -o codes.csv", 'columns z0, z1, …'],
    ],
  } as const;
  return makeCommand(text, (command) => {
    command
      .argument(...runArgument)
      .argument(...dataArgument)
      .option('-o, --output <file>', 'where the codes go: a name that ends in .npy or .csv', 'codes.npy')
      .action(async (run: string, data: string, options: EncodeOptions) => {
        const { outputKind, writeNumbers } = await import('./outputFile.js');
        const kind = outputKind(options.output, ['npy', 'csv']) as 'npy' | 'csv';
        const { openRun } = await import('./open.js');
        const { readDataset } = await import('../index.js');
        const model = await openRun(run);
        const codes = await model.encode(await readDataset(data));
        await writeNumbers(options.output, kind, codes, 'z');
        const samples = codes.shape[0]!;
        new Output(cli, options).result(
          () => `${options.output}: ${counted(samples, 'code')} of ${counted(model.latent, 'number')}`,
          { file: options.output, samples, codeSize: model.latent },
        );
      });
  });
}
