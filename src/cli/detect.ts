import { type Command, Option } from 'commander';
import { endingsText } from '../artifact/tableEndings.js';
import type { DecimalMark } from '../data/table/table.js';
import type { RunScore } from '../tasks/detect/runJudge.js';
import { type CommonOptions, makeCommand } from './command.js';
import { Output } from './output.js';
import { contamination, delimiter, names, number, oneOf, wholeNumber } from './parse.js';
import type { Cli } from './program.js';

/** The options of `detect` as they were given. */
export interface DetectCommandOptions extends CommonOptions {
  readonly run?: string;
  readonly score?: RunScore;
  readonly contamination?: number | 'auto';
  readonly threshold?: number;
  readonly label?: string;
  readonly id?: string;
  readonly columns?: string[];
  readonly drop?: string[];
  readonly categorical?: string[];
  readonly encoding?: string;
  readonly delimiter?: string;
  readonly decimal?: DecimalMark;
  readonly seed?: number;
  readonly output?: string;
  readonly picture: string;
  readonly out?: string;
  readonly overwrite?: boolean;
}

/** `autoencoder detect`. */
export function detectCommand(cli: Cli): Command {
  const text = {
    name: 'detect',
    summary: 'find the rows of a table that are odd, and say why',
    details:
      'It learns what is normal from the table itself, which may hold anomalies, unless --run names a detector that has learned before',
    json: 'print one JSON object alone: rows, anomalies, threshold, oddest, and with --label auroc, averagePrecision, precisionAtN',
    examples: [
      ['autoencoder detect payments.csv', 'the oddest rows, and detect.png'],
      ['autoencoder detect payments.csv --id number -o scores.csv', 'a verdict on each row'],
      ['autoencoder detect payments.csv --label fraud', 'and how well it does, where that is known'],
      ['autoencoder detect march.csv --out runs/payments', 'keeps the detector'],
      ['autoencoder detect april.csv --run runs/payments -o april-scores.parquet', 'and uses it on new rows'],
    ],
  } as const;
  return makeCommand(text, (command) => {
    command
      .argument(
        '<data>',
        'a table: CSV, TSV, JSON Lines, Parquet, .npz or .npy, gzipped too; - is standard input',
      )
      .option('--run <folder>', 'a detector that was kept with --out, or a run of train on a table')
      .addOption(
        new Option(
          '--score <name>',
          'by what a run of a VAE judges: its bound at the mean of the code, or the importance-weighted likelihood (default: elbo)',
        ).choices(['elbo', 'likelihood']),
      )
      .addOption(
        new Option(
          '--contamination <share>',
          'the share of rows to call odd, from 0 to 0.5, or auto (default: 0.05)',
        )
          .argParser(contamination)
          .conflicts('threshold'),
      )
      .option('--threshold <score>', 'or the score above which a row is odd', number)
      .option(
        '--label <column>',
        'a column that says which rows are anomalies: used to measure, never learned from',
      )
      .option('--id <column>', 'a column that names the rows')
      .option('--columns <names>', 'the only columns to look at, such as age,income', names)
      .option('--drop <names>', 'columns to leave out', names)
      .option('--categorical <names>', 'columns of numbers that are names of categories', names)
      .option('--encoding <name>', 'of a text file, such as windows-1252 (default: utf-8)')
      .option('--delimiter <character>', 'between the cells of a text file (default: found out)', delimiter)
      .option(
        '--decimal <mark>',
        'before the decimals of numbers: . or , (default: found out)',
        oneOf(['.', ',']),
      )
      .option('--seed <n>', 'decides all that is drawn at random (default: 0)', wholeNumber(0))
      .option('-o, --output <file>', `a verdict on each row, as ${endingsText()}`)
      .option('--picture <file>', 'where the picture of scores goes', 'detect.png')
      .option('--out <folder>', 'keep the detector: detector.onnx and what --run needs')
      .option('--overwrite', 'replace what that folder holds of a detector or a run')
      .action(async (data: string, options: DetectCommandOptions) => {
        const { detect } = await import('./detecting.js');
        await detect(data, options, new Output(cli, options));
      });
  });
}
