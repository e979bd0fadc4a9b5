import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** Files and folders that must not be left behind, however the process ends. */
const held = new Set<string>();
let onChange: ((any: boolean) => void) | undefined;
let hooked = false;

/** A file or folder that is about to be made: it is removed when the process ends, unless it is let go before. */
export function holdTemporary(path: string): void {
  if (!hooked) process.on('exit', removeTemporary);
  hooked = true;
  held.add(path);
  if (held.size === 1) onChange?.(true);
}

/** A new folder for temporary files, held before it is made, so that no signal comes in between. */
export function makeTemporaryFolder(prefix: string): string {
  const folder = join(tmpdir(), `${prefix}${randomUUID()}`);
  holdTemporary(folder);
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

/** It is gone, or has found its place. */
export function letGo(path: string): void {
  if (held.delete(path) && held.size === 0) onChange?.(false);
}

/** Removes all that is held; for a process that is about to end. */
export function removeTemporary(): void {
  for (const path of held) {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Nobody is left to do anything about it.
    }
  }
  held.clear();
}

/** Has it said when there begins, and when there ceases, to be something that is held. */
export function watchTemporary(change: (any: boolean) => void): void {
  onChange = change;
  change(held.size > 0);
}
