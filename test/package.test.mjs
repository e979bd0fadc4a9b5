// What npm would publish, installed into an empty folder and used from there.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'autoencoder-package-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const run = (command, args, cwd = folder) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
let packed;

before(() => {
  [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], root));
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'user', type: 'module', private: true }),
  );
  writeFileSync(join(folder, '.npmrc'), 'ignore-scripts=true\n');
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', packed.filename]);
});

test('holds neither tests nor fixtures nor sources', () => {
  const unwanted = packed.files
    .map(({ path }) => path)
    .filter((path) => /\.test\.|fixtures|testing|^src|^bench|^test/.test(path));
  assert.deepEqual(unwanted, []);
});

test('is what publint accepts', () => {
  run(process.execPath, [
    join(root, 'node_modules/publint/src/cli.js'),
    '--strict',
    join(folder, 'node_modules/autoencoder'),
  ]);
});

test('can be imported, trains, and says its own version', () => {
  writeFileSync(
    join(folder, 'use.mjs'),
    `import { autoencoder, version } from 'autoencoder';
     import { input, toOnnx } from 'autoencoder/graph';
     import { dense } from 'autoencoder/nn';
     const model = autoencoder({ input: 3, latent: 2 });
     const { rows } = await model.fit([[0, 0.5, 1], [1, 0.5, 0]], { epochs: 1 });
     console.log(JSON.stringify({ version, loss: rows[0].loss, kinds: [typeof input, typeof toOnnx, typeof dense] }));`,
  );
  const { version, loss, kinds } = JSON.parse(run(process.execPath, ['use.mjs']));
  assert.equal(version, JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version);
  assert.ok(Number.isFinite(loss));
  assert.deepEqual(kinds, ['function', 'function', 'function']);
});

test('has types that compile in a strict project', () => {
  writeFileSync(
    join(folder, 'use.ts'),
    `import { type Evaluation, vae } from 'autoencoder';
     const model = vae({ input: [28, 28], hidden: [256], latent: 32, likelihood: 'gaussian' });
     export const figures: Promise<Evaluation> = model.evaluate(new Array<number[]>());
     // @ts-expect-error an unknown activation is refused
     vae({ input: 3, latent: 2, activation: 'rectified' });`,
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  run(process.execPath, [
    tsc,
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    'use.ts',
  ]);
});

test('brings the command', () => {
  const command = join(folder, 'node_modules/.bin/autoencoder');
  assert.match(run(command, ['--help']), /train/);
  const lines = run(command, ['train', 'mnist[0:200]', '--epochs', '1', '--json', '--out', 'run'])
    .trim()
    .split('\n');
  assert.equal(JSON.parse(lines.at(-1)).done, true);
  const figures = JSON.parse(run(command, ['evaluate', 'run', 'mnist:test[0:50]', '--json']));
  assert.equal(figures.samples, 50);
});
