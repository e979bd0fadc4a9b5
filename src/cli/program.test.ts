import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { call } from '../testing/cli.js';
import { version } from '../version.js';

const commands = ['train', 'evaluate', 'encode', 'decode', 'reconstruct', 'sample', 'info'];

describe('the command line', () => {
  it('prints its version', async () => {
    assert.deepEqual(await call('--version'), { code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('prints help that names every command', async () => {
    const { code, stdout, stderr } = await call('--help');
    assert.deepEqual([code, stderr], [0, '']);
    for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
  });

  for (const command of commands) {
    it(`${command} --help has an example and the common options`, async () => {
      const { code, stdout } = await call(command, '--help');
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`Examples:\n  autoencoder ${command} `));
      for (const option of ['--json', '--quiet', '--debug', '--help'])
        assert.match(stdout, new RegExp(`${option} `));
    });
  }

  it('takes no command for a mistake, and shows what there is', async () => {
    const { code, stdout, stderr } = await call();
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /Commands:/);
  });

  const mistakes: [string[], RegExp][] = [
    [['trian'], /unknown command 'trian'\n\(Did you mean train\?\)/],
    [['train', 'mnist', '--lattent', '3'], /unknown option '--lattent'\n\(Did you mean --latent\?\)/],
    [['evaluate'], /missing required argument 'run'/],
    [['evaluate', 'a', 'b', 'c'], /too many arguments/],
    [
      ['train', 'mnist', '--epochs', '-1'],
      /'--epochs <n>' argument '-1' is invalid. Expected a whole number from 1 up/,
    ],
    [['train', 'mnist', '--epochs', '0'], /Expected a whole number from 1 up/],
    [['train', 'mnist', '--epochs', '1.5'], /Expected a whole number from 1 up/],
    [['train', 'mnist', '--batch-size', ''], /Expected a whole number from 1 up/],
    [['train', 'mnist', '--latent', '0'], /Expected a whole number from 1 up/],
    [['train', 'mnist', '--latent', '0x10'], /Expected a whole number from 1 up/],
    [['train', 'mnist', '--hidden', '256,,128'], /such as 256,128, or 'none'/],
    [['train', 'mnist', '--learning-rate', 'abc'], /Expected a number above 0, such as 0.001 or 1e-3/],
    [['train', 'mnist', '--learning-rate', '1e999'], /Expected a number above 0/],
    [['train', 'mnist', '--learning-rate', '1e30'], /'--learning-rate <number>' argument '1e30' is invalid/],
    [['train', 'mnist', '--clip-norm', '1e-320'], /'--clip-norm <number>' .* from 1e-18 to 1e18/],
    [['train', 'mnist', '--beta', '1e300', '--model', 'vae'], /'--beta <number>' .* up to 1e18/],
    [['train', 'mnist', '--variance', '1e300', '--model', 'vae'], /'--variance .* from 1e-18 to 1e18/],
    [['train', 'mnist', '--validation-split', '1'], /Expected a number between 0 and 1/],
    [['train', 'mnist', '--beta', '-1', '--model', 'vae'], /Expected a number from 0 up/],
    [['train', 'mnist', '--variance', 'big'], /Expected a number above 0, or 'learned'/],
    [['train', 'mnist', '--model', 'gan'], /Expected one of: autoencoder, conv-autoencoder, .*vae/],
    [['train', 'mnist', '--activation', 'swish'], /Expected one of: linear, relu/],
    [['train', 'mnist', '--seed', '1.5'], /Expected a whole number\./],
    [['train', 'mnist', '--resume', '--overwrite'], /'--resume' cannot be used with option '--overwrite'/],
    [
      ['train', 'mnist', '--validation', 'mnist:test', '--validation-split', '0.1'],
      /cannot be used with option '--validation-split/,
    ],
  ];
  for (const [argv, message] of mistakes) {
    it(`refuses: ${argv.join(' ')}`, async () => {
      const { code, stdout, stderr } = await call(...argv);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /^autoencoder: /);
      assert.match(stderr, message);
    });
  }

  it('shows where an error happened with --debug, and only then', async () => {
    assert.doesNotMatch((await call('train', 'missing.npy')).stderr, /\n {4}at /);
    assert.match((await call('train', 'missing.npy', '--debug')).stderr, /missing\.npy(.|\n)*\n {4}at /);
  });
});
