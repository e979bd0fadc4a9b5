import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { npyBytes } from '../data/npy.js';
import { imageGridPicture } from '../pictures/grid.js';
import { call, temporaryFolder } from '../testing/cli.js';
import { asTyped } from './asTyped.js';

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

describe('a message about an option', () => {
  it('has it as it is typed, whichever family it is of', () => {
    assert.equal(asTyped('codeSize: too small'), '--code-size: too small');
    assert.equal(asTyped('vq-vae: restartBelow: too small'), 'vq-vae: --restart-below: too small');
    assert.equal(asTyped('data.npy: codeSize is a name'), 'data.npy: codeSize is a name');
  });

  it('of labels that are missing has no words of the library, whatever stands behind it', () => {
    const message =
      'there are no labels; give them, whole numbers from 0 to 9: { data, shape, labels }; name them';
    assert.doesNotMatch(asTyped(message), /\{/);
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
      /at least 2 numbers, and --latent is 1/,
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
    ['an output of which half is unused', [numbers, '--output', 'tanh'], /Take --output sigmoid, or scale/],
    ['pictures of several sizes', [folder], /--image-size chooses another/],
    ['a learning rate', [numbers, '--optimizer', 'sgd', '--learning-rate', '1e17'], /try --learning-rate/],
  ];
  for (const [what, argv, message] of said) {
    it(`${what}: as they are typed`, async () => {
      const run = ['--epochs', '2', '--out', at('run'), '--overwrite'];
      const { stderr } = await call('train', ...argv, ...run);
      assert.match(stderr, message);
      const own = stderr.replaceAll(root, '').replace(/channelsFirst|NaN/g, '');
      for (const line of own.split('\n').filter((each) => each.startsWith('autoencoder: '))) {
        assert.doesNotMatch(line, /[a-z][A-Z]|\w\(|size to/, line);
      }
    });
  }
});
