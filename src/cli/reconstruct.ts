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
import { isTableSpec } from './dataSpec.js';
import { Output } from './output.js';
import { wholeNumber } from './parse.js';
import type { Cli } from './program.js';
import { counted } from './text.js';

interface ReconstructOptions extends CommonOptions, DecimalOption {
  readonly output?: string;
  readonly count?: number;
  readonly label?: number;
}

async function reconstructTable(
  run: string,
  data: string,
  { output, decimal, label }: ReconstructOptions,
  out: Output,
): Promise<void> {
  const { writeReconstructed } = await import('./tableOutput.js');
  const { checkTableFile } = await import('../artifact/tableFile.js');
  const { checkTarget } = await import('./targets.js');
  const { openRun } = await import('./open.js');
  const { checkKind } = await import('./dataKind.js');
  const file = output ?? 'reconstructed.csv';
  const { checkLabel } = await import('./classes.js');
  const model = await openRun(run);
  checkLabel(model, label);
  checkKind(model, data);
  checkTableFile(file);
  checkTarget('-o', file, { data: [data], run });
  const rows = await writeReconstructed(file, model, data, decimal, out);
  out.result(
    () => `${file}: ${counted(rows, 'row')}, with every column that was learned as the model makes it`,
    {
      file,
      rows,
    },
  );
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
      .option(
        '-o, --output <file>',
        `where they go: a name that ends in .png, .npy or .csv; of a table ${endingsText()} (default: grid.png, of a table reconstructed.csv)`,
      )
      .option('--count <n>', 'how many (default: in a picture 20, else all)', wholeNumber(1))
      .option(...labelOption)
      .option(...decimalOption)
      .action(async (run: string, data: string, options: ReconstructOptions) => {
        if (isTableSpec(data)) {
          await reconstructTable(run, data, options, new Output(cli, options));
          return;
        }
        const { SampleFile } = await import('./sampleFile.js');
        const { checkTarget } = await import('./targets.js');
        const { openRun } = await import('./open.js');
        const file = new SampleFile(options.output ?? 'grid.png');
        checkTarget('-o', file.path, { data: [data], run });
        const { checkLabel, withLabel } = await import('./classes.js');
        const { drawing } = await import('./outputFile.js');
        const { dataFor } = await import('./tableRun.js');
        const { reconstructionsPicture } = await import('../pictures/grid.js');
        const model = await openRun(run);
        const output = new Output(cli, options);
        checkLabel(model, options.label);
        const read = await dataFor(model, data, output, { decimal: options.decimal });
        const all = withLabel(model, read, options.label);
        const some = file.part(all, options.count, pictured);
        const samples = some.shape[0]!;
        file.check(samples, model);
        const reconstructions = await model.reconstruct(some);
        await file.write(reconstructions, model, () =>
          reconstructionsPicture(some.data, reconstructions.data, model.sampleSpec.shape, drawing(model)),
        );
        file.report(output, samples, model, all.shape[0]!);
      });
  });
}
