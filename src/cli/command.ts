import { Command } from 'commander';
import type { DecimalMark } from '../data/table/table.js';
import { oneOf, wholeNumber } from './parse.js';

/** The options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly debug?: boolean;
}

/** The option of commands that read data with a run. */
export interface DecimalOption {
  readonly decimal?: DecimalMark;
}

/** What a command is called and for; examples are pairs of a command line and what it does. */
export interface CommandText {
  readonly name: string;
  readonly summary: string;
  /** More than fits into a line of the list of commands. */
  readonly details?: string;
  readonly examples: readonly (readonly [line: string, effect: string])[];
  /** What `--json` prints. */
  readonly json: string;
}

/** A command with its help; `define` adds what is its own, and common options come last. */
export function makeCommand(text: CommandText, define: (command: Command) => void): Command {
  const command = new Command(text.name)
    .summary(text.summary)
    .description(
      [text.summary, text.details]
        .flatMap((part) => part ?? [])
        .map(sentence)
        .join(' '),
    )
    .helpOption('-h, --help', 'print this help');
  define(command);
  const examples = text.examples.map(([line, effect]) => `  ${line}\n      ${effect}`);
  return command
    .option('--json', text.json)
    .option('--quiet', 'print nothing but errors')
    .option('--debug', 'show where an error happened')
    .addHelpText('after', `\nExamples:\n${examples.join('\n')}`);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** The argument that names a run. */
export const runArgument = ['<run>', 'the folder that train wrote, such as runs/mnist-vae'] as const;

/** The argument that names data. */
export const dataArgument = [
  '<data>',
  'mnist, mnist:train, mnist:test, shapes, or the path of an IDX or .npy file (gzipped too), each may be followed by a slice such as [0:1000]; or a folder of pictures; or a table: CSV, TSV, JSON Lines, Parquet, .npz; - is standard input',
] as const;

/** The option of commands that encode data: the class that `withLabel` gives to samples. */
export const labelOption = [
  '--label <n>',
  'of a conditional model: the class of all samples (default: the labels of the data)',
  wholeNumber(0),
] as const;

/** The option that says how the numbers of a table are written. */
export const decimalOption = [
  '--decimal <mark>',
  'of a table: before the decimals of its numbers, . or , (default: found out)',
  oneOf(['.', ',']),
] as const;
