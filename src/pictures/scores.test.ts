import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../errors.js';
import { normal } from '../random/normal.js';
import { Random } from '../random/random.js';
import { canvasLibrary, colours } from './canvas.js';
import { type ScorePicture, scorePicture } from './scores.js';

const random = new Random('scores');
const scores = Float32Array.from({ length: 2000 }, () => Math.abs(normal(random)));
const reasons = ['age 412 (expected 38)', `name ${'x'.repeat(300)}`, 'income −3 (expected 41,200)'];
const given = { scores, threshold: 3, rows: [], title: 'scores', subtitle: 'of some rows' };

/** In how many columns of the sheet's histogram a colour occurs, and the picture's height. */
async function drawn(picture: ScorePicture, colour: string): Promise<{ columns: number; height: number }> {
  const { loadImage, createCanvas } = await canvasLibrary();
  const image = await loadImage(Buffer.from(await scorePicture(picture)));
  const context = createCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 96, image.width, 330);
  const columns = new Set<number>();
  for (let i = 0; i < data.length; i += 4) {
    if (`#${Buffer.from(data.subarray(i, i + 3)).toString('hex')}` === colour)
      columns.add((i / 4) % image.width);
  }
  return { columns: columns.size, height: image.height };
}

test('what lies above the threshold has the other colour', async () => {
  assert.ok((await drawn(given, colours.blue)).columns > 300);
  assert.ok((await drawn(given, colours.vermilion)).columns > 0);
  assert.equal((await drawn({ ...given, threshold: 100 }, colours.vermilion)).columns, 0);
});

test('with labels the known anomalies have the other colour', async () => {
  const labels = new Int8Array(2000);
  assert.equal((await drawn({ ...given, labels }, colours.vermilion)).columns, 0);
  labels[0] = 1;
  assert.ok((await drawn({ ...given, labels }, colours.vermilion)).columns > 0);
});

test('one score far out does not squash the others', async () => {
  for (const huge of [1e6, 1e300, Number.POSITIVE_INFINITY]) {
    const far = scores.slice();
    far[7] = huge;
    const least = huge === 1e300 ? 5 : 50;
    assert.ok((await drawn({ ...given, scores: far }, colours.blue)).columns > least, `${huge}`);
  }
});

test('at most ten rows are listed, with texts of any length', async () => {
  const rows = Array.from({ length: 12 }, (_, i) => ({ id: `row ${i}`.repeat(9), score: 1e12 / i, reasons }));
  const [none, one, ten, twelve] = await Promise.all(
    [0, 1, 10, 12].map(async (n) => (await drawn({ ...given, rows: rows.slice(0, n) }, colours.blue)).height),
  );
  assert.ok(none! < one! && one! < ten! && ten === twelve);
});

test('scores that are all equal, few or negative are drawn', async () => {
  for (const each of [new Float32Array(9).fill(2), Float32Array.of(4), Float32Array.of(-5, -4, -1e7)]) {
    assert.ok((await drawn({ ...given, scores: each, threshold: 5 }, colours.blue)).columns > 0);
  }
});

test('without finite scores there is no picture', async () => {
  for (const each of [new Float32Array(0), Float32Array.of(Number.NaN)]) {
    await assert.rejects(
      scorePicture({ ...given, scores: each }),
      (error) => error instanceof UserError && /none that are finite/.test(error.message),
    );
  }
});
