import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { endingsText, tableEndings } from '../artifact/tableEndings.js';
import { npyBytes } from '../data/npy.js';
import { readNpy } from '../data/read.js';
import { load, readDataset } from '../index.js';
import { call, callJson, refused, temporaryFolder } from '../testing/cli.js';

const { path: root, remove } = temporaryFolder();
after(remove);
const vae = join(root, 'vae');
const plain = join(root, 'plain');
const test = 'mnist:test[0:200]';
const at = (name: string) => join(root, name);

function writeNpy(name: string, rows: number, columns: number, value: (i: number) => number): string {
  const path = at(name);
  writeFileSync(
    path,
    npyBytes({
      data: Float32Array.from({ length: rows * columns }, (_, i) => value(i)),
      shape: [rows, columns],
    }),
  );
  return path;
}

before(async () => {
  const common = ['train', 'mnist[0:400]', '--hidden', '32', '--latent', '4', '--epochs', '2', '--quiet'];
  for (const argv of [
    ['--model', 'vae', '--out', vae],
    ['--model', 'autoencoder', '--out', plain],
  ]) {
    assert.deepEqual(await call(...common, ...argv), { code: 0, stdout: '', stderr: '' });
  }
});

describe('evaluate', () => {
  it('prints the documented keys of a VAE, and no others', async () => {
    const [found, ...more] = await callJson('evaluate', vae, test);
    assert.equal(more.length, 0);
    assert.deepEqual(
      Object.keys(found!).sort(),
      [
        ...['activeUnits', 'codeSize', 'dimensionRatio', 'kl', 'loss', 'mae', 'mse', 'negativeElbo', 'psnr'],
        ...[
          'mutualInformation',
          'priorMismatchLower',
          'priorMismatchUpper',
          'reconstructionNll',
          'samples',
          'ssim',
        ],
      ].sort(),
    );
    const { reconstructionNll, kl, negativeElbo, samples, codeSize } = found as Record<string, number>;
    assert.deepEqual([samples, codeSize], [200, 4]);
    assert.equal(negativeElbo, reconstructionNll! + kl!);
  });

  it('prints those of an autoencoder, the same as the library measures', async () => {
    const [found] = await callJson('evaluate', plain, test);
    assert.deepEqual(Object.keys(found!), [
      'samples',
      'loss',
      'mse',
      'mae',
      'psnr',
      'codeSize',
      'dimensionRatio',
      'ssim',
    ]);
    const { mse } = await (await load(plain)).evaluate(await readDataset(test));
    assert.equal(found!.mse, mse);
  });

  it('names units in its table', async () => {
    const { stdout, stderr } = await call('evaluate', vae, test);
    assert.equal(stderr, '');
    assert.match(stdout, /negative ELBO +\d+\.\d {2}nats per sample/);
    assert.match(stdout, /PSNR +\d+\.\d+ {2}dB/);
  });

  it('measures more where it is asked to', async () => {
    const [found] = await callJson(
      ...[
        'evaluate',
        vae,
        'mnist:test[0:450]',
        '--importance-samples',
        '20',
        '--generation',
        '--compression',
      ],
    );
    const { logLikelihood, logLikelihoodError, frechetDistance, frechetBetweenData, ...rest } =
      found as Record<string, number>;
    assert.ok(logLikelihood! > -rest.negativeElbo! && logLikelihoodError! > 0);
    assert.ok(frechetDistance! > frechetBetweenData! && rest.frechetSamples === 150);
    assert.ok(rest.codeBytes === 4 && rest.pngBytes! > 200 && rest.pngRatio! > 50 && rest.codePsnr! > 5);
    const { code, stdout } = await call('evaluate', vae, 'mnist:test[0:450]', '--generation');
    assert.equal(code, 0);
    assert.match(stdout, /Fréchet distance +\d.* of 150 new samples .*not Inception FID/);
  });

  it('measures latents against the factors of shapes, which it is trained on by name', async () => {
    const run = at('shapes');
    const options = ['--model', 'vae', '--hidden', '16', '--latent', '3', '--epochs', '1', '--out', run];
    assert.equal((await call('train', 'shapes[0:600]', ...options, '--quiet')).code, 0);
    const [found] = await callJson('evaluate', run, 'shapes[0:600]', '--factors');
    for (const key of ['mig', 'sap', 'dciDisentanglement', 'dciCompleteness', 'dciInformativeness'])
      assert.ok((found![key] as number) >= 0 && (found![key] as number) <= 1, key);
    assert.ok((found!.betaVaeScore as number) > 0.15 && (found!.factorVaeScore as number) > 0.15);
    await refused(['evaluate', vae, test, '--factors'], /the data set shapes has them/);
  });

  it('warns of a collapsed code, with what to try', async () => {
    const run = at('collapsed');
    const network = ['--model', 'vae', '--beta', '100', '--hidden', '16', '--latent', '4'];
    const options = [...network, '--epochs', '20', '--batch-size', '32', '--learning-rate', '0.01'];
    const { code, stderr } = await call('train', 'mnist[0:400]', ...options, '--out', run, '--quiet');
    assert.equal(code, 0);
    const warned = await call('evaluate', run, test);
    assert.match(warned.stderr, /warning: posterior collapse: no latent dimension varies .*--beta-warmup/);
    assert.equal(stderr, '');
    const [found] = await callJson('evaluate', run, test);
    assert.match((found!.notes as string[])[0]!, /posterior collapse/);
  });

  it('refuses what a model cannot be measured by', async () => {
    await refused(['evaluate', plain, test, '--generation'], /this model draws no new samples/);
    await refused(
      ['evaluate', plain, test, '--importance-samples', '10'],
      /defines no distribution over data/,
    );
    const rows = writeNpy('rows.npy', 450, 784, (i) => i % 256);
    await refused(['evaluate', vae, rows, '--generation'], /there are no labels/);
  });

  it('draws other codes with another seed', async () => {
    const [a, b, c] = await Promise.all(
      ['1', '1', '2'].map(
        async (seed) => (await callJson('evaluate', vae, test, '--seed', seed))[0]!.negativeElbo,
      ),
    );
    assert.equal(a, b);
    assert.notEqual(a, c);
  });

  it('refuses data of another size, and data that are not finite', async () => {
    await refused(
      ['evaluate', vae, writeNpy('small.npy', 3, 5, () => 0)],
      /5 features, but the model takes 784/,
    );
    const nan = writeNpy('nan.npy', 3, 784, (i) => (i === 800 ? Number.NaN : 0));
    await refused(['evaluate', vae, nan], /1 NaN value in 1 of 3 samples: NaN in row 1, column 16/);
  });
});

describe('encode and decode', () => {
  it('encode writes codes that decode turns back into samples, in the units of the data', async () => {
    const [codes, decoded] = [at('codes.npy'), at('decoded.npy')];
    assert.deepEqual(await callJson('encode', vae, test, '-o', codes), [
      { file: codes, samples: 200, codeSize: 4 },
    ]);
    assert.deepEqual(await callJson('decode', vae, codes, '-o', decoded), [
      { file: decoded, samples: 200, shape: [28, 28] },
    ]);
    const model = await load(vae);
    const expected = await model.reconstruct(await readDataset(test));
    const found = await readNpy(decoded);
    assert.deepEqual(found.shape, [200, 28, 28]);
    assert.ok(
      (found.data as Float32Array).some((value) => value > 50),
      'not 0 to 255',
    );
    (found.data as Float32Array).forEach((value, i) => {
      assert.ok(Math.abs(value - expected.data[i]!) < 1e-3);
    });
  });

  it('encode writes CSV with a header and labels, exact to the bit', async () => {
    const path = at('codes.csv');
    await callJson('encode', vae, test, '-o', path);
    const [header, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
    assert.equal(header, 'label,z0,z1,z2,z3');
    const set = await readDataset(test);
    const { data } = await (await load(vae)).encode(set);
    const rows = lines.map((line) => line.split(',').map(Number));
    assert.deepEqual(Float32Array.from(rows.flatMap((row) => row.slice(1))), data);
    assert.deepEqual(
      Int32Array.from(rows, ([label]) => label!),
      set.labels,
    );
  });

  it('decode gives the same for codes from CSV as for codes from .npy', async () => {
    const [npy, csv] = [at('same.npy'), at('same.csv')];
    for (const codes of [npy, csv]) {
      await callJson('encode', vae, test, '-o', codes);
      await callJson('decode', vae, codes, '-o', `${codes}.npy`);
    }
    assert.ok(readFileSync(`${npy}.npy`).equals(readFileSync(`${csv}.npy`)));
  });

  it('codes are written as tables of every kind, and decode reads each of them', async () => {
    const decoded: Buffer[] = [];
    for (const ending of ['.npy', ...tableEndings]) {
      const [codes, samples] = [at(`kind${ending}`), at(`kind${ending}.npy`)];
      await callJson('encode', vae, test, '-o', codes);
      await callJson('decode', vae, codes, '-o', samples);
      decoded.push(readFileSync(samples));
    }
    for (const each of decoded) assert.ok(each.equals(decoded[0]!));
    assert.deepEqual([...readFileSync(at('kind.csv.gz')).subarray(0, 2)], [0x1f, 0x8b]);
    for (const command of ['encode', 'detect', 'reconstruct', 'decode', 'sample']) {
      const help = (await call(command, '--help')).stdout.replaceAll(/\s+/g, ' ');
      assert.ok(help.includes(endingsText()), command);
    }
  });

  it('decode draws a picture, and takes as many codes as it is asked for', async () => {
    await callJson('encode', plain, test, '-o', at('plain.npy'));
    const [found] = await callJson('decode', plain, at('plain.npy'), '-o', at('decoded.png'), '--count', '7');
    assert.equal(found!.samples, 7);
    assert.equal(readFileSync(at('decoded.png')).subarray(1, 4).toString(), 'PNG');
  });

  it('decode refuses what are no codes of the run', async () => {
    const other = writeNpy('codes5.npy', 2, 5, () => 0);
    await refused(['decode', vae, other], /a row has 5 numbers, but a code of .* has 4/);
    writeFileSync(at('words.csv'), 'z0,z1,z2,z3\n1,2,3,four\n');
    await refused(['decode', vae, at('words.csv')], /row 1, column z3: a number is expected, got "four"/);
    await refused(['decode', vae, at('absent.csv')], /there is no file .*absent\.csv/);
    const infinite = writeNpy('infinite.npy', 2, 4, () => Number.POSITIVE_INFINITY);
    await refused(['decode', vae, infinite, '-o', at('x.npy')], /8 infinite values/);
    assert.ok(!existsSync(at('x.npy')));
  });
});

describe('reconstruct and sample', () => {
  it('reconstruct draws 20, or writes all as numbers', async () => {
    const [picture] = await callJson('reconstruct', plain, test, '-o', at('grid.png'));
    assert.equal(picture!.samples, 20);
    const [numbers] = await callJson('reconstruct', plain, test, '-o', at('all.npy'));
    assert.equal(numbers!.samples, 200);
    const [rows] = await callJson('reconstruct', plain, test, '-o', at('two.csv'), '--count', '2');
    assert.equal(rows!.samples, 2);
    const [header, ...lines] = readFileSync(at('two.csv'), 'utf8').trimEnd().split('\n');
    assert.match(header!, /^x0,x1,.*,x783$/);
    assert.equal(lines.length, 2);
  });

  it('sample draws the same for the same seed', async () => {
    const draw = async (name: string, seed: string) => {
      await callJson('sample', vae, '-n', '5', '--seed', seed, '-o', at(name));
      return readFileSync(at(name));
    };
    const [a, b, c] = [await draw('a.npy', '1'), await draw('b.npy', '1'), await draw('c.npy', '2')];
    assert.ok(a.equals(b) && !a.equals(c));
    assert.deepEqual((await readNpy(at('a.npy'))).shape, [5, 28, 28]);
  });

  it('sample makes a grid of 64', async () => {
    const [found] = await callJson('sample', vae, '-o', at('samples.png'));
    assert.deepEqual([found!.samples, existsSync(at('samples.png'))], [64, true]);
  });

  it('refuse what cannot be', async () => {
    await refused(['sample', vae, '-n', '0'], /Expected a whole number from 1 up/);
    await refused(['sample', vae, '-n', '1e9'], /at most 10000 can be drawn/);
    await refused(['sample', vae, '-n', '1e15', '-o', at('x.npy')], /of memory, and this machine has/);
    await refused(['reconstruct', vae, test, '-o', at('x.gif')], /ends in \.png, \.npy or \.csv/);
    await refused(
      ['encode', vae, test, '-o', at('x.png')],
      /ends in \.npy, \.csv, \.csv\.gz, \.tsv, \.jsonl or \.parquet/,
    );
    await refused(
      ['encode', vae, test, '-o', join(root, 'no', 'x.npy')],
      /the folder .*no does not exist; create it/,
    );
  });

  it('says that the disk is full', { skip: !existsSync('/dev/full') }, async () => {
    symlinkSync('/dev/full', at('full.npy'));
    await refused(['encode', vae, test, '-o', at('full.npy')], /the disk is full/);
  });
});

describe('info', () => {
  it('lists layers, parameters, files and training', async () => {
    const [found] = await callJson('info', vae);
    assert.equal(found!.parameters, 784 * 32 + 32 + 2 * (32 * 4 + 4) + 4 * 32 + 32 + 32 * 784 + 784);
    const layers = found!.layers as { name: string; parameters: number; tensors: unknown }[];
    assert.deepEqual(layers[0], {
      name: 'encoder.hidden.0',
      tensors: { kernel: [784, 32], bias: [32] },
      parameters: 784 * 32 + 32,
    });
    assert.equal((found!.training as { epochs: number }).epochs, 2);
    assert.equal((found!.final as { epoch: number }).epoch, 2);
    const { stdout } = await call('info', vae);
    assert.match(stdout, /encoder\.hidden\.0 +kernel 784 × 32, bias 32 +25,120/);
    assert.match(stdout, /optimizer +adam, learning rate 0\.001/);
  });

  it('says what is wrong with a folder', async () => {
    await refused(['info', at('nothing')], /there is no folder/);
    await refused(['info', at('codes.csv')], /is a file; give the folder that train wrote/);
    await refused(['info', root], /no trained model here: .*manifest\.json is missing/);
    const damaged = at('damaged');
    cpSync(vae, damaged, { recursive: true });
    truncateSync(join(damaged, 'weights.safetensors'), 1000);
    await refused(['info', damaged], /weights\.safetensors: damaged: \d+ bytes are expected, it has 1000/);
    writeFileSync(join(damaged, 'manifest.json'), '{"format": "autoencoder", "version": 99}');
    await refused(['info', damaged], /written by a newer program/);
    writeFileSync(join(damaged, 'manifest.json'), 'not JSON');
    await refused(['evaluate', damaged, test], /damaged: it is not JSON/);
  });
});

describe('--quiet', () => {
  it('leaves nothing but files', async () => {
    for (const argv of [
      ['evaluate', vae, test],
      ['encode', vae, test, '-o', at('q.npy')],
      ['sample', vae, '-o', at('q.png')],
      ['info', vae],
    ]) {
      assert.deepEqual(await call(...argv, '--quiet'), { code: 0, stdout: '', stderr: '' });
    }
    assert.ok(existsSync(at('q.npy')) && existsSync(at('q.png')));
  });
});
