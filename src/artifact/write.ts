import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.js';
import { holdTemporary, letGo } from '../temporary.js';

/** What a file will hold: text (as UTF-8), bytes, or pieces of bytes one after the other. */
export type FileContent = string | Uint8Array | Iterable<Uint8Array>;

/**
 * Writes a file whole or not at all: into a temporary file in the same folder, onto the disk, then renamed
 * over the target. After a crash, a full disk or `kill -9` the target has its old content or the new, never a
 * part of it. An existing file keeps its permissions, a symbolic link stays one, and a device or a pipe such
 * as `/dev/stdout` is written to directly.
 * @throws {UserError} when the folder is missing or not writable, the target is a directory or write
 *   protected, or the disk is full. The temporary file is removed and the target left as it was.
 */
export async function writeWhole(path: string, content: FileContent): Promise<void> {
  const file = await openWhole(path);
  try {
    for (const piece of piecesOf(content)) await file.write(piece);
  } catch (error) {
    await file.abort();
    throw error;
  }
  await file.close();
}

/** A file that is written piece by piece, and is there only when it is complete. */
export interface WholeFile {
  /**
   * Appends bytes.
   * @throws {UserError} when the disk is full. The temporary file is removed then, and the target left as it was.
   */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Puts the file onto the disk and in its place.
   * @throws {UserError} as `write` does.
   */
  close(): Promise<void>;
  /** Removes what was written; the target is left as it was. Nothing after `close` or a failure. */
  abort(): Promise<void>;
}

/**
 * {@link writeWhole} for content that comes bit by bit and may be larger than memory.
 * @throws {UserError} when the folder is missing or not writable, or the target is a directory or write protected.
 */
export async function openWhole(path: string): Promise<WholeFile> {
  const plan = prepare(path);
  let file: FileHandle | undefined;
  const orAbandon = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      await file?.close().catch(() => {});
      file = undefined;
      throw abandon(plan, error);
    }
  };
  const opened = (): FileHandle => {
    if (!file) throw new Error(`${path} is closed already`);
    return file;
  };
  hold(plan);
  await orAbandon(async () => {
    file = await open(plan.written, plan.flags);
  });
  return {
    write: (bytes) => {
      const target = opened();
      return orAbandon(async () => {
        let done = 0;
        while (done < bytes.length) {
          done += (await target.write(bytes, done, bytes.length - done)).bytesWritten;
        }
      });
    },
    close: () => {
      const target = opened();
      return orAbandon(async () => {
        if (plan.mode !== undefined) await target.chmod(plan.mode);
        if (plan.temporary) await target.sync();
        file = undefined;
        await target.close();
        commit(plan);
      });
    },
    abort: async () => {
      if (!file) return;
      await file.close().catch(() => {});
      file = undefined;
      abandon(plan, undefined);
    },
  };
}

/** {@link writeWhole} in one go, for a process that is about to end and must not yield to other work. */
export function writeWholeSync(path: string, content: FileContent): void {
  const plan = prepare(path);
  hold(plan);
  try {
    const file = openSync(plan.written, plan.flags);
    try {
      for (const piece of piecesOf(content)) {
        let done = 0;
        while (done < piece.length) done += writeSync(file, piece, done, piece.length - done);
      }
      if (plan.mode !== undefined) fchmodSync(file, plan.mode);
      if (plan.temporary) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    commit(plan);
  } catch (error) {
    throw abandon(plan, error);
  }
}

/**
 * Makes sure, before there is anything to write, that a file can be written there; writes nothing.
 * @throws {UserError} when the folder is missing or not writable, or the target is a directory or write protected.
 */
export function checkWritable(path: string): void {
  const { target, temporary } = prepare(path);
  const folder = dirname(target);
  try {
    if (temporary && !statSync(folder).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    if (temporary) accessSync(folder, constants.W_OK | constants.X_OK);
    else accessSync(target, constants.W_OK);
  } catch (error) {
    throw explain(error, path);
  }
}

interface Plan {
  /** The path as the user gave it, for messages. */
  readonly path: string;
  /** The file that ends up with the content; symbolic links resolved. */
  readonly target: string;
  /** The file that is written to: a temporary one, or a device itself. */
  readonly written: string;
  readonly flags: 'wx' | 'w';
  readonly temporary: boolean;
  /** The permissions of the file that is replaced. */
  readonly mode?: number;
}

function prepare(path: string): Plan {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) return throughTemporary(path, path);
    if (stats.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    // Renaming over /dev/null or /dev/stdout would replace the device for the whole machine.
    if (!stats.isFile()) return { path, target: path, written: path, flags: 'w', temporary: false };
    accessSync(path, constants.W_OK);
    return { ...throughTemporary(path, realpathSync(path)), mode: stats.mode & 0o7777 };
  } catch (error) {
    throw explain(error, path);
  }
}

function throughTemporary(path: string, target: string): Plan {
  const written = join(dirname(target), `.writing-${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  return { path, target, written, flags: 'wx', temporary: true };
}

/** Whatever ends the process, a temporary file is not left behind. */
function hold({ temporary, written }: Plan): void {
  if (temporary) holdTemporary(written);
}

function commit(plan: Plan): void {
  if (!plan.temporary) return;
  renameSync(plan.written, plan.target);
  letGo(plan.written);
  syncFolder(dirname(plan.target));
}

/** Cleans up; returns the error to throw. */
function abandon(plan: Plan, error: unknown): unknown {
  if (plan.temporary) {
    try {
      rmSync(plan.written, { force: true });
    } catch {
      // What failed first is what the user needs to hear of.
    }
    letGo(plan.written);
  }
  return explain(error, plan.path);
}

/** Makes the rename survive a power cut; some systems and file systems do not offer it. */
function syncFolder(folder: string): void {
  try {
    const file = openSync(folder, 'r');
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch {
    // The content itself is on the disk already.
  }
}

function piecesOf(content: FileContent): Iterable<Uint8Array> {
  if (typeof content === 'string') return [new TextEncoder().encode(content)];
  return ArrayBuffer.isView(content) ? [content] : content;
}

/** Puts the operating system's refusals into words; leaves every other error as it is. */
function explain(error: unknown, path: string): unknown {
  const folder = dirname(path);
  switch ((error as NodeJS.ErrnoException | undefined)?.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new UserError(
        `cannot write ${path}: the disk is full or the quota used up; free some space and run again`,
      );
    case 'EFBIG':
      return new UserError(`cannot write ${path}: the file would be larger than the system allows`);
    case 'EACCES':
    case 'EPERM':
      return new UserError(
        `cannot write ${path}: permission denied; choose another place or change the permissions`,
      );
    case 'EROFS':
      return new UserError(`cannot write ${path}: the file system is read-only; choose another place`);
    case 'ENOENT':
      return new UserError(`cannot write ${path}: the folder ${folder} does not exist; create it first`);
    case 'ENOTDIR':
      return new UserError(`cannot write ${path}: ${folder} is not a folder; choose another place`);
    case 'EISDIR':
      return new UserError(`cannot write ${path}: it is a folder; give the name of a file`);
    case 'ENAMETOOLONG':
      return new UserError(`cannot write ${path.slice(0, 60)}…: the name is longer than the system allows`);
    default:
      return error;
  }
}
