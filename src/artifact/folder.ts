import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../errors.js';
import { type Manifest, parseManifest } from './manifest.js';
import { writeWhole } from './write.js';

/** The manifest's file name. */
export const manifestFile = 'manifest.json';

/** A manifest before the list of files, which is made when they are written. */
export type ManifestDraft = Omit<Manifest, 'files'>;

/**
 * Writes a model's folder; makes it where it does not exist. Each file is written whole, the manifest last: it
 * lists the others by size and hash, so that a folder whose writing was interrupted is seen to be incomplete.
 * @throws {UserError} when the folder cannot be written
 */
export async function writeFolder(
  folder: string,
  draft: ManifestDraft,
  files: ReadonlyMap<string, Uint8Array | string>,
): Promise<void> {
  await makeFolder(folder);
  const listed: Manifest['files'] = {};
  for (const [name, content] of files) {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    await writeWhole(join(folder, name), bytes);
    listed[name] = { bytes: bytes.length, sha256: sha256(bytes) };
  }
  await writeWhole(join(folder, manifestFile), `${JSON.stringify({ ...draft, files: listed }, null, 2)}\n`);
}

/**
 * Makes a folder and its parents.
 * @returns the topmost folder that had to be made, `undefined` where all were there
 * @throws {UserError} when that is not possible
 */
export async function makeFolder(folder: string): Promise<string | undefined> {
  // One by one: Node's recursive `mkdir` never returns where a file system refuses with ENOENT, as /proc does.
  const missing: string[] = [];
  let path = resolve(folder);
  while (!existsSync(path) && dirname(path) !== path) {
    missing.unshift(path);
    path = dirname(path);
  }
  try {
    for (const each of missing) await mkdir(each).catch(ignoreExisting);
    if (!(await stat(folder)).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
  } catch (cause) {
    throw refusal(folder, cause);
  }
  return missing[0];
}

/**
 * Makes sure, before there is anything to write, that a folder is there and writable, or can be made; makes nothing.
 * @throws {UserError} when it is not
 */
export function checkFolder(folder: string): void {
  let path = resolve(folder);
  while (!existsSync(path) && dirname(path) !== path) path = dirname(path);
  try {
    if (!statSync(path).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw refusal(folder, cause);
  }
}

/** Another process may have made it in the meantime. */
function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

const refusals: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  ENOTDIR: 'a part of the path is a file',
  ENOENT: 'the system allows no folder there',
  ENAMETOOLONG: 'the name is longer than the system allows',
};

function refusal(folder: string, cause: unknown): unknown {
  const reason = refusals[(cause as NodeJS.ErrnoException).code ?? ''];
  if (reason === undefined) return cause;
  return new UserError(
    `the folder ${folder} cannot be ${existsSync(folder) ? 'written to' : 'made'}: ${reason}; choose another place`,
    { cause },
  );
}

/** A model's folder, read and checked. */
export interface ModelFolder {
  readonly manifest: Manifest;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads a model's folder and checks every file against the manifest.
 * @throws {UserError} when it is missing, incomplete, damaged, foreign or newer
 */
export async function readFolder(folder: string): Promise<ModelFolder> {
  const path = join(folder, manifestFile);
  const manifest = parseManifest(new TextDecoder().decode(await read(path, folder)), path);
  const files = new Map<string, Uint8Array>();
  for (const [name, { bytes, sha256: expected }] of Object.entries(manifest.files)) {
    const content = await read(join(folder, name), folder);
    if (content.length !== bytes) {
      throw new UserError(
        `${join(folder, name)}: damaged: ${bytes} bytes are expected, it has ${content.length}`,
      );
    }
    if (sha256(content) !== expected)
      throw new UserError(`${join(folder, name)}: damaged: its content is not what was saved`);
    files.set(name, content);
  }
  return { manifest, files };
}

async function read(path: string, folder: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new UserError(
        `${folder}: no trained model here: ${path} is missing; give the folder that 'train' or 'save' wrote`,
        { cause },
      );
    }
    throw new UserError(`${path}: cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
