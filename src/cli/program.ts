import type { Writable } from 'node:stream';
import { Command, CommanderError } from 'commander';
import { UserError } from '../errors.js';
import { version } from '../version.js';
import { asTyped } from './asTyped.js';
import { decodeCommand } from './decode.js';
import { detectCommand } from './detect.js';
import { encodeCommand } from './encode.js';
import { evaluateCommand } from './evaluate.js';
import { infoCommand } from './info.js';
import { interpolateCommand } from './interpolate.js';
import { mapCommand } from './map.js';
import { reconstructCommand } from './reconstruct.js';
import { sampleCommand } from './sample.js';
import { trainCommand } from './train.js';
import { traverseCommand } from './traverse.js';

/** Where a command writes, and the status that it ends with unless it throws. */
export interface Cli {
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  exitCode: number;
}

/**
 * Runs the command line.
 * @param argv the arguments after the program's name
 * @returns the exit status: 0; 2 for the user's mistake; 1 for a fault of this program; 130 after Ctrl-C
 */
export async function run(
  argv: readonly string[],
  { stdout, stderr }: Pick<Cli, 'stdout' | 'stderr'> = process,
): Promise<number> {
  const cli: Cli = { stdout, stderr, exitCode: 0 };
  try {
    const root = await program(cli, argv);
    await root.parseAsync([...argv], { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    // Commander has written its message already, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportError(error, cli.stderr, argv.includes('--debug'));
  }
}

async function program(cli: Cli, argv: readonly string[]): Promise<Command> {
  const root = new Command('autoencoder')
    .description(
      'Trains autoencoders and variational autoencoders, and uses them. What it trains is plain ONNX.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText(
      'after',
      `
Examples:
  autoencoder train mnist                          learns handwritten digits, writes runs/mnist-autoencoder
  autoencoder evaluate runs/mnist-autoencoder mnist:test
  autoencoder train --help                         the options of a command

Exit status: 0 done, 1 a fault of this program, 2 a mistake in what was given, 130 interrupted by Ctrl-C.`,
    );
  const commands = [
    trainCommand,
    evaluateCommand,
    detectCommand,
    encodeCommand,
    mapCommand,
    decodeCommand,
    reconstructCommand,
    sampleCommand,
    traverseCommand,
    interpolateCommand,
    infoCommand,
  ];
  for (const command of commands) root.addCommand(await command(cli, argv));
  for (const each of [root, ...root.commands]) {
    each.exitOverride().configureOutput({
      writeOut: (text) => cli.stdout.write(text),
      writeErr: (text) => cli.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'autoencoder: ')),
    });
    if (each !== root) each.showHelpAfterError(`Its options: autoencoder ${each.name()} --help`);
  }
  return root;
}

/**
 * Says what went wrong.
 * @returns the exit status
 */
export function reportError(error: unknown, stderr: Writable, debug: boolean): number {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof UserError) {
    stderr.write(`autoencoder: ${debug ? stack : asTyped(message)}\n`);
    return 2;
  }
  stderr.write(
    debug
      ? `autoencoder: ${stack}\n`
      : `autoencoder: unexpected: ${message}\nThis is a fault of the program; --debug shows where it happened.\n`,
  );
  return 1;
}
