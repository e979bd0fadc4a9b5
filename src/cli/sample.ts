import type { Command } from 'commander';
import { endingsText } from '../artifact/tableEndings.js';
import { type CommonOptions, makeCommand, runArgument } from './command.js';
import { Output } from './output.js';
import { wholeNumber } from './parse.js';
import type { Cli } from './program.js';

interface SampleOptions extends CommonOptions {
  readonly count: number;
  readonly seed?: number;
  readonly output: string;
}

/** `autoencoder sample`. */
export function sampleCommand(cli: Cli): Command {
  const text = {
    name: 'sample',
    summary: 'draw new samples from a VAE',
    details: 'Codes are drawn from the standard normal distribution and decoded',
    json: 'print one JSON object alone: file, samples, shape',
    examples: [
      ['autoencoder sample runs/mnist-vae', 'grid.png with 64 new digits'],
      ['autoencoder sample runs/mnist-vae -n 1000 --seed 7 -o new.npy', 'a thousand others, as numbers'],
      ['autoencoder sample runs/people-vae -o people.csv', 'new rows of a table'],
    ],
  } as const;
  return makeCommand(text, (command) => {
    command
      .argument(...runArgument)
      .option('-n, --count <n>', 'how many', wholeNumber(1), 64)
      .option(
        '--seed <n>',
        "decides what is drawn (default: the run's)",
        wholeNumber(Number.MIN_SAFE_INTEGER),
      )
      .option(
        '-o, --output <file>',
        `where they go: a name that ends in .png, .npy or .csv; of a table ${endingsText()}`,
        'grid.png',
      )
      .action(async (run: string, options: SampleOptions) => {
        const { SampleFile } = await import('./sampleFile.js');
        const file = new SampleFile(options.output);
        const { checkTarget } = await import('./targets.js');
        checkTarget('-o', file.path, { run });
        const { openVae } = await import('./open.js');
        const { count, seed } = options;
        const model = await openVae(run);
        file.check(count, model);
        await file.write(await model.sample(count, seed === undefined ? {} : { seed }), model);
        file.report(new Output(cli, options), count, model);
      });
  });
}
