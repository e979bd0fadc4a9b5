import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { explainReadError } from '../file.js';

/** A file that was left out, and why: `is empty (0 bytes)`. */
export interface SkippedImage {
  /** Its path below the folder, with `/` between the parts. */
  readonly name: string;
  readonly reason: string;
}

/** What lies in a folder, before any picture is opened. */
export interface ImageListing {
  /** Paths below the folder of all files with the ending of a picture, in natural order. */
  readonly names: readonly string[];
  /** Folders and links that cannot be followed. */
  readonly skipped: readonly SkippedImage[];
  /** How many files have another ending, hidden ones aside. */
  readonly others: number;
}

/** The classes that the subfolders of a folder stand for. */
export interface FolderClasses {
  /** The subfolders, in natural order. */
  readonly classes: readonly string[];
  /** The number of a picture's class. */
  labelOf(name: string): number;
}

const imageEnding = /\.(?:png|jpe?g|webp|tiff?|gif|avif)$/i;

/** A fixed language: the order must not depend on the machine's. */
const collator = new Intl.Collator('en', { numeric: true });

/**
 * Natural order, folder by folder: `2.png` before `10.png`, and what is in `a/` before what is in `a-b/`. Names
 * that the language holds equal, such as `1` and `01`, are ordered by their characters.
 */
export function compareNames(left: string, right: string): number {
  const lefts = left.split('/');
  const rights = right.split('/');
  for (let level = 0; level < Math.min(lefts.length, rights.length); level++) {
    const [a, b] = [lefts[level]!, rights[level]!];
    const order = collator.compare(a, b) || Number(a > b) - Number(a < b);
    if (order !== 0) return order;
  }
  return lefts.length - rights.length;
}

/** Whether a file would be listed as a picture, by its path below the folder, with `/` between the parts. */
export function isListed(name: string): boolean {
  return imageEnding.test(name) && !name.split('/').some((part) => part.startsWith('.'));
}

/**
 * All pictures below a folder, known by their endings. Hidden files and folders (`.DS_Store`, `._cat.jpg`) are
 * ignored; links are followed, but no folder is read twice.
 * @throws {UserError} when there is no such folder, it is a file, or may not be read
 */
export async function listImages(path: string): Promise<ImageListing> {
  await checkFolder(path);
  const names: string[] = [];
  const skipped: SkippedImage[] = [];
  // A link may lead to a folder above itself: without this the walk would never end.
  const seen = new Set<string>();
  let others = 0;
  const walk = async (below: string): Promise<void> => {
    const folder = join(path, below);
    const real = await realpath(folder);
    if (seen.has(real)) {
      skipped.push({ name: below, reason: 'is a link to a folder that is read already' });
      return;
    }
    seen.add(real);
    const entries = await readdir(folder, { withFileTypes: true });
    // Real folders go first, so that a link beside the folder that it leads to is what is left out.
    entries.sort(
      (a, b) => Number(a.isSymbolicLink()) - Number(b.isSymbolicLink()) || compareNames(a.name, b.name),
    );
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      try {
        const kind = entry.isSymbolicLink() ? await stat(join(path, name)) : entry;
        if (kind.isDirectory()) await walk(name);
        else if (!imageEnding.test(entry.name)) others++;
        else if (kind.isFile()) names.push(name);
        // Opening a pipe would wait for ever.
        else skipped.push({ name, reason: 'is a device or a pipe, not a file' });
      } catch (error) {
        skipped.push({ name, reason: accessReason(error) });
      }
    }
  };
  try {
    await walk('');
  } catch (error) {
    throw explainReadError(error, path);
  }
  return { names: names.sort(compareNames), skipped, others };
}

/** Says shortly why the operating system refused a file or a folder. */
export function accessReason(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'is a link to nothing, or was removed meanwhile';
    case 'ELOOP':
      return 'is a link that leads back to itself';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by this user';
    default:
      return `cannot be read (${(error as Error).message})`;
  }
}

/**
 * The classes of a folder, by the convention of Keras: where every picture lies in a subfolder, one level deep, each
 * subfolder is a class. `undefined` for any other layout.
 */
export function folderClasses(names: readonly string[]): FolderClasses | undefined {
  if (names.length === 0 || names.some((name) => name.split('/').length !== 2)) return undefined;
  const classOf = (name: string) => name.slice(0, name.indexOf('/'));
  const classes = [...new Set(names.map(classOf))].sort(compareNames);
  const numbers = new Map(classes.map((name, number) => [name, number]));
  return { classes, labelOf: (name) => numbers.get(classOf(name))! };
}

async function checkFolder(path: string): Promise<void> {
  try {
    if ((await stat(path)).isDirectory()) return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new UserError(`there is no folder ${path}; check the path`);
    }
    throw explainReadError(error, path);
  }
  throw new UserError(`${path} is a file; expected a folder of pictures. Name the folder that it is in`);
}
