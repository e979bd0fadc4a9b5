import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../errors.js';
import { type FileContent, writeWhole, writeWholeSync } from './write.js';

const root = mkdtempSync(join(tmpdir(), 'autoencoder-write-'));
after(() => rmSync(root, { recursive: true }));

const posix = { skip: process.platform === 'win32' };
let folders = 0;

/** Both versions, each in an empty folder of its own. */
function both(
  name: string,
  options: { skip: boolean },
  check: (write: typeof writeWhole, folder: string) => Promise<void>,
) {
  const sync = async (path: string, content: FileContent) => writeWholeSync(path, content);
  for (const [label, write] of [
    ['', writeWhole],
    [' (sync)', sync],
  ] as const) {
    test(name + label, options, async () => {
      const folder = join(root, String(folders++));
      mkdirSync(folder);
      await check(write, folder);
    });
  }
}

async function refuses(writing: Promise<void>, message: RegExp): Promise<void> {
  await assert.rejects(writing, (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

both('writes text, bytes and pieces, over what was there', { skip: false }, async (write, folder) => {
  const path = join(folder, 'a');
  await write(path, 'größer');
  assert.equal(readFileSync(path, 'utf8'), 'größer');
  await write(path, Uint8Array.of(1, 2));
  assert.deepEqual([...readFileSync(path)], [1, 2]);
  await write(path, [Uint8Array.of(3), new Uint8Array(100_000), Uint8Array.of(4)]);
  assert.equal(readFileSync(path).length, 100_002);
  await write(path, '');
  assert.equal(readFileSync(path).length, 0);
  assert.deepEqual(readdirSync(folder), ['a']);
});

both(
  'a failure half way leaves the old file and no temporary one',
  { skip: false },
  async (write, folder) => {
    const path = join(folder, 'a');
    await write(path, 'old');
    function* broken() {
      yield new Uint8Array(1000);
      throw new Error('half way');
    }
    await assert.rejects(write(path, broken()), /half way/);
    assert.equal(readFileSync(path, 'utf8'), 'old');
    assert.deepEqual(readdirSync(folder), ['a']);
  },
);

both('permissions and symbolic links are kept', posix, async (write, folder) => {
  const path = join(folder, 'a');
  const link = join(folder, 'link');
  await write(path, 'old');
  chmodSync(path, 0o640);
  symlinkSync(path, link);
  await write(link, 'new');
  assert.equal(readFileSync(path, 'utf8'), 'new');
  assert.equal(statSync(path).mode & 0o777, 0o640);
  assert.ok(lstatSync(link).isSymbolicLink());
});

both('devices are written to, not replaced', posix, async (write) => {
  await write('/dev/null', 'x');
  assert.ok(!statSync('/dev/null').isFile());
  if (existsSync('/dev/full')) await refuses(write('/dev/full', 'x'), /the disk is full/);
});

both('says why a file cannot be written', { skip: false }, async (write, folder) => {
  await refuses(write(join(folder, 'no', 'a'), 'x'), /the folder .*no does not exist; create it first/);
  await refuses(write(folder, 'x'), /it is a folder; give the name of a file/);
  const path = join(folder, 'a');
  await write(path, 'x');
  await refuses(write(join(path, 'b'), 'x'), /is not a folder/);
  await refuses(write(join(folder, 'n'.repeat(300)), 'x'), /longer than the system allows/);
  assert.deepEqual(readdirSync(folder), ['a']);
});

both('says that permissions are missing', posix, async (write, folder) => {
  const closed = join(folder, 'closed');
  mkdirSync(closed, { mode: 0o555 });
  const locked = join(folder, 'locked');
  writeFileSync(locked, 'old', { mode: 0o444 });
  chmodSync(root, 0o755);
  const asRoot = process.geteuid?.() === 0;
  // Root may write anywhere: become nobody for a moment.
  if (asRoot) process.seteuid?.(65_534);
  try {
    await refuses(write(join(closed, 'a'), 'x'), /permission denied/);
    await refuses(write(locked, 'x'), /permission denied/);
  } finally {
    if (asRoot) process.seteuid?.(0);
  }
  assert.equal(readFileSync(locked, 'utf8'), 'old');
});

/** Runs a program that imports this module in a process of its own, after some shell commands. */
function runElsewhere(shell: string, program: string): { stdout: string; signal: string | null } {
  const module = JSON.stringify(new URL('./write.js', import.meta.url).href);
  const source = `import { writeWholeSync } from ${module}; ${program}`;
  const { stdout, signal } = spawnSync(
    '/bin/sh',
    ['-c', `${shell} exec "$0" --input-type=module -e "$1"`, process.execPath, source],
    { encoding: 'utf8' },
  );
  return { stdout, signal };
}

test('a disk that fills up half way leaves the old file', posix, () => {
  const folder = join(root, 'full');
  mkdirSync(folder);
  const path = join(folder, 'a');
  writeWholeSync(path, 'old');
  // A limit on file sizes stands in for a disk that is full.
  const { stdout } = runElsewhere(
    "trap '' XFSZ; ulimit -f 8;",
    `try { writeWholeSync(${JSON.stringify(path)}, new Uint8Array(1e6)); } catch (error) { console.log(error.name, error.message); }`,
  );
  assert.match(stdout, /^UserError cannot write .*larger than the system allows/);
  assert.equal(readFileSync(path, 'utf8'), 'old');
  assert.deepEqual(readdirSync(folder), ['a']);
});

test('a kill half way leaves the old file', posix, () => {
  const path = join(root, 'killed');
  writeWholeSync(path, 'old');
  const { signal } = runElsewhere(
    '',
    `function* pieces() { yield new Uint8Array(1000); process.kill(process.pid, 'SIGKILL'); yield new Uint8Array(1000); }
     writeWholeSync(${JSON.stringify(path)}, pieces());`,
  );
  assert.equal(signal, 'SIGKILL');
  assert.equal(readFileSync(path, 'utf8'), 'old');
});
