import { existsSync, readFileSync, statSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { makeFolder } from '../artifact/folder.js';
import type { DataSpec } from '../data/spec.js';
import { UserError } from '../errors.js';
import { specOf } from './dataSpec.js';
import { commandLine } from './text.js';

/** The files of a run. What the model consists of is listed in its manifest. */
export const runFile = {
  /** With what options the run was started. */
  record: 'run.json',
  checkpoint: 'checkpoint.safetensors',
  history: 'history.csv',
  manifest: 'manifest.json',
  loss: 'loss.png',
  reconstructions: 'reconstructions.png',
  samples: 'samples.png',
} as const;

/** The files of runs and detectors. The manifest goes first: without it, what remains is seen to be no finished run. */
export const allFiles = [
  runFile.manifest,
  runFile.record,
  runFile.checkpoint,
  runFile.history,
  'encoder.onnx',
  'decoder.onnx',
  'autoencoder.onnx',
  'detector.onnx',
  'weights.safetensors',
  runFile.loss,
  runFile.reconstructions,
  runFile.samples,
];

/** The folder that a run goes into where none is named: `runs/mnist-test-0-1000-vae`. */
export function defaultFolder(spec: string, model: string): string {
  const parsed = specOf(spec);
  const name = parsed.kind === 'file' ? fileName(parsed.path) : partName(parsed);
  const range = parsed.range && `-${parsed.range.start ?? 0}-${parsed.range.end ?? 'end'}`;
  return join('runs', `${name}${range ?? ''}-${model}`);
}

function partName(parsed: Exclude<DataSpec, { kind: 'file' }>): string {
  return parsed.kind === 'mnist' && parsed.part === 'test' ? 'mnist-test' : parsed.kind;
}

function fileName(path: string): string {
  const name = basename(path.replace(/\.gz$/i, ''));
  // 'train-images-idx3-ubyte' has no extension; 'digits.v2.npy' has one.
  return basename(name, extname(name)).replace(/[^\w.-]+/g, '_') || 'data';
}

/** What a folder holds: a run, or a detector that was kept. */
export function runState(folder: string): 'none' | 'started' | 'finished' | 'detector' {
  const has = (name: string) => existsSync(join(folder, name));
  if (has(runFile.manifest)) return isDetector(folder) ? 'detector' : 'finished';
  return has(runFile.record) || has(runFile.checkpoint) ? 'started' : 'none';
}

/** Whether a folder holds a detector; false also where it holds nothing, of which opening it will say more. */
export function isDetector(folder: string): boolean {
  try {
    const { family } = JSON.parse(readFileSync(join(folder, runFile.manifest), 'utf8')) as {
      family?: unknown;
    };
    return family === 'detector';
  } catch {
    return false;
  }
}

/** The data of a run, training before validation, as its record names them; none where it cannot be read. */
export function recordedData(folder: string): string[] {
  try {
    const { options } = JSON.parse(readFileSync(join(folder, runFile.record), 'utf8')) as {
      options?: { data?: unknown; validation?: unknown };
    };
    return [options?.data, options?.validation].filter((spec) => typeof spec === 'string');
  } catch {
    return [];
  }
}

/**
 * Makes sure that a new run, or a detector, may go into a folder.
 * @throws {UserError} when it holds one, or files that it would replace
 */
export function checkFree(folder: string, wanted: 'run' | 'detector' = 'run'): void {
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new UserError(`--out ${folder} is a file; give the name of a folder`);
  }
  const state = runState(folder);
  const others = 'replace it with --overwrite, or choose another folder with --out';
  if (state === 'detector') throw new UserError(`${folder} already holds a detector; ${others}`);
  if (state !== 'none' && wanted === 'detector') {
    throw new UserError(`${folder} already holds a run of train; ${others}`);
  }
  if (state === 'finished') {
    throw new UserError(
      `${folder} already holds a finished run; train it for more epochs: ${resumeCommand(folder)} --epochs N; ${others}`,
    );
  }
  if (state === 'started') {
    throw new UserError(
      `${folder} already holds a run that has not finished; go on with it: ${resumeCommand(folder)}; or ${others}`,
    );
  }
  const inTheWay = allFiles.filter((name) => existsSync(join(folder, name)));
  if (inTheWay.length > 0) {
    throw new UserError(
      `${folder} holds files that a ${wanted} would replace (${inTheWay.join(', ')}); choose another folder with --out, or let them be replaced with --overwrite`,
    );
  }
}

/** The command that goes on with a run. */
export function resumeCommand(folder: string): string {
  return commandLine('train', '--resume', '--out', folder);
}

/** A run's folder while training goes on. */
export class RunFolder {
  private constructor(
    readonly path: string,
    /** The topmost folder that had to be made. */
    private readonly made: string | undefined,
  ) {}

  /**
   * Makes the folder ready for a new run: what an earlier one left is removed, other files stay.
   * @throws {UserError} when the folder cannot be made
   */
  static async start(path: string): Promise<RunFolder> {
    const folder = new RunFolder(path, await makeFolder(path));
    await folder.remove(allFiles);
    return folder;
  }

  /** The folder of a run that goes on. */
  static resume(path: string): RunFolder {
    return new RunFolder(path, undefined);
  }

  /** The model that is there stops being one, since `history.csv` is about to change. */
  async reopen(): Promise<void> {
    await this.remove([runFile.manifest]);
  }

  /** The path of one of its files. */
  file(name: keyof typeof runFile): string {
    return join(this.path, runFile[name]);
  }

  /** Leaves no trace of a run that ended before there was anything worth keeping. */
  async discard(): Promise<void> {
    if (existsSync(this.file('checkpoint'))) return;
    await this.remove(allFiles);
    if (this.made === undefined) return;
    try {
      for (let path = resolve(this.path); path.startsWith(this.made); path = dirname(path)) await rmdir(path);
    } catch {
      // Something else is in it by now.
    }
  }

  private async remove(names: readonly string[]): Promise<void> {
    // A process that was killed while writing leaves a temporary file behind.
    const unfinished = (await readdir(this.path)).filter((name) => /^\.writing-.*\.tmp$/.test(name));
    for (const name of [...names, ...unfinished]) await rm(join(this.path, name), { force: true });
  }
}
