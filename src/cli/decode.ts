import type { Command } from 'commander';
import { endingsText } from '../artifact/tableEndings.js';
import { type CommonOptions, makeCommand, runArgument } from './command.js';
import { Output } from './output.js';
import { wholeNumber } from './parse.js';
import type { Cli } from './program.js';

interface DecodeOptions extends CommonOptions {
  readonly output?: string;
  readonly count?: number;
  readonly label?: number;
}

/** Codes that a picture shows unless more are asked for. */
const pictured = 100;

/** `autoencoder decode`. */
export function decodeCommand(cli: Cli): Command {
  const text = {
    name: 'decode',
    summary: 'turn codes back into samples',
    details: 'They come in the units of the training data: 0 to 255 where those were bytes',
    json: 'print one JSON object alone: file, samples, shape',
    examples: [
      ['autoencoder decode runs/mnist-vae codes.npy -o decoded.npy', 'all of them, as numbers'],
      ['autoencoder decode runs/mnist-vae codes.npy -o decoded.png --count 25', 'the first 25, as a picture'],
      [
        'autoencoder decode runs/mnist-conditional-vae codes.npy --label 7 -o sevens.png',
        'as sevens, whatever they were',
      ],
    ],
  } as const;
  return makeCommand(text, (command) => {
    command
      .argument(...runArgument)
      .argument(
        '<codes>',
        'a file of codes, one a row, such as encode writes; behind the name of a .npy file [0:100] may follow',
      )
      .option(
        '-o, --output <file>',
        `where samples go: a name that ends in .npy, .csv or .png; of a table ${endingsText()} (default: decoded.npy, of a table decoded.csv)`,
      )
      .option('--count <n>', 'how many (default: all; in a picture 100)', wholeNumber(1))
      .option(
        '--label <n>',
        'of a conditional model: the class of all samples (default: the column label of a table of codes)',
        wholeNumber(0),
      )
      .action(async (run: string, codes: string, options: DecodeOptions) => {
        const { fileFor } = await import('./sampleFile.js');
        const { checkTarget } = await import('./targets.js');
        const { openRun } = await import('./open.js');
        const { readCodes } = await import('./codes.js');
        const { checkLabel } = await import('./classes.js');
        const model = await openRun(run);
        const file = fileFor(model, options.output, 'decoded.npy', 'decoded.csv');
        checkTarget('-o', file.path, { data: [codes], run });
        const { label } = options;
        checkLabel(model, label);
        const all = await readCodes(codes, run, model, label);
        const some = file.part(all, options.count, pictured);
        const samples = some.shape[0]!;
        file.check(samples, model);
        await file.write(await model.decode(some, label === undefined ? {} : { labels: label }), model);
        file.report(new Output(cli, options), samples, model, all.shape[0]!);
      });
  });
}
