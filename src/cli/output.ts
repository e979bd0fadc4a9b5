import { asTyped } from './asTyped.js';
import type { CommonOptions } from './command.js';
import type { Cli } from './program.js';

/** Where the words of one command go: results to standard output, everything else to standard error. */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;

  constructor(
    private readonly cli: Cli,
    options: CommonOptions,
  ) {
    this.json = options.json ?? false;
    this.quiet = options.quiet ?? false;
  }

  /** The standard error stream, for a progress bar. */
  get progressStream(): Cli['stderr'] {
    return this.cli.stderr;
  }

  /** The outcome, as text for people or as one line of JSON for programs. */
  result(text: () => string, value: Readonly<Record<string, unknown>>): void {
    if (this.json) this.jsonLine(value);
    else if (!this.quiet) this.cli.stdout.write(`${text()}\n`);
  }

  /** A line of JSON where JSON was asked for. */
  jsonLine(value: Readonly<Record<string, unknown>>): void {
    if (this.json) this.cli.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** How things go, for people. */
  note(text: string): void {
    if (!this.quiet && !this.json) this.cli.stderr.write(`${text}\n`);
  }

  /** Something that may not be as it was meant. */
  warn(text: string): void {
    if (!this.quiet) this.cli.stderr.write(`autoencoder: warning: ${asTyped(text)}\n`);
  }

  /** Several such things. */
  warnAll(notes: readonly string[]): void {
    for (const note of notes) this.warn(note);
  }

  /** Why the command ends without what was asked for. */
  fail(text: string, exitCode: number): void {
    this.cli.stderr.write(`autoencoder: ${text}\n`);
    this.cli.exitCode = exitCode;
  }
}
