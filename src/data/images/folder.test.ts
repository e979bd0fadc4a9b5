import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Color } from 'sharp';
import { UserError } from '../../errors.js';
import { loadSharp } from './decode.js';
import { isImageFolder, readImageFolder } from './folder.js';
import { compareNames } from './listing.js';

const root = mkdtempSync(join(tmpdir(), 'images-'));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

/** Writes a folder of files, and gives its path. */
function folder(files: Readonly<Record<string, Uint8Array | string>>): string {
  const path = join(root, String(folders++));
  mkdirSync(path);
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), bytes);
  }
  return path;
}

function grey(values: readonly number[], width: number) {
  return sharp(Buffer.from(values), {
    raw: { width, height: values.length / width, channels: 1 },
  }).toColourspace('b-w');
}

function plain(height: number, width: number, background: Color, channels: 3 | 4 = 3) {
  return sharp({ create: { width, height, channels, background } });
}

/** A PNG that claims a size in its header, with hardly any pixels behind it. */
function claimedPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([
    signature,
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(Buffer.alloc(64))),
  ]);
}

function pngChunk(type: string, content: Uint8Array): Buffer {
  const chunk = Buffer.concat([Buffer.alloc(4), Buffer.from(type, 'latin1'), content, Buffer.alloc(4)]);
  chunk.writeUInt32BE(content.length, 0);
  chunk.writeUInt32BE(crc(chunk.subarray(4, -4)), chunk.length - 4);
  return chunk;
}

/** A TIFF of one grey pixel, a 32-bit floating-point number. */
function floatTiff(value: number): Buffer {
  // Width, height, bits, no compression, black is zero, offset of the pixel, samples, rows, bytes, floating point.
  const tags = [256, 1, 257, 1, 258, 32, 259, 1, 262, 1, 273, 134, 277, 1, 278, 1, 279, 4, 339, 3];
  const bytes = Buffer.alloc(138);
  bytes.write('II*\0', 0, 'latin1');
  bytes.writeUInt32LE(8, 4);
  bytes.writeUInt16LE(tags.length / 2, 8);
  for (let at = 0; at < tags.length; at += 2) {
    const entry = 10 + 6 * at;
    bytes.writeUInt16LE(tags[at]!, entry);
    bytes.writeUInt16LE(4, entry + 2);
    bytes.writeUInt32LE(1, entry + 4);
    bytes.writeUInt32LE(tags[at + 1]!, entry + 8);
  }
  bytes.writeFloatLE(value, 134);
  return bytes;
}

/** The checksum of PNG; zlib has it only from Node 20.15 on. */
function crc(bytes: Uint8Array): number {
  if (typeof crc32 === 'function') return crc32(bytes);
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return ~value >>> 0;
}

function near(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (const [at, value] of expected.entries()) {
    assert.ok(
      Math.abs(actual[at]! - value) <= tolerance,
      `${[...Array.from(actual)]} is not near ${expected}`,
    );
  }
}

const dot = await grey([7], 1).png().toBuffer();

test('grey pictures of one size keep their values, in natural order', async () => {
  const path = folder({
    'p10.png': await grey([10, 11, 12, 13, 14, 15], 3).png().toBuffer(),
    'p2.png': await grey([0, 1, 2, 253, 254, 255], 3).png().toBuffer(),
    'sub/deep/p1.PNG': await grey([1, 1, 1, 1, 1, 1], 3).png().toBuffer(),
    '.hidden.png': 'x',
    '.cache/p.png': 'x',
    'notes.txt': 'x',
  });
  const set = await readImageFolder(path);
  assert.deepEqual(set.names, ['p2.png', 'p10.png', 'sub/deep/p1.PNG']);
  assert.deepEqual(set.shape, [3, 2, 3]);
  assert.deepEqual([...set.data], [0, 1, 2, 253, 254, 255, 10, 11, 12, 13, 14, 15, 1, 1, 1, 1, 1, 1]);
  assert.deepEqual(set.skipped, []);
  assert.deepEqual(set.notes, ['1 file without the ending of a picture left aside']);
  assert.equal(set.labels, undefined);
  assert.equal(set.classes, undefined);
});

test('one pixel of colour makes all pictures colour; pictures stored as RGB without any are grey', async () => {
  const rgb = (values: number[]) =>
    sharp(Buffer.from(values), { raw: { width: 2, height: 1, channels: 3 } }).png();
  const flat = await rgb([5, 5, 5, 9, 9, 9]).toBuffer();
  const grey = await readImageFolder(folder({ 'a.png': flat, 'b.png': flat }));
  assert.deepEqual(
    [grey.shape, [...grey.data]],
    [
      [2, 1, 2],
      [5, 9, 5, 9],
    ],
  );

  const path = folder({ 'a.png': flat, 'b.png': await rgb([5, 5, 5, 255, 0, 1]).toBuffer() });
  const colour = await readImageFolder(path);
  assert.deepEqual(colour.shape, [2, 1, 2, 3]);
  assert.deepEqual([...colour.data], [5, 5, 5, 9, 9, 9, 5, 5, 5, 255, 0, 1]);
  // round(0.299 · 255 + 0.114 · 1) = 76, as Pillow's convert('L') gives.
  const asked = await readImageFolder(path, { colour: 'grey' });
  assert.deepEqual(
    [asked.shape, [...asked.data]],
    [
      [2, 1, 2],
      [5, 9, 5, 76],
    ],
  );
  const three = await readImageFolder(folder({ 'a.png': dot }), { colour: 'colour' });
  assert.deepEqual(
    [three.shape, [...three.data]],
    [
      [1, 1, 1, 3],
      [7, 7, 7],
    ],
  );
});

test('mixed sizes come to the median sides, at most 64, and a note says so', async () => {
  const small = folder({
    'a.png': await plain(10, 20, '#fff').png().toBuffer(),
    'b.png': await plain(30, 8, '#fff').png().toBuffer(),
    'c.png': await plain(20, 40, '#fff').png().toBuffer(),
  });
  const set = await readImageFolder(small);
  assert.deepEqual(set.shape, [3, 20, 20]);
  assert.match(set.notes.join(), /3 sizes.*20×20/);
  assert.ok(set.data.every((value) => value === 255));
  const large = folder({
    'a.jpg': await plain(300, 200, '#fff').jpeg().toBuffer(),
    'b.jpg': await plain(30, 400, '#fff').jpeg().toBuffer(),
    'c.jpg': await plain(200, 50, '#fff').jpeg().toBuffer(),
  });
  assert.deepEqual((await readImageFolder(large)).shape, [3, 64, 64]);
  const chosen = await readImageFolder(large, { size: [5, 6] });
  assert.deepEqual([chosen.shape, chosen.notes], [[3, 5, 6], []]);
});

test('contain adds black, cover cuts, fill distorts', async () => {
  const row = [0, 0, 255, 255, 255, 255, 0, 0];
  const path = folder({
    'a.png': await grey([...row, ...row, ...row, ...row], 8)
      .png()
      .toBuffer(),
  });
  const read = async (fit: 'cover' | 'contain' | 'fill') =>
    (await readImageFolder(path, { size: [4, 4], fit })).data;
  const contained = await read('contain');
  near(contained.subarray(0, 4), [0, 0, 0, 0], 0);
  near(contained.subarray(12), [0, 0, 0, 0], 0);
  assert.ok((await read('cover')).every((value) => value > 200));
  const filled = await read('fill');
  assert.ok(filled[0]! < 100 && filled[1]! > 200 && filled[12]! < 100, [...filled].join());
});

test('16 bits are scaled to 8, grey and colour', async () => {
  const raw = new Uint16Array([0, 257, 128 * 257, 65535, 0, 65535]);
  const one = await sharp(raw, { raw: { width: 6, height: 1, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
  assert.equal((await sharp(one).metadata()).depth, 'ushort');
  const set = await readImageFolder(folder({ 'a.png': one }));
  assert.deepEqual(
    [set.shape, [...set.data]],
    [
      [1, 1, 6],
      [0, 1, 128, 255, 0, 255],
    ],
  );
  const three = sharp(raw, { raw: { width: 2, height: 1, channels: 3 } }).toColourspace('rgb16');
  for (const [name, bytes] of [
    ['a.png', await three.clone().png().toBuffer()],
    ['a.tif', await three.clone().tiff({ compression: 'lzw' }).toBuffer()],
  ] as const) {
    assert.equal((await sharp(bytes).metadata()).depth, 'ushort', name);
    const colour = await readImageFolder(folder({ [name]: bytes }));
    assert.deepEqual([...colour.data], [0, 1, 128, 255, 0, 255], name);
  }
});

test('transparent parts lie on black', async () => {
  const path = folder({
    'a.png': await plain(1, 2, { r: 200, g: 100, b: 50, alpha: 0.5 }, 4).png().toBuffer(),
    'b.png': await plain(1, 2, { r: 200, g: 100, b: 50, alpha: 0 }, 4).png().toBuffer(),
  });
  const { data, shape } = await readImageFolder(path);
  assert.deepEqual(shape, [2, 1, 2, 3]);
  near(data, [100, 50, 25, 100, 50, 25, 0, 0, 0, 0, 0, 0], 1);
  const deep = await sharp(new Uint16Array([40000, 32768]), { raw: { width: 1, height: 1, channels: 2 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
  const set = await readImageFolder(folder({ 'a.png': deep }));
  assert.deepEqual(set.shape, [1, 1, 1]);
  near(set.data, [78], 1);
});

test('CMYK, WebP, TIFF, GIF and AVIF are read', async () => {
  const red = () => plain(16, 16, '#ff0000');
  const files = {
    'a.jpeg': await red().toColourspace('cmyk').jpeg().toBuffer(),
    'b.webp': await red().webp({ lossless: true }).toBuffer(),
    'c.TIFF': await red().tiff().toBuffer(),
    'd.gif': await red().gif().toBuffer(),
    'e.avif': await red().avif().toBuffer(),
  };
  assert.equal((await sharp(files['a.jpeg']).metadata()).space, 'cmyk');
  const { data, shape, skipped } = await readImageFolder(folder(files));
  assert.deepEqual(skipped, []);
  assert.deepEqual(shape, [5, 16, 16, 3]);
  for (let picture = 0; picture < 5; picture++) {
    near(
      data.subarray(picture * 768, picture * 768 + 3),
      [picture === 0 ? 235 : 255, 0, 0],
      picture === 0 ? 20 : 6,
    );
  }
});

test('pictures are turned as EXIF says, for their size too', async () => {
  const upright = grey([0, 50, 100, 150, 200, 250], 3);
  // 6 means: turn by 90° clockwise to see it.
  const turned = await upright.png().withMetadata({ orientation: 6 }).toBuffer();
  const { data, shape, notes } = await readImageFolder(folder({ 'a.png': turned }));
  assert.deepEqual([shape, notes], [[1, 3, 2], []]);
  assert.deepEqual([...data], [150, 0, 200, 50, 250, 100]);
});

test('broken files are skipped with a reason, the others read', async () => {
  const noise = Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 7919) % 251));
  const full = sharp(noise, { raw: { width: 64, height: 64, channels: 1 } });
  const [png, jpg] = [await full.clone().png().toBuffer(), await full.clone().jpeg().toBuffer()];
  const path = folder({
    'a.png': png,
    'cut.png': png.subarray(0, png.length >> 1),
    'cut.jpg': jpg.subarray(0, jpg.length >> 1),
    'empty.png': '',
    'header.png': claimedPng(4, 4).subarray(0, 33),
    'huge.png': claimedPng(50_000, 50_000),
    'page.png': '<!doctype html><html></html>',
    'svg.png': '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    'float.tif': floatTiff(0.5),
    'z.jpg': jpg,
  });
  const { names, skipped, shape, data } = await readImageFolder(path);
  assert.deepEqual(names, ['a.png', 'z.jpg']);
  assert.deepEqual(shape, [2, 64, 64]);
  assert.deepEqual(Buffer.from(data.subarray(0, 4096)), noise);
  const reasons = Object.fromEntries(skipped.map(({ name, reason }) => [name, reason]));
  assert.deepEqual(Object.keys(reasons), [
    'cut.jpg',
    'cut.png',
    'empty.png',
    'float.tif',
    'header.png',
    'huge.png',
    'page.png',
    'svg.png',
  ]);
  assert.match(reasons['cut.jpg']!, /damaged or cut short/);
  assert.match(reasons['cut.png']!, /damaged or cut short/);
  assert.equal(reasons['empty.png'], 'is empty (0 bytes)');
  assert.match(reasons['float.tif']!, /values of type float; expected 8 or 16 bits/);
  assert.match(reasons['header.png']!, /^is damaged or cut short/);
  assert.match(reasons['huge.png']!, /pixels; at most 100,000,000/);
  assert.match(reasons['page.png']!, /no picture.*3c 21 64 6f/);
  assert.match(reasons['svg.png']!, /is SVG/);
});

test('subfolders one level deep are classes, in natural order', async () => {
  const path = folder({ '10/a.png': dot, '9/b.png': dot, '9/a.png': dot, '9/broken.png': 'x' });
  const { names, labels, classes } = await readImageFolder(path);
  assert.deepEqual(names, ['9/a.png', '9/b.png', '10/a.png']);
  assert.deepEqual(classes, ['9', '10']);
  assert.deepEqual([...labels!], [0, 0, 1]);
  const mixed = await readImageFolder(folder({ 'a/a.png': dot, 'b.png': dot }));
  assert.equal(mixed.labels, undefined);
});

test('links are followed, but never in a circle', async () => {
  const path = folder({ 'a/1.png': dot });
  symlinkSync(path, join(path, 'a', 'up'));
  symlinkSync(join(path, 'nothing.png'), join(path, 'a', 'lost.png'));
  symlinkSync(join(path, 'a', '1.png'), join(path, 'a', '2.png'));
  const { names, skipped } = await readImageFolder(path);
  assert.deepEqual(names, ['a/1.png', 'a/2.png']);
  assert.deepEqual(
    skipped.map(({ name }) => name),
    ['a/lost.png', 'a/up'],
  );
});

test('folders without usable pictures are refused, with up to five reasons', async () => {
  await assert.rejects(
    readImageFolder(folder({})),
    (error) => error instanceof UserError && /no pictures; expected/.test(error.message),
  );
  await assert.rejects(readImageFolder(folder({ 'a.txt': 'x' })), /but 1 other file/);
  const seven = folder(Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((n) => [`${n}.png`, ''])));
  await assert.rejects(
    readImageFolder(seven),
    (error) =>
      error instanceof UserError &&
      /1\.png is empty.*5\.png is empty \(0 bytes\); and 2 more/.test(error.message),
  );
  await assert.rejects(readImageFolder(join(root, 'nowhere')), /there is no folder/);
  await assert.rejects(
    readImageFolder(join(folder({ 'a.png': dot }), 'a.png')),
    /is a file; expected a folder/,
  );
});

test('wrong options and too many bytes are refused before anything is decoded', async () => {
  const path = folder({ 'a.png': dot, 'b.png': dot, 'c.png': dot });
  await assert.rejects(readImageFolder(path, { size: [0, 4] }), /size is \[0,4\]/);
  await assert.rejects(readImageFolder(path, { fit: 'wide' as 'fill' }), /fit is "wide"/);
  await assert.rejects(readImageFolder(path, { colour: 'red' as 'grey' }), /colour is "red"/);
  await assert.rejects(
    readImageFolder(path, { size: [40_000, 40_000] }),
    (error) => error instanceof UserError && /4,800,000,000 bytes.*smaller `size`/.test(error.message),
  );
});

test('without sharp the message says what to install', async () => {
  await assert.rejects(
    loadSharp(() => Promise.reject(new Error('no binary\nmore'))),
    (error) => error instanceof UserError && /does not load \(no binary\)/.test(error.message),
  );
});

test('isImageFolder holds for folders alone', async () => {
  const path = folder({ 'a.png': dot });
  assert.deepEqual(
    [await isImageFolder(path), await isImageFolder(join(path, 'a.png')), await isImageFolder(`${path}-`)],
    [true, false, false],
  );
});

test('names are ordered as numbers count, folder by folder', () => {
  const names = ['b/1', 'a-b/1', 'a/10', 'a/2', 'a/02', 'a'];
  assert.deepEqual(names.sort(compareNames), ['a', 'a/02', 'a/2', 'a/10', 'a-b/1', 'b/1']);
});
