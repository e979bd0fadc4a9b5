import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { npyBytes } from '../data/npy.js';
import { call, callJson, refused, temporaryFolder } from '../testing/cli.js';

const { path: root, remove } = temporaryFolder();
after(remove);
const at = (name: string) => join(root, name);

/** Rows of two kinds that lie apart. */
function table(name: string, rows: number, kind?: (i: number) => string): string {
  const lines = Array.from({ length: rows }, (_, i) =>
    [3 * (i % 2) + Math.sin(i) / 9, 3 * (i % 2) + Math.cos(i) / 9, i % 7, ...(kind ? [kind(i)] : [])].join(),
  );
  writeFileSync(at(name), `x,y,z${kind ? ',kind' : ''}\n${lines.join('\n')}\n`);
  return at(name);
}

const kinds = (i: number) => 'ab'[i % 2]!;
const data = table('data.csv', 60, kinds);
const unlabelled = table('unlabelled.csv', 60);
const [labelled, plain, arrays] = [at('labelled'), at('plain'), at('arrays')];
const array = at('array.npy');

before(async () => {
  const quick = ['--epochs', '20', '--learning-rate', '0.01', '--latent', '2', '--quiet', '--out'];
  assert.equal((await call('train', data, '--label', 'kind', ...quick, labelled)).code, 0);
  assert.equal((await call('train', unlabelled, ...quick, plain)).code, 0);
  const numbers = Float32Array.from({ length: 120 }, (_, i) => 0.5 + 0.4 * Math.sin(i));
  writeFileSync(array, npyBytes({ data: numbers, shape: [20, 6] }));
  assert.equal((await call('train', array, ...quick, arrays)).code, 0);
});

const picture = ['-o', at('map.png')];
const map = async (...argv: string[]) => (await callJson('map', ...argv, ...picture))[0]!;

describe('map --neighbours', () => {
  it('has the rows of other data vote', async () => {
    const others = table('others.csv', 40, (i) => 'ba'[i % 2]!);
    assert.equal((await map(labelled, data, '--neighbours', data)).knnAccuracy, 1);
    assert.equal((await map(labelled, data, '--neighbours', others)).knnAccuracy, 0);
  });

  it('is refused where no class can be voted on, and the missing column named', async () => {
    const noColumn = /unlabelled\.csv has no column kind, the label of the run; add it, name another/;
    await refused(['map', labelled, data, '--neighbours', unlabelled, ...picture], noColumn);
    await refused(['map', labelled, unlabelled, '--neighbours', data, ...picture], noColumn);
    await refused(
      ['map', plain, data, '--neighbours', data, ...picture],
      /the run was trained without --label; name the column of the classes with --label/,
    );
    const empty = table('empty.csv', 20, () => '');
    await refused(
      ['map', labelled, data, '--neighbours', empty, ...picture],
      /column kind of .*empty\.csv is empty/,
    );
    await refused(['map', arrays, array, '--neighbours', array, ...picture], /array\.npy has no labels/);
  });

  it('neither asks rows without a label nor has them vote, and counts them', async () => {
    const half = table('half.csv', 60, (i) => (i % 3 === 0 ? ['', 'NA'][i % 2]! : kinds(i)));
    for (const argv of [[half], [data, '--neighbours', half], [half, '--neighbours', data]]) {
      const { code, stdout, stderr } = await call('map', labelled, ...argv, ...picture, '--json');
      assert.equal(code, 0, stderr);
      assert.equal(JSON.parse(stdout).knnAccuracy, 1, argv.join(' '));
      assert.match(stderr, /half\.csv: 20 of 60 rows have no kind; such rows neither vote nor are asked/);
    }
    assert.equal((await map(labelled, at('empty.csv'))).knnAccuracy, undefined);
  });
});

describe('map of few rows', () => {
  it('draws the picture, with figures of as many neighbours as there can be', async () => {
    const notes: [rows: number, note: RegExp][] = [
      [1, /with 1 row, trustworthiness and continuity are left out/],
      [2, /with 2 rows, trustworthiness and continuity are left out/],
      [7, /with 7 rows, trustworthiness and continuity are of 3 neighbours in place of 5/],
      [4, /with 4 rows of a known class, the accuracy of nearest neighbours is of 3 neighbours in place of/],
    ];
    for (const [rows, note] of notes) {
      const few = table('few.csv', rows, kinds);
      writeFileSync(at('map.png'), '');
      const { code, stdout, stderr } = await call('map', labelled, few, ...picture, '--json');
      assert.equal(code, 0, stderr);
      assert.match(stderr, note);
      assert.equal('trustworthiness' in JSON.parse(stdout), rows > 2);
      assert.deepEqual([...readFileSync(at('map.png')).subarray(1, 4)], [...Buffer.from('PNG')]);
    }
    assert.equal((await call('map', labelled, table('few.csv', 11, kinds), ...picture)).stderr, '');
  });
});
