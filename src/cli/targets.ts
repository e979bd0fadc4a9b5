import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { checkWritable } from '../artifact/write.js';
import { isListed } from '../data/images/listing.js';
import { UserError } from '../errors.js';
import { specOf } from './dataSpec.js';
import { allFiles, recordedData, runState } from './runFolder.js';

/** What a command reads, which it must not write over. */
export interface Sources {
  /** Specifications of data: files, folders of pictures, mnist, `-`. */
  readonly data?: readonly (string | undefined)[];
  /** The folder of a run. What it was trained on counts too: it is read where no data are named, and to go on with it. */
  readonly run?: string | undefined;
}

/**
 * Makes sure, before there is any work, that a file can be written, and is neither one that the command reads nor one of a
 * run's own: by what it is on the disk, however its path is spelt. Nor may it be a new picture in a folder of pictures that
 * is read, which would be read as well the next time.
 * @param option what the user typed before the path: `-o`
 * @throws {UserError}
 */
export function checkTarget(option: string, path: string, sources: Sources): void {
  if (path === '') throw new UserError(`${option}: the name of a file is expected, got an empty one`);
  for (const { source, text } of pathsOf(sources)) {
    if (isPartOf(path, source)) {
      throw new UserError(
        `${option} ${path}: this is ${statSync(source).isDirectory() ? 'a file in the folder of the data' : 'the file of the data'} (${text}), which would be overwritten; give another name`,
      );
    }
    if (!isPictureIn(path, source)) continue;
    throw new UserError(
      `${option} ${path}: this would be one more picture in the folder of the data (${text}); give a name in another folder`,
    );
  }
  const own = ownFile(path, sources.run);
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
 * Makes sure that a folder's files, which are to be replaced, are not the data, and no pictures among those that are read.
 * @throws {UserError}
 */
export function checkFolderTarget(folder: string, names: readonly string[], sources: Sources): void {
  for (const { source, text } of pathsOf(sources)) {
    const name = names.find((each) => isSame(join(folder, each), source));
    if (name !== undefined) {
      throw new UserError(
        `--out ${folder}: its file ${name} would be replaced, and is the data (${text}); choose another folder`,
      );
    }
    const picture = names.find((each) => isPictureIn(join(folder, each), source));
    if (picture === undefined) continue;
    throw new UserError(
      `--out ${folder}: its file ${picture} would be one more picture in the folder of the data (${text}); choose a folder outside of it with --out`,
    );
  }
}

/** The files and folders that are read, and what they are called. */
function pathsOf({ data = [], run }: Sources): { readonly source: string; readonly text: string }[] {
  const named = data.filter((spec) => spec !== undefined).map((spec) => ({ spec, text: spec }));
  const recorded = (run === undefined ? [] : recordedData(run)).map((spec) => ({
    spec,
    text: `${spec}, of the run ${run}`,
  }));
  return [...named, ...recorded].flatMap(({ spec, text }) => {
    const source = pathOf(spec);
    return source === undefined ? [] : [{ source, text }];
  });
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

/** Whether a path, at which there may be nothing yet, is one for a picture below the folder that a source is. */
function isPictureIn(path: string, source: string): boolean {
  if (!statSync(source, { throwIfNoEntry: false })?.isDirectory()) return false;
  const below = [relative(source, path), relative(realpathSync(source), realPlace(path))];
  return below.some((name) => !isAbsolute(name) && isListed(name.replaceAll(sep, '/')));
}

/** Where a path leads to on the disk, once there is something. */
function realPlace(path: string): string {
  const whole = resolve(path);
  if (existsSync(whole) || dirname(whole) === whole) return realpathSync(whole);
  return join(realPlace(dirname(whole)), basename(whole));
}

/** Links, and the two cases of letters where a file system tells them not apart, lead to one file of one device. */
function isSame(path: string, other: string): boolean {
  if (!existsSync(path) || !existsSync(other)) return false;
  const [a, b] = [statSync(path, { bigint: true }), statSync(other, { bigint: true })];
  return a.isFile() && a.dev === b.dev && a.ino === b.ino;
}
