// Runs every compiled test with Node's own runner: what is tested is what is shipped.
// Arguments choose: `node scripts/test.mjs graph` runs the tests whose path contains "graph".
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2);
const files = ['dist', 'test']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((file) => join(folder, file)))
  .filter((file) => /\.test\.m?js$/.test(file))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
if (files.length === 0) {
  console.error(`no test matches ${wanted.join(' ')}`);
  process.exit(1);
}

// For people as they go by, and as TAP into a file, from which the closing line is made.
mkdirSync(join(root, 'build'), { recursive: true });
const tap = join(root, 'build/tests.tap');
const reporters = ['spec', 'stdout', 'tap', tap].map((value, i) =>
  i % 2 === 0 ? `--test-reporter=${value}` : `--test-reporter-destination=${value}`,
);
const { status } = spawnSync(process.execPath, ['--test', ...reporters, ...files], {
  cwd: root,
  stdio: 'inherit',
});
const summary = readFileSync(tap, 'utf8');
const count = (what) => Number(summary.match(new RegExp(`^# ${what} (\\d+)$`, 'm'))?.[1] ?? 0);
console.log(
  `${count('pass')} passed, ${count('fail') + count('cancelled')} failed, ${count('skipped')} skipped`,
);
process.exit(status ?? 1);
