import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, extname, join, resolve, sep } from 'node:path';
import { checkWritable } from '../artifact/write.js';
import { UserError } from '../errors.js';
import { specOf } from './dataSpec.js';
import { allFiles, runState } from './runFolder.js';

/** What a command reads, which it must not write over. */
export interface Sources {
  /** Specifications of data: files, folders of pictures, mnist, `-`. */
  readonly data?: readonly (string | undefined)[];
  /** The folder of a run. */
  readonly run?: string | undefined;
}

/**
 * Makes sure, before there is any work, that a file can be written, and is neither one that the command reads nor one of a
 * run's own: by what it is on the disk, however its path is spelt.
 * @param option what the user typed before the path: `-o`
 * @throws {UserError}
 */
export function checkTarget(option: string, path: string, { data = [], run }: Sources): void {
  if (path === '') throw new UserError(`${option}: the name of a file is expected, got an empty one`);
  for (const spec of data) {
    const source = spec === undefined ? undefined : pathOf(spec);
    if (source === undefined || !isPartOf(path, source)) continue;
    throw new UserError(
      `${option} ${path}: this is ${statSync(source).isDirectory() ? 'a file in the folder of the data' : 'the file of the data'} (${spec}), which would be overwritten; give another name`,
    );
  }
  const own = ownFile(path, run);
  if (own !== undefined) {
    throw new UserError(
      `${option} ${path}: this is ${own} of the run, which would be overwritten; give another name`,
    );
  }
  checkWritable(path);
}

/**
 * Makes sure that a name is one for a picture.
 * @throws {UserError} when it does not end in .png
 */
export function checkPictureName(option: string, path: string): void {
  if (extname(path).toLowerCase() === '.png') return;
  throw new UserError(`${option} ${path}: pictures are written as PNG; give a name that ends in .png`);
}

/**
 * Makes sure that a folder's files, which are to be replaced, are not the data.
 * @throws {UserError}
 */
export function checkFolderTarget(folder: string, names: readonly string[], { data = [] }: Sources): void {
  for (const spec of data) {
    const source = spec === undefined ? undefined : pathOf(spec);
    const name = names.find((each) => source !== undefined && isSame(join(folder, each), source));
    if (name === undefined) continue;
    throw new UserError(
      `--out ${folder}: its file ${name} would be replaced, and is the data (${spec}); choose another folder`,
    );
  }
}

/** The name of the file that a path leads to, where it is of the run that is read, or of the one in whose folder it lies. */
function ownFile(path: string, run: string | undefined): string | undefined {
  if (!existsSync(path)) return undefined;
  const near = [dirname(path), dirname(realpathSync(path)), ...(run === undefined ? [] : [run])];
  const folders = near.filter((folder) => runState(folder) !== 'none');
  return allFiles.find((name) => folders.some((folder) => isSame(path, join(folder, name))));
}

function pathOf(spec: string): string | undefined {
  if (spec === '-') return undefined;
  try {
    const parsed = specOf(spec);
    return parsed.kind === 'file' ? parsed.path : undefined;
  } catch {
    // What is wrong with it is said where it is read.
    return undefined;
  }
}

/** Whether a path leads to a source, or to a file that is there in the folder that the source is. */
function isPartOf(path: string, source: string): boolean {
  if (isSame(path, source)) return true;
  if (!existsSync(path) || !existsSync(source)) return false;
  return statSync(source).isDirectory() && realpathSync(path).startsWith(resolve(realpathSync(source)) + sep);
}

/** Links, and the two cases of letters where a file system tells them not apart, lead to one file of one device. */
function isSame(path: string, other: string): boolean {
  if (!existsSync(path) || !existsSync(other)) return false;
  const [a, b] = [statSync(path, { bigint: true }), statSync(other, { bigint: true })];
  return a.isFile() && a.dev === b.dev && a.ino === b.ino;
}
