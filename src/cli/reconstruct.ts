import type { Command } from 'commander';
import { type CommonOptions, dataArgument, makeCommand, runArgument } from './command.js';
import { Output } from './output.js';
import { wholeNumber } from './parse.js';
import type { Cli } from './program.js';

interface ReconstructOptions extends CommonOptions {
  readonly output: string;
  readonly count?: number;
}

/** Samples that a picture shows unless more are asked for. */
const pictured = 20;

/** `autoencoder reconstruct`. */
export function reconstructCommand(cli: Cli): Command {
  const text = {
    name: 'reconstruct',
    summary: 'show what a model makes of data',
    details: 'A picture has originals above reconstructions; numbers are in the units of the training data',
    json: 'print one JSON object alone: file, samples, shape',
    examples: [
      ['autoencoder reconstruct runs/mnist-vae mnist:test', 'grid.png, 20 originals and what became of them'],
      ['autoencoder reconstruct runs/mnist-vae mnist:test -o all.npy', 'all 10,000 as numbers'],
    ],
  } as const;
  return makeCommand(text, (command) => {
    command
      .argument(...runArgument)
      .argument(...dataArgument)
      .option('-o, --output <file>', 'where they go: a name that ends in .png, .npy or .csv', 'grid.png')
      .option('--count <n>', 'how many (default: in a picture 20, else all)', wholeNumber(1))
      .action(async (run: string, data: string, options: ReconstructOptions) => {
        const { SampleFile } = await import('./sampleFile.js');
        const file = new SampleFile(options.output);
        const { openRun } = await import('./open.js');
        const { valueRange } = await import('./outputFile.js');
        const { readDataset } = await import('../index.js');
        const { reconstructionsPicture } = await import('../pictures/grid.js');
        const model = await openRun(run);
        const all = await readDataset(data);
        const some = file.part(all, options.count, pictured);
        const samples = some.shape[0]!;
        file.check(samples, model);
        const reconstructions = await model.reconstruct(some);
        await file.write(reconstructions, model, () =>
          reconstructionsPicture(some.data, reconstructions.data, model.sampleSpec.shape, valueRange(model)),
        );
        file.report(new Output(cli, options), samples, model, all.shape[0]!);
      });
  });
}
