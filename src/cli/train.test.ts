import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { npyBytes } from '../data/npy.js';
import { call, callJson, jsonLines, refused, temporaryFolder } from '../testing/cli.js';

const { path: root, remove } = temporaryFolder();
after(remove);
const at = (name: string) => join(root, name);
const weights = (run: string) => readFileSync(join(at(run), 'weights.safetensors'));
const record = (run: string) => JSON.parse(readFileSync(join(at(run), 'run.json'), 'utf8')).options;

/** A small training that every test can afford. */
const small = ['train', 'mnist[0:300]', '--hidden', '16', '--latent', '4', '--epochs', '2'];

function writeNpy(name: string, rows: number, value: (i: number) => number): string {
  const data = Float32Array.from({ length: rows * 6 }, (_, i) => value(i));
  writeFileSync(at(name), npyBytes({ data, shape: [rows, 6] }));
  return at(name);
}
const unit = writeNpy('unit.npy', 60, (i) => 0.5 + 0.4 * Math.sin(i));
const wide = writeNpy('wide.npy', 60, (i) => 3 * Math.sin(i));

describe('train', () => {
  it('writes model, checkpoint, history and pictures, and says what to do next', async () => {
    const { code, stdout, stderr } = await call(...small, '--model', 'vae', '--out', at('vae'));
    assert.equal(code, 0, stderr);
    assert.deepEqual(readdirSync(at('vae')).sort(), [
      ...[
        'autoencoder.onnx',
        'checkpoint.safetensors',
        'decoder.onnx',
        'encoder.onnx',
        'history.csv',
        'loss.png',
      ],
      ...['manifest.json', 'reconstructions.png', 'run.json', 'samples.png', 'weights.safetensors'],
    ]);
    assert.match(stderr, /epoch 1\/2 {2}loss \d+/);
    assert.match(stderr, /epoch 2\/2 .* samples\/s\n$/);
    assert.match(stdout, /On 300 training samples:\n {2}negative ELBO +\d/);
    assert.ok(stdout.includes(`evaluate ${at('vae')} mnist:test`), stdout);
    assert.ok(stdout.includes(`sample ${at('vae')} `), stdout);
  });

  it('draws no samples from a plain autoencoder', async () => {
    await callJson(...small, '--out', at('plain'));
    assert.ok(!existsSync(join(at('plain'), 'samples.png')));
    assert.ok(existsSync(join(at('plain'), 'reconstructions.png')));
  });

  it('--json prints a line for every epoch and a last one', async () => {
    const { stdout, stderr } = await call(
      ...small,
      '--validation',
      'mnist:test[0:50]',
      '--out',
      at('json'),
      '--json',
    );
    assert.equal(stderr, '');
    const [first, second, last, ...more] = jsonLines(stdout);
    assert.equal(more.length, 0);
    assert.deepEqual([first!.epoch, second!.epoch, first!.epochs], [1, 2, 2]);
    for (const name of ['loss', 'mse', 'validationLoss', 'learningRate', 'seconds', 'samplesPerSecond']) {
      assert.ok(Number.isFinite(first![name]), name);
    }
    assert.deepEqual([last!.done, last!.run, last!.epochs], [true, at('json'), 2]);
    const { on, samples, mse } = last!.evaluation as Record<string, unknown>;
    assert.deepEqual([on, samples], ['validation', 50]);
    assert.ok(Math.abs((mse as number) - (second!.validationMse as number)) < 1e-6);
  });

  it('takes every option of the reference commands', async () => {
    const plain =
      'train mnist[0:64] --model autoencoder --hidden none --latent 256 --latent-activation relu --batch-size 32';
    const lines = await callJson(...plain.split(' '), '--epochs', '1', '--out', at('reference'));
    assert.equal(lines.length, 2);
    const { hidden, latentActivation, output, loss, learningRate, seed } = record('reference');
    assert.deepEqual(
      [hidden, latentActivation, output, loss, learningRate, seed],
      [[], 'relu', 'sigmoid', 'mse', 1e-3, 0],
    );
    const vae = 'train mnist[0:64] --model vae --hidden 256 --latent 32';
    await callJson(...vae.split(' '), '--epochs', '1', '--out', at('reference-vae'));
    assert.equal(record('reference-vae').likelihood, 'bernoulli');
  });

  it('chooses output and likelihood by the data, and says so', async () => {
    const chosen = async (data: string, model: string) => {
      const out = at('chosen');
      const { stderr } = await call(
        'train',
        data,
        '--model',
        model,
        '--latent',
        '2',
        '--epochs',
        '1',
        '--out',
        out,
        '--overwrite',
      );
      return { ...record('chosen'), stderr };
    };
    assert.equal((await chosen(unit, 'autoencoder')).output, 'sigmoid');
    const linear = await chosen(wide, 'autoencoder');
    assert.equal(linear.output, 'linear');
    assert.match(linear.stderr, /linear output \(since values lie in \[-\d/);
    assert.equal((await chosen(unit, 'vae')).likelihood, 'bernoulli');
    const gaussian = await chosen(wide, 'vae');
    assert.deepEqual([gaussian.likelihood, gaussian.variance], ['gaussian', 'learned']);
    assert.match(gaussian.stderr, /gaussian likelihood of learned variance \(since values lie in/);
  });

  it('takes loss, variance, beta and the rest', async () => {
    const common = [
      'train',
      unit,
      '--latent',
      '2',
      '--hidden',
      '8',
      '--epochs',
      '2',
      '--out',
      at('options'),
      '--overwrite',
    ];
    await callJson(...common, '--loss', 'bce', '--optimizer', 'adamw', '--clip-norm', '1');
    assert.deepEqual([record('options').optimizer, record('options').clipNorm], ['adamw', 1]);
    await callJson(...common, '--loss', 'huber', '--output', 'linear', '--optimizer', 'sgd');
    assert.equal(record('options').learningRate, 0.01);
    const vae = [
      '--model',
      'vae',
      '--variance',
      '0.1',
      '--output',
      'sigmoid',
      '--beta',
      '2',
      '--beta-warmup',
      '1.5',
    ];
    const last = (await callJson(...common, ...vae)).at(-1)!;
    const { loss, reconstructionNll, kl } = last.evaluation as Record<string, number>;
    assert.ok(Math.abs(loss! - (reconstructionNll! + 2 * kl!)) < 1e-4);
  });

  it('gives the same bits for the same seed', async () => {
    await callJson(...small, '--seed', '5', '--out', at('seed-a'));
    await callJson(...small, '--seed', '5', '--out', at('seed-b'));
    await callJson(...small, '--seed', '6', '--out', at('seed-c'));
    assert.ok(weights('seed-a').equals(weights('seed-b')));
    assert.ok(!weights('seed-a').equals(weights('seed-c')));
  });

  it('--quiet prints nothing', async () => {
    assert.deepEqual(await call(...small, '--quiet', '--out', at('quiet')), {
      code: 0,
      stdout: '',
      stderr: '',
    });
  });
});

describe('a run folder', () => {
  it('that holds a run is refused, replaced with --overwrite, and other files stay', async () => {
    await callJson(...small, '--model', 'vae', '--out', at('held'));
    const before = weights('held');
    writeFileSync(join(at('held'), 'notes.txt'), 'mine');
    await refused(
      [...small, '--out', at('held')],
      /already holds a finished run; .*--resume .*--overwrite.*--out/,
    );
    assert.ok(weights('held').equals(before));
    await callJson(...small, '--out', at('held'), '--overwrite');
    assert.ok(!weights('held').equals(before));
    assert.deepEqual(
      [existsSync(join(at('held'), 'samples.png')), existsSync(join(at('held'), 'notes.txt'))],
      [false, true],
    );
  });

  it('with files that a run would replace is refused', async () => {
    mkdirSync(at('mine'));
    writeFileSync(join(at('mine'), 'history.csv'), 'mine');
    await refused([...small, '--out', at('mine')], /holds files that a run would replace \(history\.csv\)/);
    assert.equal(readFileSync(join(at('mine'), 'history.csv'), 'utf8'), 'mine');
  });

  it('that cannot be made is refused before training', async () => {
    await refused([...small, '--out', join(unit, 'x')], /cannot be made: a part of the path is a file/);
    await refused([...small, '--out', unit], /is a file; give the name of a folder/);
    if (existsSync('/proc/self')) await refused([...small, '--out', '/proc/x/y'], /cannot be made: /);
  });

  it('is not left behind by training that never got anywhere', async () => {
    const argv = [
      'train',
      wide,
      '--optimizer',
      'sgd',
      '--learning-rate',
      '1e12',
      '--batch-size',
      '4',
      '--out',
      join(root, 'new', 'run'),
    ];
    await refused(argv, /training stopped in epoch 1 .*try --learning-rate 100000000000[^0].*--clip-norm 1/);
    assert.ok(!existsSync(at('new')));
  });
});

describe('--resume', () => {
  it('goes on to more epochs, with nothing repeated, to the bits of one training', async () => {
    await callJson(...small, '--model', 'vae', '--out', at('more'));
    await callJson('train', '--resume', '--out', at('more'), '--epochs', '3');
    await callJson(...small, '--model', 'vae', '--out', at('straight'), '--epochs', '3');
    assert.ok(weights('more').equals(weights('straight')));
    assert.equal(
      readFileSync(join(at('more'), 'history.csv'), 'utf8')
        .trimEnd()
        .split('\n').length,
      4,
    );
    assert.equal(record('more').epochs, 3);
  });

  it('of a run that is complete changes nothing', async () => {
    const before = weights('more');
    const { code, stderr } = await call('train', '--resume', '--out', at('more'));
    assert.equal(code, 0);
    assert.match(stderr, /all 3 epochs are done; --epochs N trains for more/);
    assert.ok(weights('more').equals(before));
  });

  it('of a run that stopped early trains no further', async () => {
    const stopping = ['--early-stopping', '1', '--validation-split', '0.2', '--learning-rate', '0.1'];
    const last = (await callJson(...small, ...stopping, '--epochs', '60', '--out', at('early'))).at(-1)!;
    assert.match(String(last.stopReason), /validationLoss has not fallen below/);
    const before = weights('early');
    const again = await callJson('train', '--resume', '--out', at('early'));
    assert.equal(again.length, 1);
    assert.equal(again[0]!.epochs, last.epochs);
    assert.ok(weights('early').equals(before));
  });

  it('of early stopping says so where epochs were left, and not after the last one', async () => {
    const { epochs } = record('early') as { epochs: number };
    const stopping = ['--early-stopping', '1', '--validation-split', '0.2', '--learning-rate', '0.1'];
    const done =
      readFileSync(join(at('early'), 'history.csv'), 'utf8')
        .trimEnd()
        .split('\n').length - 1;
    assert.ok(done < epochs);
    const trained = async (planned: number) => {
      const run = ['--epochs', String(planned), '--out', at('last'), '--overwrite'];
      return (await call(...small, ...stopping, ...run)).stdout;
    };
    assert.match(await trained(done), /^Trained \d+ epochs? in/);
    assert.match(await trained(done + 1), /^Training stopped early: validation loss has not fallen/);
  });

  it('wants the same options and the same data', async () => {
    const resume = ['train', '--resume', '--out', at('more')];
    await refused(
      [...resume, '--latent', '5', '--hidden', 'none', '--epochs', '1'],
      /--hidden none \(the run has 16\), --latent 5 \(the run has 4\), --epochs 1 \(the run has 3; it may only grow\)/,
    );
    await refused([...resume, '--validation-split', '0.1'], /--validation-split 0\.1 \(the run has none\)/);
    await refused(
      ['train', 'mnist[1:301]', '--resume', '--out', at('more')],
      /does not hold the samples that/,
    );
    await callJson(
      'train',
      'mnist:train[0:300]',
      '--resume',
      '--out',
      at('more'),
      '--latent',
      '4',
      '--hidden',
      '16',
    );
  });

  it('takes the same data from another place, and remembers it', async () => {
    const first = writeNpy('first.npy', 20, (i) => 0.5 + 0.4 * Math.cos(i));
    await callJson(
      'train',
      first,
      '--hidden',
      'none',
      '--latent',
      '2',
      '--epochs',
      '1',
      '--out',
      at('moved'),
    );
    const resume = ['--resume', '--out', at('moved')];
    renameSync(first, at('second.npy'));
    await refused(
      ['train', ...resume],
      /there is no file .*first\.npy; .* if the data have moved, name them before/,
    );
    await callJson('train', at('second.npy'), ...resume);
    await callJson('train', ...resume, '--epochs', '2');
    assert.equal(record('moved').data, at('second.npy'));
  });

  it('says so where there is nothing to go on with', async () => {
    await refused(['train', '--resume'], /--resume needs to know the run/);
    await refused(['train', '--resume', '--out', at('nothing')], /there is no run in/);
    await callJson(...small, '--out', at('broken'));
    writeFileSync(join(at('broken'), 'checkpoint.safetensors'), 'x');
    await refused(['train', '--resume', '--out', at('broken')], /not a readable safetensors file/);
    rmSync(join(at('broken'), 'checkpoint.safetensors'));
    writeFileSync(join(at('broken'), 'run.json'), '{"format": "autoencoder run", "version": 1}');
    await refused(['train', '--resume', '--out', at('broken')], /run\.json: damaged: .*--overwrite/);
    writeFileSync(join(at('broken'), 'run.json'), '{');
    await refused(['train', '--resume', '--out', at('broken')], /cannot be read .*--overwrite/);
    rmSync(join(at('broken'), 'run.json'));
    await refused(
      ['train', '--resume', '--out', at('broken')],
      /run\.json, which says how to go on, is missing/,
    );
  });
});
