import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { npyBytes } from '../data/npy.js';
import { call, refused, start, temporaryFolder } from '../testing/cli.js';

const { path: root, remove } = temporaryFolder();
after(remove);
const at = (name: string) => join(root, name);
const [table, array, folder] = [at('rows.csv'), at('array.npy'), at('folder')];
const [ofTable, ofArray] = [at('of-table'), at('of-array')];

before(async () => {
  const lines = Array.from({ length: 40 }, (_, i) => `P${i},${Math.sin(i)},${Math.cos(i)}`);
  writeFileSync(table, `name,x,y\n${lines.join('\n')}\n`);
  const numbers = Float32Array.from({ length: 240 }, (_, i) => 0.5 + 0.4 * Math.sin(i));
  writeFileSync(array, npyBytes({ data: numbers, shape: [40, 6] }));
  mkdirSync(folder);
  const quick = ['--epochs', '1', '--quiet', '--latent', '2', '--out'];
  assert.equal((await call('train', table, '--id', 'name', ...quick, ofTable)).code, 0);
  assert.equal((await call('train', array, ...quick, ofArray)).code, 0);
});

const commands = (run: string, data: string, ending: string): string[][] => [
  ['evaluate', run, data],
  ['encode', run, data, '-o', at('codes.npy')],
  ['encode', run, data, '-o', at('codes.csv')],
  ['reconstruct', run, data, '-o', at(`back.${ending}`)],
  ['map', run, data, '-o', at('map.png')],
  ['interpolate', run, data, '--from', '0', '--to', '1', '-o', at(`way.${ending}`)],
  ['traverse', run, '--data', data, '-o', at(`sweep.${ending}`)],
  ['sample', run, '--data', data, '--sampler', 'gmm', '-o', at(`new.${ending}`)],
];

describe('data of another kind than those of training', () => {
  it('are refused by a run of a table, which names its columns', async () => {
    for (const data of ['mnist', 'shapes', folder]) {
      for (const command of commands(ofTable, data, 'csv')) {
        await refused(command, /pictures, but the run was trained on rows of a table with the columns x, y;/);
      }
    }
  });

  it('are refused by a run of arrays, which says what they were', async () => {
    for (const data of [table, '-']) {
      for (const command of commands(ofArray, data, 'npy')) {
        await refused(
          command,
          / a table, but the run was trained on samples of 6 numbers; give data of that/,
        );
      }
    }
  });

  it('take no options about pictures unless they are a folder of them', async () => {
    const about = /about the pictures of a folder, and .* is none; leave them out/;
    for (const data of [table, array]) {
      for (const option of [
        ['--image-size', '3x3'],
        ['--image-fit', 'fill'],
        ['--colour', 'grey'],
      ]) {
        await refused(['train', data, ...option, '--epochs', '1', '--out', at('x')], about);
      }
    }
    assert.ok(!existsSync(at('x')));
  });

  it('are read by a run that goes on as they were before', async () => {
    const other = (run: string, ...options: string[]) => ['train', '--resume', '--out', run, ...options];
    await refused(
      other(ofTable, '--columns', 'x'),
      /other ones were given: --columns x \(the run has none\)/,
    );
    await refused(other(ofTable, '--decimal', ','), /--decimal , \(the run has none\)/);
    await refused(other(ofArray, '--image-size', '3x3'), /--image-size 3,3 \(the run has none\)/);
  });

  it('are no validation', async () => {
    const run = ['--epochs', '1', '--out', at('x')];
    await refused(
      ['train', table, '--validation', 'mnist', ...run],
      /mnist is a set of pictures, but .*rows/,
    );
    await refused(
      ['train', 'mnist', '--validation', table, ...run],
      /rows\.csv is a table, but mnist is a set/,
    );
    assert.ok(!existsSync(at('x')));
  });

  it('are no rows to judge, nor is their run a judge', async () => {
    const picture = ['--picture', at('detect.png')];
    await refused(['detect', 'mnist', ...picture], /mnist is a set of pictures, and detect judges rows/);
    await refused(['detect', folder, ...picture], /is a folder, .*, and detect judges rows of a table/);
    const judge = ['detect', table, '--run', ofArray, ...picture];
    await refused(judge, /of-array was trained on samples of 6 numbers, and detect judges rows of a table/);
  });

  it('are no slice of a table', async () => {
    const message = /rows\.csv\[0:5\]: a slice is of arrays and pictures, and .*rows\.csv is a table/;
    await refused(['train', `${table}[0:5]`, '--out', at('x')], message);
    await refused(['evaluate', ofTable, `${table}[0:5]`], message);
    await refused(['detect', `${table}[0:5]`, '--picture', at('detect.png')], message);
  });
});

describe('columns beside codes', () => {
  it('are refused where the file has no place for them, whether they are there or not', async () => {
    for (const column of ['name', 'nothing']) {
      const npy = ['encode', ofTable, table, '-o', at('codes.npy'), '--carry', column];
      await refused(npy, /--carry: -o .*codes\.npy holds codes and no columns beside them; give a name/);
      const arrays = ['encode', ofArray, array, '-o', at('codes.npy'), '--carry', column];
      await refused(arrays, /--carry names columns of a table, but the run was trained on arrays/);
    }
  });
});

describe('--decimal', () => {
  it('is refused where no table is read', async () => {
    const about = /--decimal is about the numbers of a table, but the run was trained on arrays/;
    for (const command of commands(ofArray, array, 'npy')) {
      await refused([...command, '--decimal', ','], about);
    }
    const prior = ['sample', ofTable, '--sampler', 'prior', '--decimal', ','];
    await refused(prior, /--decimal is about the data whose codes a sampler learns/);
  });
});

describe('--score', () => {
  it('is refused where a run has nothing of what it asks for', async () => {
    const judge = ['detect', table, '--run', ofTable, '--picture', at('detect.png'), '--score'];
    await refused([...judge, 'elbo'], /--score elbo: .* is of --model autoencoder, which has no bound/);
    await refused(
      [...judge, 'likelihood'],
      /--score likelihood: .* has no likelihood that could be estimated/,
    );
    const detector = ['detect', table, '--score', 'elbo', '--picture', at('detect.png')];
    await refused(detector, /--score: without --run a detector judges, which has a score of its own/);
  });
});

describe('results that are given no name', () => {
  it('are rows where the run is of a table', async () => {
    await call('encode', ofTable, table, '-o', at('codes.parquet'));
    for (const [command, file] of [
      [['decode', ofTable, at('codes.parquet')], 'decoded.csv'],
      [['sample', ofTable], 'samples.csv'],
    ] as const) {
      const { code, stderr } = await start(command, `cd '${root}' && "$@"`).outcome;
      assert.equal(code, 0, stderr);
      assert.ok(existsSync(at(file)), file);
    }
  });
});
