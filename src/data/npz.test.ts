import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../errors.js';
import { readable, refused } from './fixtures/npyFixtures.js';
import { zipBytes } from './fixtures/zip.js';
import { npyBytes, parseNpy } from './npy.js';
import { openNpz } from './npz.js';

const folder = mkdtempSync(join(tmpdir(), 'autoencoder-npz-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const decode = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));
const numbers = npyBytes({ data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] });
const X = { name: 'X.npy', bytes: numbers };

async function refuses(work: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof UserError, String((error as Error).stack));
    assert.match(error.message, message);
    return true;
  });
}

for (const deflate of [false, true]) {
  test(`reads every array that NumPy saves, ${deflate ? 'deflated' : 'stored'}`, async () => {
    const members = readable.map(({ base64 }, i) => ({ name: `a${i}.npy`, bytes: decode(base64), deflate }));
    const archive = await openNpz(file('all.npz', zipBytes(members)));
    assert.deepEqual(
      archive.names,
      members.map((_, i) => `a${i}`),
    );
    for (const [i, { bytes }] of members.entries()) {
      const expected = parseNpy(bytes, 'f');
      assert.deepEqual(await archive.read(`a${i}`), expected);
      assert.deepEqual(await archive.shape(`a${i}`), expected.shape);
    }
  });
}

test('reads zip64, and leaves aside what is no array', async () => {
  const text = { name: 'README.txt', bytes: Buffer.from('hello') };
  const path = file('a.npz', zipBytes([text, { ...X, zip64: true }]));
  const archive = await openNpz(path);
  assert.deepEqual(archive.names, ['X']);
  assert.deepEqual((await archive.read('X')).shape, [2, 2]);
  await refuses(archive.read('Y'), /has no array "Y"; it has X/);
  await refuses(openNpz(file('b.npz', zipBytes([text]))), /without NumPy arrays; expected what numpy\.savez/);
});

test('objects are refused when they are read, and not before', async () => {
  const pickled = refused.find(({ message }) => /pickle/.test(message))!;
  const path = file('o.npz', zipBytes([X, { name: 'o.npy', bytes: decode(pickled.base64) }]));
  const archive = await openNpz(path);
  assert.deepEqual((await archive.read('X')).data, Float32Array.of(1, 2, 3, 4));
  assert.equal(await archive.shape('o'), undefined);
  await refuses(archive.read('o'), /pickled Python objects, which are never read/);
});

test('says what is wrong with an archive', async () => {
  await refuses(openNpz(join(folder, 'none.npz')), /there is no file/);
  await refuses(openNpz(file('text.npz', 'a,b\n')), /no \.npz archive: it begins with 61 2c 62 0a; expected/);
  const whole = zipBytes([X]);
  await refuses(openNpz(file('short.npz', whole.subarray(0, -10))), /damaged or cut short .*save it again/);
  const read = async (member: object) => {
    const archive = await openNpz(file('x.npz', zipBytes([{ ...X, ...member }])));
    assert.equal(await archive.shape('X').then(() => 0), 0);
    return archive.read('X');
  };
  await refuses(read({ encrypted: true }), /X\.npy is encrypted; save the arrays without a password/);
  await refuses(read({ crc: 1 }), /X\.npy is damaged .*checksum is wrong/);
  await refuses(read({ crc: 1, deflate: true }), /X\.npy is damaged .*checksum is wrong/);
  await refuses(read({ claims: 10, deflate: true }), /X\.npy is damaged/);
  await refuses(read({ claims: 1000, deflate: true }), /X\.npy is damaged/);
  await refuses(read({ claims: 4e9, deflate: true }), /X\.npy is damaged .*cannot unpack to 4000000000/);
});

test('what it unpacks to is limited, all arrays together', async () => {
  const zeros = npyBytes({ data: new Uint8Array(1_000_000), shape: [1_000_000] });
  const bomb = ['a', 'b'].map((name) => ({ name: `${name}.npy`, bytes: zeros, deflate: true }));
  const archive = await openNpz(file('bomb.npz', zipBytes(bomb)), { maxBytes: 1_500_000 });
  await archive.read('a');
  await archive.read('a');
  await refuses(
    archive.read('b'),
    /unpacks to 1,000,128 bytes, 2,000,256 in all, more than the limit of 1,500,000/,
  );
});

test('no bytes give anything but numbers or a UserError', async () => {
  const samples = [false, true].map((deflate) =>
    zipBytes([
      { ...X, deflate },
      { ...X, name: 'y.npy', zip64: true },
    ]),
  );
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
  const damaged = fc.tuple(fc.constantFrom(...samples), changes, fc.nat()).map(([sample, list, cut]) => {
    const bytes = sample.slice();
    for (const [at, to] of list) bytes[at % bytes.length] = to;
    return cut % 3 ? bytes : bytes.subarray(0, cut % bytes.length);
  });
  const noise = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.concat([Buffer.from('PK'), bytes]));
  await fc.assert(
    fc.asyncProperty(fc.oneof({ weight: 8, arbitrary: damaged }, noise), async (bytes) => {
      try {
        const archive = await openNpz(file('fuzz.npz', bytes));
        for (const name of archive.names) await archive.read(name);
      } catch (error) {
        assert.ok(error instanceof UserError, String((error as Error).stack));
      }
    }),
    { numRuns: Number(process.env.FUZZ ?? 400) },
  );
});
