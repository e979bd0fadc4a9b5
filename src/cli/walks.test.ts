import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'csv-parse/sync';
import { npyBytes } from '../data/npy.js';
import { readNpy } from '../data/read.js';
import { load, readDataset } from '../index.js';
import { call, callJson, refused, temporaryFolder } from '../testing/cli.js';
import { surface } from '../testing/data.js';

const { path: root, remove } = temporaryFolder();
after(remove);
const at = (name: string) => join(root, name);
const [vae, plain, lines, table] = [at('vae'), at('plain'), at('lines'), at('table')];
const people = at('people.csv');
const cells = (path: string): Record<string, string>[] => parse(readFileSync(path), { columns: true });
const isPng = (path: string) => readFileSync(path).subarray(1, 4).toString() === 'PNG';
const size = (path: string) => {
  const bytes = readFileSync(path);
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
};

before(async () => {
  writeFileSync(at('lines.npy'), npyBytes(surface(100, 9)));
  const rows = Array.from({ length: 100 }, (_, i) => `${20 + ((i * 37) % 50)},${['Graz', 'Wien'][i % 2]}`);
  writeFileSync(people, `age,city\n${rows.join('\n')}\n`);
  const common = ['--epochs', '2', '--hidden', '16', '--quiet'];
  for (const argv of [
    ['mnist[0:200]', '--model', 'vae', '--latent', '14', '--out', vae],
    ['mnist[0:200]', '--latent', '3', '--out', plain],
    [at('lines.npy'), '--latent', '2', '--out', lines],
    [people, '--model', 'vae', '--latent', '2', '--out', table],
  ]) {
    assert.deepEqual(await call('train', ...argv, ...common), { code: 0, stdout: '', stderr: '' });
  }
});

describe('traverse', () => {
  it('draws the twelve most active latents of a VAE, and says that there are more', async () => {
    const { code, stdout, stderr } = await call('traverse', vae, '-o', at('t.png'));
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /12 of 14 latents, the most active first: z\d+(, z\d+){11} \(--latents decides/);
    assert.match(stdout, /from -3 to 3 standard deviations of the prior, the rest as in the mean code/);
    assert.ok(isPng(at('t.png')));
    const height = size(at('t.png'))[1]!;
    await callJson('traverse', vae, '-o', at('all.png'), '--latents', '99');
    assert.ok(Math.abs(size(at('all.png'))[1]! - height - 2 * (3 * 28 + 4)) <= 2, 'two rows more');
  });

  it('prints which latents have had which values', async () => {
    const [found] = await callJson('traverse', plain, '-o', at('t.npy'), '--from', '5');
    const { latents, values, ...rest } = found as { latents: number[]; values: number[][] };
    assert.deepEqual(rest, { file: at('t.npy'), samples: 33, shape: [28, 28], from: 5 });
    assert.deepEqual([...latents].sort(), [0, 1, 2]);
    const model = await load(plain);
    const code = [...(await model.encode(await readDataset('mnist[5:6]'))).data];
    code[latents[1]!] = values[1]![10]!;
    const expected = (await model.decode([code])).data;
    const { data } = await readNpy(at('t.npy'));
    const shown = (data as Float32Array).subarray(21 * 784, 22 * 784);
    assert.ok(shown.every((value, i) => Math.abs(value - expected[i]!) < 1e-2));
  });

  it('draws samples that are no images as lines', async () => {
    const [found] = await callJson('traverse', lines, '-o', at('lines.png'));
    assert.deepEqual([found!.samples, isPng(at('lines.png'))], [10, true]);
  });

  it('writes rows of a table, with the latent and its value before each', async () => {
    const [found] = await callJson('traverse', table, '-o', at('t.csv'));
    assert.equal(found!.rows, 22);
    const rows = cells(at('t.csv'));
    assert.deepEqual(Object.keys(rows[0]!), ['latent', 'latent_value', 'age', 'city']);
    assert.deepEqual([rows[0]!.latent_value, rows[21]!.latent_value], ['-3', '3']);
    assert.ok(rows.every(({ age, city }) => Number(age) > 0 && ['Graz', 'Wien'].includes(city!)));
  });

  it('says what is wrong', async () => {
    await refused(['traverse', plain, '--from', '200'], /--from 200: .* has 200 samples, numbered 0 to 199/);
    await refused(['traverse', plain, '-o', at('x.gif')], /ends in \.png, \.npy or \.csv/);
    await refused(['traverse', table, '-o', at('x.png')], /rows of a table; give a name that ends in \.csv/);
    assert.ok(!existsSync(at('x.png')));
  });
});

describe('interpolate', () => {
  const test = 'mnist:test[0:20]';

  it('goes from the reconstruction of one sample to that of another, straight or on a great circle', async () => {
    const ends = ['--from', '3', '--to', '8', '--steps', '5'];
    const [linear] = await callJson('interpolate', vae, test, ...ends, '-o', at('a.npy'));
    const [round] = await callJson('interpolate', vae, test, ...ends, '--spherical', '-o', at('b.npy'));
    assert.deepEqual(linear, {
      ...{ file: at('a.npy'), samples: 5, shape: [28, 28], from: 3, to: 8, method: 'linear' },
    });
    assert.equal(round!.method, 'spherical');
    const back = await (await load(vae)).reconstruct(await readDataset(test));
    const numbers = async (name: string) => (await readNpy(at(name))).data as Float32Array;
    const [a, b] = [await numbers('a.npy'), await numbers('b.npy')];
    for (const data of [a, b]) {
      for (let i = 0; i < 784; i++) {
        assert.ok(Math.abs(data[i]! - back.data[3 * 784 + i]!) < 1e-2);
        assert.ok(Math.abs(data[4 * 784 + i]! - back.data[8 * 784 + i]!) < 1e-2);
      }
    }
    assert.ok(
      a.subarray(784, 4 * 784).some((value, i) => Math.abs(value - b[784 + i]!) > 0.01),
      'the same way',
    );
  });

  it('draws a row', async () => {
    const ends = ['--from', '0', '--to', '1'];
    const { code, stdout } = await call('interpolate', plain, test, ...ends, '-o', at('i.png'));
    assert.equal(code, 0);
    assert.match(stdout, /10 samples from sample 0 to sample 1 of mnist:test\[0:20\], linear/);
    const [width, height] = size(at('i.png'));
    assert.ok(width! > 5 * height!, `${width} × ${height}`);
  });

  it('writes rows of a table, with the place on the way before each', async () => {
    await callJson('interpolate', table, people, '--from', '0', '--to', '9', '-o', at('i.jsonl'));
    const rows = readFileSync(at('i.jsonl'), 'utf8').trimEnd().split('\n');
    assert.equal(rows.length, 10);
    assert.equal((JSON.parse(rows[9]!) as { position: number }).position, 1);
  });

  it('says what is wrong', async () => {
    await refused(['interpolate', plain, test, '--from', '1'], /required option '--to <index>'/);
    const ends = ['--from', '1', '--to', '20'];
    await refused(['interpolate', plain, test, ...ends], /--to 20: .* has 20 samples, numbered 0 to 19/);
    const steps = ['--from', '1', '--to', '2', '--steps', '1'];
    await refused(['interpolate', plain, test, ...steps], /Expected a whole number from 2 up/);
    assert.ok(!existsSync('interpolate.png'));
  });
});
