import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { run } from '../cli/program.js';

/** What a command did. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in this process: quick, since everything is loaded once. */
export async function call(...argv: readonly string[]): Promise<Outcome> {
  const [stdout, stderr] = [new Collector(), new Collector()];
  const code = await run(argv, { stdout, stderr });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** The same for results of `--json`: every line of standard output. */
export async function callJson(...argv: readonly string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await call(...argv, '--json');
  if (code !== 0) throw new Error(`exit status ${code}: ${stderr}`);
  return jsonLines(stdout);
}

/** Makes sure that a command ends with the status of a user's mistake and this message: no results, no stack. */
export async function refused(argv: readonly string[], message: RegExp): Promise<void> {
  const { code, stdout, stderr } = await call(...argv);
  assert.deepEqual([code, stdout], [2, ''], stderr);
  assert.match(stderr, message);
  assert.doesNotMatch(stderr, /\n {4}at /);
}

/** The objects of JSON Lines. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The built program. */
export const mainFile = fileURLToPath(new URL('../cli/main.js', import.meta.url));

/** A process of the program that is under way. */
export interface Started {
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Resolves when standard error holds such text. */
  readonly seen: (text: string) => Promise<void>;
  readonly outcome: Promise<Outcome>;
}

/** Starts the built program as a user would; through a shell where `shell` is a line with `"$@"` in it. */
export function start(argv: readonly string[], shell?: string): Started {
  const program = [process.execPath, mainFile, ...argv];
  const child =
    shell === undefined
      ? spawn(program[0]!, program.slice(1))
      : spawn('bash', ['-c', shell, 'bash', ...program]);
  let [stdout, stderr] = ['', ''];
  const waiting: { text: string; resolve: () => void }[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const { text: wanted, resolve } of waiting) if (stderr.includes(wanted)) resolve();
  });
  return {
    kill: (signal) => void child.kill(signal),
    seen: (text) =>
      new Promise((resolve, reject) => {
        if (stderr.includes(text)) resolve();
        else waiting.push({ text, resolve });
        child.once('close', () => reject(new Error(`ended without '${text}': ${stderr}`)));
      }),
    outcome: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout, stderr }));
    }),
  };
}

/** An empty folder, and what removes it. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'autoencoder-cli-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

class Collector extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
