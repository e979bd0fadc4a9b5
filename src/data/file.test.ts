import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { UserError } from '../errors.js';
import { type ReadOptions, readBytes } from './file.js';

const folder = mkdtempSync(join(tmpdir(), 'autoencoder-file-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function refuses(path: string, message: RegExp, options?: ReadOptions): Promise<void> {
  await assert.rejects(readBytes(path, options), (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

test('reads files, and unpacks gzip whatever the name', async () => {
  const content = Uint8Array.from({ length: 1000 }, (_, i) => i);
  assert.deepEqual(await readBytes(file('plain.gz', content)), content);
  assert.deepEqual(await readBytes(file('packed', gzipSync(content))), content);
});

test('says why a file cannot be read', async () => {
  await refuses(join(folder, 'missing'), /there is no file .*missing; check the path/);
  await refuses(folder, /is a directory/);
  await refuses(file('empty', ''), /is empty/);
  await refuses(join(file('plain', 'x'), 'inside'), /part of the path is a file/);
  await refuses('a\0b', /NUL character/);
  await refuses(join(folder, 'n'.repeat(5000)), /longer than the system allows/);
  await refuses('', /there is no file/);
  if (process.platform !== 'win32') await refuses('/dev/null', /is a device or a pipe/);
});

test('says that a file may not be read', { skip: process.platform === 'win32' }, async () => {
  const path = join(folder, 'secret');
  writeFileSync(path, 'x', { mode: 0o000 });
  const asRoot = process.geteuid?.() === 0;
  // Root may read everything: become nobody for a moment. mkdtemp made the folder for its owner alone.
  if (asRoot) process.seteuid?.(65_534);
  try {
    await refuses(path, /may not be read by this user/);
  } finally {
    if (asRoot) process.seteuid?.(0);
  }
});

test('says what is wrong with a gzipped file', async () => {
  const packed = gzipSync(Buffer.alloc(100_000, 'some text '));
  await refuses(file('short', packed.subarray(0, packed.length - 20)), /ends too early/);
  const damaged = Buffer.from(packed);
  damaged.fill(0xff, 20, 40);
  await refuses(file('damaged', damaged), /starts like a gzipped file but is damaged/);
  await refuses(file('two bytes', Uint8Array.of(0x1f, 0x8b)), /ends too early/);
});

test('stops a decompression bomb at the limit and names it', async () => {
  const bomb = file('bomb', gzipSync(Buffer.alloc(50_000_000)));
  await refuses(bomb, /unpacks to more than the limit of 1,000,000 bytes.*gunzip/, { maxUnpackedBytes: 1e6 });
});
