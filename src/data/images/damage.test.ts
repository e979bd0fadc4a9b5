import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import { readImageFolder } from './folder.js';

const root = mkdtempSync(join(tmpdir(), 'images-damage-'));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

const side = 24;
const noise = Buffer.from(Array.from({ length: side * side * 3 }, (_, at) => (at * 7919) % 251));
const picture = () => sharp(noise, { raw: { width: side, height: side, channels: 3 } });

const good = await picture().png().toBuffer();
const samples: readonly { readonly ending: string; readonly bytes: Buffer }[] = [
  { ending: 'png', bytes: good },
  { ending: 'jpg', bytes: await picture().jpeg().toBuffer() },
  { ending: 'jpeg', bytes: await picture().toColourspace('cmyk').jpeg().toBuffer() },
  { ending: 'webp', bytes: await picture().webp().toBuffer() },
  { ending: 'tif', bytes: await picture().tiff({ compression: 'lzw' }).toBuffer() },
  { ending: 'gif', bytes: await picture().gif().toBuffer() },
  { ending: 'avif', bytes: await picture().avif().toBuffer() },
];

/** Reads a good picture among others: it is always read, and of each other there is a picture or a reason. */
async function survives(files: readonly (readonly [ending: string, bytes: Uint8Array])[]): Promise<void> {
  const path = join(root, String(folders++));
  mkdirSync(path);
  writeFileSync(join(path, '0.png'), good);
  files.forEach(([ending, bytes], at) => {
    writeFileSync(join(path, `${at + 1}.${ending}`), bytes);
  });
  const { names, data, shape, skipped } = await readImageFolder(path, {
    size: [side, side],
    colour: 'colour',
  });
  rmSync(path, { recursive: true });
  assert.equal(names[0], '0.png');
  assert.deepEqual(Buffer.from(data.subarray(0, noise.length)), noise);
  assert.deepEqual(shape, [names.length, side, side, 3]);
  assert.equal(data.length, names.length * noise.length);
  assert.equal(names.length + skipped.length, files.length + 1);
  assert.ok(skipped.every(({ reason }) => reason.length > 0 && !reason.includes('\n')));
}

test('whatever is changed in a picture, it is read or skipped with a reason', async () => {
  const change = fc.tuple(
    // Headers take few of the bytes, and most of the ways to fail.
    fc.oneof(fc.nat(99), fc.nat()),
    fc.nat(255),
  );
  const damaged = fc
    .tuple(fc.constantFrom(...samples), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([{ ending, bytes }, changes]): [string, Uint8Array] => {
      const copy = new Uint8Array(bytes);
      for (const [at, to] of changes) copy[at % copy.length] = to;
      return [ending, copy];
    });
  const misnamed = fc
    .tuple(fc.constantFrom(...samples), fc.constantFrom(...samples))
    .map(([{ ending }, { bytes }]): [string, Uint8Array] => [ending, bytes]);
  const files = fc.array(fc.oneof({ weight: 9, arbitrary: damaged }, misnamed), {
    minLength: 1,
    maxLength: 20,
  });
  await fc.assert(fc.asyncProperty(files, survives), { numRuns: Number(process.env.FUZZ ?? 50) });
});

test('a picture that is cut short anywhere is read or skipped with a reason', async () => {
  for (const { ending, bytes } of samples) {
    const step = Math.ceil(bytes.length / 60);
    const cuts = Array.from({ length: Math.ceil(bytes.length / step) }, (_, cut) => cut * step);
    await survives(cuts.map((length) => [ending, bytes.subarray(0, length)]));
  }
});
