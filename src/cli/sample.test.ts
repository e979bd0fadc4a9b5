import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'csv-parse/sync';
import { npyBytes } from '../data/npy.js';
import { readNpy } from '../data/read.js';
import { createModel, load, sampler } from '../index.js';
import { call, callJson, refused, temporaryFolder } from '../testing/cli.js';
import { surface } from '../testing/data.js';

const { path: root, remove } = temporaryFolder();
after(remove);
const at = (name: string) => join(root, name);
const [vae, plain, table] = [at('vae'), at('plain'), at('table')];
const [arrays, people] = [at('arrays.npy'), at('people.csv')];
const cells = (path: string): Record<string, string>[] => parse(readFileSync(path), { columns: true });

before(async () => {
  writeFileSync(arrays, npyBytes(surface(300, 9)));
  const lines = Array.from({ length: 200 }, (_, i) => {
    const age = 20 + ((i * 37) % 50);
    return `${age},${age * 1000 + ((i * 7919) % 997)},${['Graz', 'Wien', 'Linz'][i % 3]}`;
  });
  writeFileSync(people, `age,income,city\n${lines.join('\n')}\n`);
  const common = ['--hidden', '16', '--latent', '2', '--epochs', '5', '--quiet'];
  for (const argv of [
    [arrays, '--model', 'vae', '--out', vae],
    [arrays, '--out', plain],
    [people, '--out', table],
  ]) {
    assert.deepEqual(await call('train', ...argv, ...common), { code: 0, stdout: '', stderr: '' });
  }
});

describe('sample', () => {
  it('draws from a plain autoencoder by a mixture, of the data that it was trained on', async () => {
    const { code, stderr } = await call('sample', plain, '-n', '5', '-o', at('a.npy'));
    assert.equal(code, 0, stderr);
    assert.match(stderr, /learning how the codes of .*arrays\.npy lie \(300 samples, gmm\)/);
    const source = await sampler(await load(plain), surface(300, 9), { type: 'gmm' });
    assert.deepEqual((await readNpy(at('a.npy'))).data, (await source.sample(5)).data);
  });

  it('draws from the prior of a VAE unless told, without any data', async () => {
    const moved = at('moved.npy');
    renameSync(arrays, moved);
    const [found] = await callJson('sample', vae, '-n', '5', '-o', at('b.npy'));
    renameSync(moved, arrays);
    assert.deepEqual(found, { file: at('b.npy'), samples: 5, shape: [9], sampler: 'prior' });
  });

  for (const name of ['gmm', 'knn', 'two-stage', 'maf']) {
    it(`draws by ${name}, from other data where they are named`, async () => {
      writeFileSync(at('few.npy'), npyBytes(surface(40, 9)));
      const few = ['--sampler', name, '--data', at('few.npy')];
      const [found] = await callJson('sample', vae, ...few, '-n', '4', '-o', at('c.csv'));
      assert.equal(found!.sampler, name);
      assert.equal(cells(at('c.csv')).length, 4);
    });
  }

  it('writes rows of a table, from a plain autoencoder too', async () => {
    const [found] = await callJson('sample', table, '-n', '50', '-o', at('rows.csv'));
    assert.deepEqual(found, { file: at('rows.csv'), rows: 50, sampler: 'gmm' });
    const rows = cells(at('rows.csv'));
    assert.deepEqual(Object.keys(rows[0]!), ['age', 'income', 'city']);
    const ages = rows.map(({ age }) => Number(age));
    assert.ok(ages.filter((age) => age > 15 && age < 75).length > 40, ages.join());
  });

  it('says what does not go together', async () => {
    await refused(
      ['sample', plain, '--sampler', 'prior'],
      /of the family 'autoencoder', which has no prior.*leave --sampler out/,
    );
    await createModel('vq-vae', { input: 6, latent: 4, codeSize: 2 }).save(at('vq'));
    await refused(['sample', at('vq'), '--sampler', 'prior'], /of the family 'vq-vae', which has no prior/);
    await refused(
      ['sample', vae, '--components', '3'],
      /--components is for --sampler gmm, and this is prior/,
    );
    await refused(['sample', vae, '--data', arrays], /--data has no use with --sampler prior/);
    await refused(['sample', vae, '--sampler', 'kde'], /Expected one of: prior, gmm, knn, two-stage, maf/);
    const many = ['--sampler', 'gmm', '--components', '301'];
    await refused(['sample', vae, ...many], /--components 301 needs as many codes, and there are 300/);
  });

  it('says how to name the data when it cannot find them', async () => {
    cpSync(plain, at('library'), { recursive: true });
    rmSync(join(at('library'), 'run.json'));
    await refused(['sample', at('library')], /run\.json.* is missing; name the training data with --data/);
    const moved = at('moved.npy');
    renameSync(arrays, moved);
    await refused(['sample', plain], /trained on .*arrays\.npy: there is no file .*name them with --data/);
    renameSync(moved, arrays);
    assert.ok(!existsSync('grid.png'));
  });
});
