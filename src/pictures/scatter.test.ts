import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../errors.js';
import { normal } from '../random/normal.js';
import { Random } from '../random/random.js';
import { canvasLibrary } from './canvas.js';
import { scatterPicture } from './scatter.js';

const given = { title: 'codes', subtitle: 'of some rows', axes: ['x', 'y'] } as const;

async function coloursOf(png: Uint8Array): Promise<Set<string>> {
  const { loadImage, createCanvas } = await canvasLibrary();
  const image = await loadImage(Buffer.from(png));
  const context = createCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const found = new Set<string>();
  for (let i = 0; i < data.length; i += 4)
    found.add(`#${Buffer.from(data.subarray(i, i + 3)).toString('hex')}`);
  return found;
}

function cloud(count: number): Float32Array {
  const random = new Random('cloud');
  return Float32Array.from({ length: 2 * count }, () => normal(random));
}

test('every class has its colour in the legend, the rarest beyond 20 share one', async () => {
  const labels = Uint8Array.from({ length: 400 }, (_, i) => i % 25);
  const classes = Array.from({ length: 25 }, (_, i) => `class ${i}`);
  const found = await coloursOf(await scatterPicture({ ...given, points: cloud(400), labels, classes }));
  for (const colour of ['#3f90da', '#92dadd', '#2f7f83', '#d6d6d2']) assert.ok(found.has(colour), colour);
  const few = await coloursOf(
    await scatterPicture({ ...given, points: cloud(3), labels: [0, 1, 1], classes: ['a', 'b'] }),
  );
  assert.ok(few.has('#ffa90e') && !few.has('#bd1f01'));
});

test('the same points give the same bytes', async () => {
  const picture = { ...given, points: cloud(500) };
  assert.deepEqual(await scatterPicture(picture), await scatterPicture(picture));
});

test('points that are few, equal, or far out are drawn', async () => {
  const far = cloud(3000);
  far[0] = 1e30;
  for (const points of [Float32Array.of(1, 2), new Float32Array(200).fill(-7), far]) {
    assert.ok((await coloursOf(await scatterPicture({ ...given, points }))).size > 10);
  }
});

test('says what is wrong with points and labels', async () => {
  const points = Float32Array.of(1, 2, 3, 4);
  const wrong: [Partial<Parameters<typeof scatterPicture>[0]>, RegExp][] = [
    [{ points: new Float32Array(0) }, /0 coordinates/],
    [{ points: new Float32Array(3) }, /3 coordinates/],
    [{ points: Float32Array.of(1, 2, Number.NaN, 4) }, /point 1 has the coordinate NaN/],
    [{ labels: [0] }, /2 points and 1 labels/],
    [{ labels: [0, 1], classes: ['a'] }, /point 1 has the label 1, but there are 1 classes/],
  ];
  for (const [part, message] of wrong) {
    await assert.rejects(
      scatterPicture({ ...given, points, ...part }),
      (error) => error instanceof UserError && message.test(error.message),
    );
  }
});
