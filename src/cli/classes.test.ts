import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadImage } from '@napi-rs/canvas';
import { parse } from 'csv-parse/sync';
import { slice } from '../data/dataset.js';
import { npyBytes } from '../data/npy.js';
import { readNpy } from '../data/read.js';
import { createModel, type Dataset, mnist, readDataset, UserError, type VariationalModel } from '../index.js';
import { call, callJson, refused, temporaryFolder } from '../testing/cli.js';
import { classesIn, classesPicture, picturedClasses } from './classes.js';
import { fingerprint } from './runRecord.js';

const { path: root, remove } = temporaryFolder();
after(remove);
const at = (name: string) => join(root, name);
const read = async (name: string) => Float32Array.from((await readNpy(at(name))).data as Float32Array);
const [run, plain, data] = [at('digits'), at('plain'), 'mnist:test[0:30]'];

describe('commands on a conditional run', () => {
  let model: VariationalModel;
  let test: Dataset;
  before(async () => {
    const train = slice(await mnist('train'), 0, 500);
    test = await readDataset(data);
    const options = { input: [28, 28], hidden: [16], latent: 2 };
    model = createModel('conditional-vae', { ...options, classes: 10 });
    await model.fit(train, { epochs: 2 });
    await model.save(run);
    await createModel('vae', options).save(plain);
    writeFileSync(at('bare.npy'), npyBytes(test));
  });

  it('sample draws the class that --label names, or each in turn', async () => {
    const [sevens] = await callJson('sample', run, '-n', '4', '--label', '7', '-o', at('sevens.npy'));
    assert.deepEqual(sevens, {
      ...{ file: at('sevens.npy'), samples: 4, shape: [28, 28] },
      ...{ sampler: 'prior', label: 7 },
    });
    assert.deepEqual(await read('sevens.npy'), (await model.sample(4, { label: 7 })).data);
    const [all] = await callJson('sample', run, '-n', '12', '-o', at('all.npy'));
    assert.equal(all!.label, null);
    assert.deepEqual(await read('all.npy'), (await model.sample(12)).data);
  });

  it('sample draws a picture with a row for each class', async () => {
    await callJson('sample', run, '-n', '25', '-o', at('rows.png'));
    await callJson('sample', run, '-n', '25', '--label', '3', '-o', at('grid.png'));
    const [rows, grid] = await Promise.all([loadImage(at('rows.png')), loadImage(at('grid.png'))]);
    // Ten rows of two or three, and five of five.
    assert.ok(rows.height > 2 * rows.width, `${rows.width} × ${rows.height}`);
    assert.ok(Math.abs(grid.height - grid.width) < 20, `${grid.width} × ${grid.height}`);
  });

  it('decode takes the class from --label, or from the column label that encode writes', async () => {
    await callJson('encode', run, data, '-o', at('codes.csv'));
    await callJson('decode', run, at('codes.csv'), '-o', at('own.npy'));
    const own = await read('own.npy');
    const expected = (await model.reconstruct(test)).data;
    assert.ok(own.every((value, i) => Math.abs(value - expected[i]!) < 1e-2));
    await callJson('decode', run, at('codes.csv'), '--label', '4', '-o', at('fours.npy'));
    await callJson('encode', run, data, '-o', at('codes.npy'));
    await callJson('decode', run, at('codes.npy'), '--label', '4', '-o', at('again.npy'));
    const [fours, again] = [await read('fours.npy'), await read('again.npy')];
    assert.equal(fours.length, 30 * 784);
    assert.ok(fours.every((value, i) => Math.abs(value - again[i]!) < 1e-2));
    assert.notDeepEqual(fours, own);
    await refused(
      ['decode', run, at('codes.npy'), '-o', at('no.npy')],
      /codes\.npy has codes without labels.*--label 0, or a table with a column label/,
    );
    const lines = readFileSync(at('codes.csv'), 'utf8').split('\n');
    writeFileSync(at('bad.csv'), [lines[0], lines[1]!.replace(/^\d+/, '11')].join('\n'));
    await refused(
      ['decode', run, at('bad.csv'), '-o', at('no.npy')],
      /label of sample 0 is 11, but the model has 10/,
    );
  });

  it('reconstruct, encode and evaluate pass the labels of the data', async () => {
    await callJson('reconstruct', run, data, '-o', at('made.npy'));
    assert.deepEqual(await read('made.npy'), (await model.reconstruct(test)).data);
    const [figures] = await callJson('evaluate', run, data);
    assert.equal(figures!.loss, (await model.evaluate(test)).loss);
    const rows: Record<string, string>[] = parse(readFileSync(at('codes.csv')), { columns: true });
    assert.deepEqual(Object.keys(rows[0]!), ['label', 'z0', 'z1']);
    for (const argv of [['reconstruct', '-o', at('no.npy')], ['encode', '-o', at('no.npy')], ['evaluate']]) {
      await refused(
        [argv[0]!, run, at('bare.npy'), ...argv.slice(1)],
        /bare\.npy: .*there are no labels; give data that have them, whole numbers from 0 to 9, or .* --label\n/,
      );
    }
    await refused(
      ['sample', run, '--sampler', 'gmm', '--data', at('bare.npy'), '-o', at('no.png')],
      /there are no labels; give data that have them, whole numbers from 0 to 9\n/,
    );
  });

  it('reconstruct, encode and evaluate take one class for all samples from --label', async () => {
    const threes = { ...test, labels: test.labels!.map(() => 3) };
    for (const given of [data, at('bare.npy')]) {
      await callJson('reconstruct', run, given, '--label', '3', '-o', at('threes.npy'));
      assert.deepEqual(await read('threes.npy'), (await model.reconstruct(threes)).data);
      await callJson('encode', run, given, '--label', '3', '-o', at('threes.npy'));
      assert.deepEqual(await read('threes.npy'), (await model.encode(threes)).data);
      const [figures] = await callJson('evaluate', run, given, '--label', '3');
      assert.equal(figures!.loss, (await model.evaluate(threes)).loss);
      await callJson('encode', run, given, '--label', '3', '-o', at('threes.csv'));
      const rows: Record<string, string>[] = parse(readFileSync(at('threes.csv')), { columns: true });
      assert.ok(rows.length === 30 && rows.every(({ label }) => label === '3'));
    }
    for (const command of ['reconstruct', 'encode', 'evaluate']) {
      await refused([command, run, data, '--label', '10'], /--label 10: the model has 10 classes/);
      await refused([command, plain, data, '--label', '1'], /--label 1 is for conditional models/);
    }
  });

  it('traverse and interpolate go through data without labels with --label', async () => {
    const bare = at('bare.npy');
    await callJson('traverse', run, '--data', bare, '--label', '3', '-o', at('sweep.npy'));
    const way = ['interpolate', run, bare, '--from', '0', '--to', '1'];
    await callJson(...way, '--label', '3', '-o', at('way.npy'));
    await refused([...way, '-o', at('way.npy')], /there are no labels; .* with --label\n/);
  });

  it('traverse and interpolate stay with the class of a sample, or with --label', async () => {
    const sweep = async (...more: string[]) => {
      await callJson('traverse', run, '--data', data, ...more, '-o', at('sweep.npy'));
      return await read('sweep.npy');
    };
    assert.deepEqual(
      await sweep('--from', '3'),
      await sweep('--from', '3', '--label', String(test.labels![3])),
    );
    assert.notDeepEqual(await sweep('--from', '3', '--label', '5'), await sweep('--from', '3'));
    const way = ['interpolate', run, data, '--from', '0', '--to', '1', '--steps', '3'];
    await callJson(...way, '-o', at('way.npy'));
    const own = await read('way.npy');
    const seven = (await model.reconstruct(slice(test, 0, 1))).data;
    assert.ok(seven.every((value, i) => Math.abs(value - own[i]!) < 1e-2));
    await callJson(...way, '--label', '0', '-o', at('zeros.npy'));
    assert.notDeepEqual(await read('zeros.npy'), own);
  });

  it('say what is wrong with --label', async () => {
    await refused(
      ['sample', run, '--label', '10'],
      /--label 10: the model has 10 classes; give a whole number from 0 to 9/,
    );
    await refused(
      ['sample', plain, '--label', '1'],
      /--label 1 is for conditional models.*'vae'.*leave it out/,
    );
    await refused(['sample', run, '--label', '-1'], /Expected a whole number from 0 up/);
    await refused(['sample', run, '--label', 'seven'], /Expected a whole number from 0 up/);
    await refused(['decode', plain, at('codes.npy'), '--label', '1'], /--label 1 is for conditional models/);
  });

  it('train takes as many classes as data have, learns them, and draws a row of each', async () => {
    const out = at('trained');
    const argv = ['train', 'mnist[0:200]', '--model', 'conditional-vae', '--hidden', '16', '--latent', '2'];
    const lines = await callJson(...argv, '--epochs', '1', '--validation', data, '--out', out);
    assert.ok(Number.isFinite((lines.at(-1)!.evaluation as { loss: number }).loss));
    const record = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as {
      options: { modelOptions: unknown };
    };
    assert.deepEqual(record.options.modelOptions, { classes: 10 });
    const { width, height } = await loadImage(join(out, 'samples.png'));
    assert.ok(width > 800 && height > 800, `${width} × ${height}`);
    const more = await callJson('train', '--resume', '--out', out, '--epochs', '2');
    assert.equal(more.at(-1)!.epochs, 2);
    const [found] = await callJson('evaluate', out, data);
    assert.equal(found!.samples, 30);
  });

  it('train refuses data without labels, tables, and labels beyond --classes', async () => {
    const model = ['--model', 'conditional-vae', '--out', at('none')];
    await refused(
      ['train', at('bare.npy'), ...model],
      /bare\.npy: .*class of each sample.*no labels; give data/,
    );
    writeFileSync(at('table.csv'), 'a,b\n1,2\n3,4\n5,6\n');
    await refused(
      ['train', at('table.csv'), ...model],
      /rows of a table such as .*table\.csv have none; choose/,
    );
    const few = await call('train', 'mnist[0:50]', ...model, '--classes', '5', '--epochs', '1');
    assert.equal(few.code, 2);
    assert.match(few.stderr, /the label of sample \d+ is \d, but the model has 5 classes/);
    assert.ok(!existsSync(at('none')));
    const { stdout } = await call('train', '--model', 'conditional-vae', '--help');
    assert.match(stdout, /--classes <number> +how many classes.*\(default: those of the\s+labels\)/s);
  });

  it('a run goes on with the same labels or not at all', () => {
    const others = { ...test, labels: test.labels!.map((label) => 9 - label) };
    assert.notEqual(fingerprint(others, true), fingerprint(test, true));
    assert.equal(fingerprint(others), fingerprint(test));
  });

  it('the classes of data are counted, and pictured as far as there is room', async () => {
    assert.equal(classesIn(test), 10);
    assert.throws(() => classesIn({ data: test.data, shape: test.shape }), UserError);
    assert.throws(() => classesIn({ ...test, labels: Int32Array.of(0, -1) }), /a label is -1/);
    assert.deepEqual(picturedClasses(3, 8), [0, 0, 1, 1, 2, 2]);
    assert.deepEqual([picturedClasses(500, 100).length, picturedClasses(500, 100).at(-1)], [100, 19]);
    assert.equal(picturedClasses(2, 1).length, 2);
    const labels = picturedClasses(10, 100);
    const picture = await classesPicture(await model.sample(100, { label: labels }), labels, model);
    const { width, height } = await loadImage(Buffer.from(picture));
    assert.ok(width > 800 && height > 800, `${width} × ${height}`);
  });
});
