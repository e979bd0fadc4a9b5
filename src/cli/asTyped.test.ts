import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { npyBytes } from '../data/npy.js';
import { option } from '../errors.js';
import { imageGridPicture } from '../pictures/grid.js';
import { call, temporaryFolder } from '../testing/cli.js';
import { asTyped } from './asTyped.js';
import { modelNames } from './modelOptions.js';

const { path: root, remove } = temporaryFolder();
after(remove);
const at = (name: string) => join(root, name);

function npy(name: string, shape: number[], value: (i: number) => number): string {
  const size = shape.reduce((a, b) => a * b);
  writeFileSync(at(name), npyBytes({ data: Float32Array.from({ length: size }, (_, i) => value(i)), shape }));
  return at(name);
}

const numbers = npy('numbers.npy', [40, 6], (i) => 0.5 + 0.4 * Math.sin(i * i));
const pictures = npy('pictures.npy', [40, 8, 8], (i) => 0.5 + 0.4 * Math.sin(i * i));
const cube = npy('cube.npy', [10, 4, 4, 4, 4], (i) => 0.5 + 0.4 * Math.sin(i * i));
const folder = at('mixed');
mkdirSync(folder);
for (const side of [8, 9, 10]) {
  const picture = await imageGridPicture(new Float32Array(side * side), [side, side], {});
  writeFileSync(join(folder, `${side}.png`), picture);
}

describe('an option in a message', () => {
  it('is shown as it is typed, with its value', () => {
    const message = `vq-vae: ${option('codeSize')}: 3; give ${option('sparsity', 'l1')} or ${option('clipNorm', 1)}`;
    assert.equal(asTyped(message), 'vq-vae: --code-size: 3; give --sparsity l1 or --clip-norm 1');
    assert.equal(
      asTyped(`give ${option('betaSchedule')} and ${option('size')}`),
      'give --beta-warmup and --image-size',
    );
    assert.equal(asTyped(option('decimal', ',')), '--decimal ,');
  });

  it('is told from names in data, and from words', () => {
    for (const text of [
      'column "`latent`" is empty',
      'data.npy: codeSize is a name',
      '`a name` of its own',
    ]) {
      assert.equal(asTyped(text), text);
    }
  });
});

describe('the options that messages name', () => {
  it('are options of a command', async () => {
    const code = fileURLToPath(new URL('..', import.meta.url));
    const files = readdirSync(code, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /(?<!\.test)\.js$/.test(file),
    );
    const named = files.flatMap((file) =>
      [...readFileSync(join(code, file), 'utf8').matchAll(/\boption\('(\w+)'/g)].map(([, name]) => name!),
    );
    assert.ok(named.length > 30, `${named.length}`);
    const helps = [
      ['evaluate'],
      ['sample'],
      ['detect'],
      ...modelNames.map((name) => ['train', '--model', name]),
    ];
    const known = (
      await Promise.all(helps.map(async (argv) => (await call(...argv, '--help')).stdout))
    ).join();
    for (const name of new Set(named)) {
      const flag = asTyped(option(name));
      assert.match(known, new RegExp(`${flag}[ ,\n]`), flag);
    }
  });
});

describe('what train says of options', () => {
  const said: [what: string, argv: string[], message: RegExp][] = [
    [
      'pieces of a code',
      [numbers, '--model', 'vq-vae', '--latent', '10', '--code-size', '3'],
      /choose a --latent that --code-size divides/,
    ],
    [
      'one-hot vectors of a code',
      [numbers, '--model', 'categorical-vae', '--latent', '10', '--classes', '3'],
      /choose a --latent that --classes divides/,
    ],
    [
      'a sparsity that needs another activation',
      [numbers, '--model', 'sparse-autoencoder', '--sparsity', 'kl'],
      /--sparsity kl needs .* activation of the code is relu; give --latent-activation sigmoid, or .*--sparsity l1/,
    ],
    [
      'a sphere',
      [numbers, '--model', 'hyperspherical-vae', '--latent', '1'],
      /at least 2 numbers; given --latent 1/,
    ],
    [
      'two weights that go together',
      [numbers, '--model', 'info-vae', '--alpha', '0', '--lambda', '0'],
      /with --alpha 0 and --lambda 0 codes/,
    ],
    [
      'an amount of corruption',
      [numbers, '--model', 'denoising-autoencoder', '--corruption', 'masking', '--amount', '1'],
      /with --corruption masking the --amount is the share of values/,
    ],
    [
      'tied weights',
      [numbers, '--model', 'deep-autoencoder', '--tied', '--dropout', '0.1'],
      /leave out --dropout, or --tied/,
    ],
    [
      'tied weights of another decoder',
      [numbers, '--model', 'deep-autoencoder', '--tied', '--dropout', '0.1', '--decoder-hidden', '8'],
      /leave out --dropout, --decoder-hidden, or --tied/,
    ],
    [
      'what only convolutions have',
      [numbers, '--model', 'vae', '--decoder-kernel-size', '5'],
      /--decoder-kernel-size is for convolutions, and there are none; give --channels, or leave --decoder-kernel-size out/,
    ],
    [
      'convolutions too many',
      [pictures, '--channels', '4,4,4,4'],
      /; give at most \d, or a smaller --stride/,
    ],
    [
      'a kernel that is too large',
      [pictures, '--channels', '4', '--kernel-size', '40', '--padding', '0'],
      /--kernel-size: a kernel of 40 is larger than samples .*; give at most \d+, or --padding same/,
    ],
    [
      'a shape without channels',
      [cube, '--channels', '4'],
      /--channels: .* with --data-format channelsFirst/,
    ],
    [
      'convolutions of the decoder too many',
      [pictures, '--channels', '4', '--decoder-channels', '4,4,4,4,4,4'],
      /^autoencoder: --decoder-channels: .*; give at most \d, or a smaller --stride/m,
    ],
    [
      'an output of which half is unused',
      [numbers, '--output', 'tanh'],
      /Take --output sigmoid \(.*\), or scale/,
    ],
    ['pictures of several sizes', [folder], /Give --image-size to choose another/],
    ['a learning rate', [numbers, '--optimizer', 'sgd', '--learning-rate', '1e17'], /try --learning-rate/],
  ];
  for (const [what, argv, message] of said) {
    it(`${what}: as they are typed`, async () => {
      const run = ['--epochs', '2', '--out', at('run'), '--overwrite'];
      const { stderr } = await call('train', ...argv, ...run);
      assert.match(stderr, message);
      const own = stderr.replaceAll(root, '').replace(/channelsFirst|NaN/g, '');
      for (const line of own.split('\n').filter((each) => each.startsWith('autoencoder: '))) {
        assert.doesNotMatch(line, /[a-z][A-Z]|\w\(|(?<!-)size to/, line);
      }
    });
  }
});
