import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { call, start, temporaryFolder } from '../testing/cli.js';

const { path: root, remove } = temporaryFolder();
after(remove);
const at = (name: string) => join(root, name);
const weights = (run: string) => readFileSync(join(at(run), 'weights.safetensors'));

/** Long enough to be caught in the middle, short enough for a test. */
const options = ['--model', 'vae', '--hidden', '16', '--latent', '4', '--batch-size', '4', '--epochs', '4'];
const training = (out: string) => ['train', 'mnist[0:2000]', ...options, '--out', at(out)];
const posix = { skip: process.platform === 'win32' };

describe('an interrupted training', posix, () => {
  before(async () => {
    assert.equal((await call(...training('whole'), '--quiet')).code, 0);
  });

  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`${signal} keeps the checkpoint, says how to go on, and nothing is lost`, async () => {
      const child = start(training(signal));
      await child.seen('epoch 1/4');
      child.kill(signal);
      const { code, stdout, stderr } = await child.outcome;
      assert.deepEqual([code, stdout], [status, '']);
      const command = `train --resume --out ${at(signal)}`;
      assert.match(stderr, /interrupted in epoch [2-4]; the checkpoint is kept\. To go on:\n/);
      assert.ok(stderr.trimEnd().endsWith(command), stderr);
      assert.ok(!existsSync(join(at(signal), 'manifest.json')));

      const early = await call('evaluate', at(signal), 'mnist:test[0:10]');
      assert.equal(early.code, 2);
      assert.match(early.stderr, /its training has not finished; go on with it: .*--resume/);
      assert.match((await call(...training(signal))).stderr, /already holds a run that has not finished/);

      assert.equal((await call(...command.split(' '), '--quiet')).code, 0);
      assert.ok(weights(signal).equals(weights('whole')));
    });
  }

  it('kill -9 loses nothing either', async () => {
    const child = start(training('killed'));
    await child.seen('epoch 2/4');
    child.kill('SIGKILL');
    assert.equal((await child.outcome).code, null);
    assert.equal((await call('train', '--resume', '--out', at('killed'), '--quiet')).code, 0);
    assert.ok(weights('killed').equals(weights('whole')));
  });

  it('kill -9 before the first checkpoint means from the beginning', async () => {
    const child = start(training('newborn'));
    await child.seen('4 epochs');
    while (!existsSync(join(at('newborn'), 'run.json')))
      await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGKILL');
    await child.outcome;
    assert.equal((await call('train', '--resume', '--out', at('newborn'), '--quiet')).code, 0);
    assert.ok(weights('newborn').equals(weights('whole')));
  });
});

describe('a second Ctrl-C', posix, () => {
  it('ends the program in the middle of a step', async () => {
    const slow = ['--hidden', '2000,2000', '--batch-size', '20000', '--epochs', '50'];
    const child = start(['train', 'mnist[0:20000]', ...slow, '--out', at('slow')]);
    await child.seen('50 epochs');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    child.kill('SIGINT');
    await child.seen('stopping');
    await new Promise((resolve) => setTimeout(resolve, 400));
    child.kill('SIGINT');
    const { stderr } = await child.outcome;
    assert.doesNotMatch(stderr, /terminate called|\n {4}at /);
  });
});

describe('a command that is ended while it writes', posix, () => {
  const data = at('many.csv');
  before(async () => {
    const lines = Array.from({ length: 200_000 }, (_, i) => `${i % 977},${(i * 31) % 101},${'xyz'[i % 3]}`);
    writeFileSync(data, `a,b,c\n${lines.slice(0, 500).join('\n')}\n`);
    assert.equal((await call('train', data, '--epochs', '1', '--out', at('table'), '--quiet')).code, 0);
    writeFileSync(data, `a,b,c\n${lines.join('\n')}\n`);
  });

  const ended: [signal: NodeJS.Signals, command: string, argv: string[]][] = [
    ['SIGINT', 'detect', [data, '--run', at('table'), '--picture', at('d.png')]],
    ['SIGTERM', 'encode', [at('table'), data]],
    ['SIGHUP', 'reconstruct', [at('table'), data]],
  ];
  for (const [signal, command, argv] of ended) {
    it(`${command} leaves nothing behind after ${signal}`, async () => {
      const folder = at(`${command}-written`);
      mkdirSync(folder);
      const child = start([command, ...argv, '-o', join(folder, 'rows.csv')]);
      while (readdirSync(folder).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      child.kill(signal);
      assert.equal((await child.outcome).code, null);
      assert.deepEqual(readdirSync(folder), []);
    });
  }

  it('leaves no copy of standard input behind either', async () => {
    const folder = at('temporary');
    mkdirSync(folder);
    const piped = `export TMPDIR='${folder}'; exec "$@" < '${data}'`;
    const child = start(['encode', at('table'), '-', '-o', at('piped.npy')], piped);
    while (readdirSync(folder).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGTERM');
    assert.equal((await child.outcome).code, null);
    assert.deepEqual(readdirSync(folder), []);
  });
});

describe('a reader that has seen enough', posix, () => {
  it('ends the program without a stack trace', async () => {
    const { code, stderr } = await start(
      ['train', 'mnist[0:500]', '--hidden', 'none', '--epochs', '100000', '--json', '--out', at('pipe')],
      'set -o pipefail; "$@" | head -1 >/dev/null',
    ).outcome;
    assert.equal(code, 141, stderr);
    assert.match(
      stderr,
      /^autoencoder: interrupted in epoch \d+; the checkpoint is kept\. To go on:\n.*--resume.*\n$/,
    );
  });
});

describe('a full disk', posix, () => {
  it('ends training with a clear message and no folder, where nothing was kept', async () => {
    const argv = ['train', 'mnist[0:200]', '--latent', '8', '--epochs', '2', '--out', at('full')];
    const { code, stderr } = await start(argv, 'ulimit -f 300; exec "$@"').outcome;
    assert.equal(code, 2, stderr);
    assert.match(stderr, /cannot write .*checkpoint\.safetensors: /);
    assert.doesNotMatch(stderr, /\n {4}at /);
    assert.ok(!existsSync(at('full')));
  });
});
