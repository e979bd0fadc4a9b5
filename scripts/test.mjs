// Runs every compiled test with Node's own runner: what is tested is what is shipped.
// Arguments choose: `node scripts/test.mjs graph` runs the tests whose path contains "graph".
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2);
const files = ['dist', 'test']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((file) => join(folder, file)))
  .filter(
    (file) =>
      /\.test\.m?js$/.test(file) && (wanted.length === 0 || wanted.some((part) => file.includes(part))),
  );
if (files.length === 0) {
  console.error(`no test matches ${wanted.join(' ')}`);
  process.exit(1);
}
const reporter = process.env.CI ? ['--test-reporter=dot'] : [];
const { status } = spawnSync(process.execPath, ['--test', ...reporter, ...files], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(status ?? 1);
