import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { after, before, describe, it } from 'node:test';
import sharp from 'sharp';
import { npyBytes } from '../data/npy.js';
import { call, temporaryFolder } from '../testing/cli.js';

const { path: root, remove } = temporaryFolder();
after(remove);
const at = (...names: string[]) => join(root, ...names);
const table = at('people.csv');
const run = at('run');
const arrays = at('arrays');
const array = at('unit.npy');
const codes = at('codes.csv');
const plain = at('plain');
const pictures = at('pictures');
const pictured = at('pictured');

before(async () => {
  const lines = Array.from({ length: 40 }, (_, i) => `${Math.sin(i)},${Math.cos(i)},${['a', 'b'][i % 2]}`);
  writeFileSync(table, `x,y,kind\n${lines.join('\n')}\n`);
  const numbers = Float32Array.from({ length: 240 }, (_, i) => 0.5 + 0.4 * Math.sin(i));
  writeFileSync(array, npyBytes({ data: numbers, shape: [40, 6] }));
  const quick = ['--epochs', '1', '--quiet', '--model', 'vae', '--latent', '2'];
  assert.equal((await call('train', table, ...quick, '--out', run)).code, 0);
  assert.equal((await call('train', array, ...quick, '--out', arrays)).code, 0);
  assert.equal((await call('encode', run, table, '-o', codes)).code, 0);
  const short = ['--epochs', '1', '--quiet', '--latent', '2'];
  const plainOptions = [...short, '--validation', at('held.csv'), '--columns', 'x,y', '--out', plain];
  copyFileSync(table, at('held.csv'));
  assert.equal((await call('train', table, ...plainOptions)).code, 0);
  for (const name of ['a', 'b']) {
    mkdirSync(join(pictures, name), { recursive: true });
    const pixels = Buffer.from(Array.from({ length: 16 }, (_, i) => i * 16));
    await sharp(pixels, { raw: { width: 4, height: 4, channels: 1 } }).toFile(join(pictures, name, '1.png'));
  }
  assert.equal((await call('train', pictures, ...short, '--out', pictured)).code, 0);
  symlinkSync(table, at('link.csv'));
  linkSync(table, at('hard.csv'));
  mkdirSync(at('folder'));
  mkdirSync(at('folder', 'folder.csv'));
  mkdirSync(at('folder', 'folder.png'));
});

/** The command ends before any work with such a message, and what it reads is as it was. */
async function refused(message: RegExp, ...argv: string[]): Promise<void> {
  const sources = [
    table,
    array,
    codes,
    at('held.csv'),
    join(run, 'history.csv'),
    join(pictures, 'a', '1.png'),
  ];
  const held = sources.map((path) => readFileSync(path));
  const names = readdirSync(root, { recursive: true });
  const { code, stdout, stderr } = await call(...argv);
  assert.deepEqual([code, stdout], [2, ''], `${argv.join(' ')}: ${stderr}`);
  assert.match(stderr, message);
  // Nothing was read or trained before: there is no line but the message.
  assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  sources.forEach((path, i) => {
    assert.ok(readFileSync(path).equals(held[i]!), path);
  });
  assert.deepEqual(readdirSync(root, { recursive: true }), names);
}

describe('a file to write', () => {
  const isData = /-o .*: this is the file of the data .* which would be overwritten; give another name/;

  it('is never one that the command reads, however it is spelt', async () => {
    const spellings = [table, relative(process.cwd(), table), at('folder', '..', 'people.csv')];
    for (const path of [...spellings, at('link.csv'), at('hard.csv')]) {
      await refused(isData, 'detect', table, '-o', path, '--picture', at('d.png'));
      await refused(isData, 'detect', path, '-o', table, '--picture', at('d.png'));
      await refused(isData, 'encode', run, table, '-o', path);
      await refused(isData, 'reconstruct', run, table, '-o', path);
    }
    await refused(isData, 'encode', arrays, array, '-o', array);
    await refused(isData, 'encode', arrays, `${array}[0:5]`, '-o', array);
    await refused(isData, 'reconstruct', arrays, array, '-o', array);
    await refused(isData, 'decode', run, codes, '-o', codes);
  });

  it('is never what the run was trained on, which commands read where no data are named', async () => {
    for (const path of [table, at('held.csv'), at('link.csv')]) {
      await refused(isData, 'sample', plain, '-o', path);
      await refused(isData, 'sample', plain, '--sampler', 'knn', '-o', path);
      await refused(isData, 'sample', plain, '--data', codes, '-o', path);
      await refused(isData, 'traverse', plain, '-o', path);
    }
    await refused(/\(.*people\.csv, of the run .*run\)/, 'sample', run, '-o', table);
    await refused(isData, 'interpolate', plain, codes, '--from', '0', '--to', '1', '-o', table);
    await refused(isData, 'detect', codes, '--run', plain, '-o', table, '--picture', at('d.png'));
    const inFolder = /this is a file in the folder of the data \(.*pictures, of the run/;
    await refused(inFolder, 'sample', pictured, '-o', join(pictures, 'a', '1.png'));
    await refused(inFolder, 'traverse', pictured, '-o', join(pictures, 'a', '1.png'));
    const own = /--out .*: its file history\.csv would be replaced, and is the data/;
    await refused(own, 'train', join(plain, 'history.csv'), '--resume', '--out', plain);
  });

  it('is no new picture in a folder of pictures that is read', async () => {
    const among = /would be one more picture in the folder of the data/;
    symlinkSync(pictures, at('pictures-link'));
    for (const folder of [pictures, join(pictures, 'runs', 'first'), at('pictures-link')]) {
      await refused(among, 'train', pictures, '--out', folder);
      await refused(among, 'train', array, '--validation', pictures, '--out', folder);
    }
    const picture = join(pictures, 'a', 'new.png');
    for (const path of [picture, at('pictures-link', 'new.png')]) {
      await refused(among, 'reconstruct', pictured, pictures, '-o', path);
      await refused(among, 'reconstruct', pictured, `${pictures}[0:1]`, '-o', path);
      await refused(among, 'map', pictured, pictures, '-o', path);
      await refused(among, 'sample', pictured, '-o', path);
      await refused(among, 'traverse', pictured, '-o', path);
    }
    assert.equal((await call('train', '--resume', '--out', pictured, '--epochs', '2')).code, 0);
    const besides = ['encode', pictured, pictures, '-o', join(pictures, 'codes.npy')];
    assert.equal((await call(...besides)).code, 0);
  });

  it('is no file that the run consists of, and a run no folder of its data', async () => {
    const history = join(run, 'history.csv');
    const message = /-o .*: this is history\.csv of the run/;
    await refused(message, 'encode', run, table, '-o', history);
    await refused(message, 'sample', run, '-o', history);
    await refused(message, 'detect', table, '--run', run, '-o', history, '--picture', at('d.png'));
    await refused(
      /--out .*: its file history\.csv would be replaced, and is the data/,
      ...['train', history, '--out', run, '--overwrite'],
    );
    const kept = ['detect', table, '--out', run, '--picture', at('d.png')];
    await refused(/run already holds a run of train; replace it with --overwrite, or choose/, ...kept);
  });

  it('is no file of its own in the folder of any run, pictures included', async () => {
    const loss = join(run, 'loss.png');
    const message = /: this is loss\.png of the run, which would be overwritten; give another name/;
    await refused(message, 'map', run, table, '-o', loss);
    await refused(message, 'map', arrays, array, '-o', loss);
    await refused(message, 'detect', table, '--picture', loss);
    await refused(message, 'sample', arrays, '-o', loss);
    const other = ['map', run, table, '--method', 'pca', '-o', join(run, 'map.png')];
    assert.equal((await call(...other)).code, 0);
  });

  it('is known to be writable before there is any work', async () => {
    const places: [path: string, message: RegExp][] = [
      [at('missing', 'x'), /the folder .*missing does not exist; create it first/],
      [at('people.csv', 'x'), /people\.csv is not a folder; choose another place/],
      [at('folder', 'folder'), /it is a folder; give the name of a file/],
    ];
    for (const [path, message] of places) {
      await refused(message, 'detect', table, '-o', `${path}.csv`, '--picture', at('d.png'));
      await refused(message, 'detect', table, '--picture', `${path}.png`);
      await refused(message, 'encode', run, table, '-o', `${path}.csv`);
      await refused(message, 'reconstruct', run, table, '-o', `${path}.csv`);
      await refused(message, 'reconstruct', arrays, array, '-o', `${path}.png`);
      await refused(message, 'decode', run, codes, '-o', `${path}.csv`);
      await refused(message, 'sample', run, '-o', `${path}.csv`);
      await refused(message, 'map', run, table, '-o', `${path}.png`);
    }
    const below = at('people.csv', 'run');
    await refused(/cannot be made: a part of the path is a file/, 'train', table, '--out', below);
    const kept = ['detect', table, '--out', below, '--picture', at('d.png')];
    await refused(/cannot be made: a part of the path is a file/, ...kept);
  });

  it('has the ending of what is written into it', async () => {
    const isPng = /pictures are written as PNG; give a name that ends in \.png/;
    await refused(isPng, 'detect', table, '--picture', at('d.jpg'));
    await refused(isPng, 'detect', table, '--picture', at('d'));
    await refused(isPng, 'map', run, table, '-o', at('d.jpeg'));
    await refused(/give one that ends in \.png, \.npy or \.csv/, 'sample', arrays, '-o', at('d.jpg'));
    await refused(/give one that ends in/, 'reconstruct', arrays, array, '-o', at('d.jpg'));
    await refused(/names no format/, 'reconstruct', run, table, '-o', at('d.jpg'));
    await refused(/names no format/, 'detect', table, '-o', at('d.xls'), '--picture', at('d.png'));
  });

  it('may replace an older result', async () => {
    writeFileSync(at('older.csv'), 'old');
    assert.equal((await call('encode', run, table, '-o', at('older.csv'))).code, 0);
    assert.match(readFileSync(at('older.csv'), 'utf8'), /^z0,z1\n/);
    assert.ok(!existsSync(at('d.png')));
  });
});
