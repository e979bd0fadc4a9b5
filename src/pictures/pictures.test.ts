import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../errors.js';
import { canvasLibrary, colours } from './canvas.js';
import { gridPicture, imageGridPicture, reconstructionsPicture } from './grid.js';
import { type LossPoint, lossChart } from './lossChart.js';
import { rangeOf, sampleForm, toPixels } from './pixels.js';

interface Decoded {
  width: number;
  height: number;
  /** The colour of a pixel as `#rrggbb`. */
  at: (x: number, y: number) => string;
  /** Whether a colour occurs in a rectangle. */
  has: (colour: string, x: number, y: number, width: number, height: number) => boolean;
}

async function decode(png: Uint8Array): Promise<Decoded> {
  const { loadImage, createCanvas } = await canvasLibrary();
  const image = await loadImage(Buffer.from(png));
  const { width, height } = image;
  const context = createCanvas(width, height).getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const at = (x: number, y: number) =>
    `#${Array.from(data.subarray(4 * (y * width + x), 4 * (y * width + x) + 3), (v) => v.toString(16).padStart(2, '0')).join('')}`;
  const has = (colour: string, left: number, top: number, w: number, h: number) => {
    for (let y = top; y < top + h; y++)
      for (let x = left; x < left + w; x++) if (at(x, y) === colour) return true;
    return false;
  };
  return { width, height, at, has };
}

test('channels that come first make the same pixels as channels that come last', () => {
  const [first, last] = [sampleForm([3, 4, 5], true), sampleForm([4, 5, 3])];
  assert.ok(first.kind === 'image' && last.kind === 'image');
  assert.deepEqual([first.height, first.width, first.channels], [4, 5, 3]);
  const behind = Float32Array.from({ length: 120 }, (_, i) => i);
  const before = behind.map((_, i) => {
    const [sample, channel, pixel] = [Math.floor(i / 60), Math.floor((i % 60) / 20), i % 20];
    return behind[sample * 60 + pixel * 3 + channel]!;
  });
  assert.deepEqual(toPixels(before, 1, first, [0, 120]), toPixels(behind, 1, last, [0, 120]));
  const grey = sampleForm([1, 4, 5], true);
  assert.ok(grey.kind === 'image' && grey.height === 4 && grey.width === 5 && grey.channels === 1);
  assert.equal(sampleForm([4, 5, 3], true).kind, 'line');
  assert.deepEqual(sampleForm([28, 28], true), sampleForm([28, 28]));
});

test('shapes decide between images and lines', () => {
  assert.deepEqual(sampleForm([28, 28]), { kind: 'image', height: 28, width: 28, channels: 1, size: 784 });
  assert.deepEqual(sampleForm([4, 5, 1]), { kind: 'image', height: 4, width: 5, channels: 1, size: 20 });
  assert.deepEqual(sampleForm([4, 5, 3]), { kind: 'image', height: 4, width: 5, channels: 3, size: 60 });
  assert.deepEqual(sampleForm([784]), { kind: 'image', height: 28, width: 28, channels: 1, size: 784 });
  assert.deepEqual(sampleForm([9]), { kind: 'line', size: 9 });
  assert.deepEqual(sampleForm([30]), { kind: 'line', size: 30 });
  assert.deepEqual(sampleForm([4, 5, 2]), { kind: 'line', size: 40 });
});

test('ranges fit the values', () => {
  assert.deepEqual(rangeOf(Uint8Array.of(3, 9)), [0, 255]);
  assert.deepEqual(rangeOf(Uint8Array.of(0, 1)), [0, 1]);
  assert.deepEqual(rangeOf(Float32Array.of(-1, Number.NaN, 3, Number.POSITIVE_INFINITY)), [-1, 3]);
  assert.deepEqual(rangeOf(Float32Array.of(2, 2)), [1.5, 2.5]);
  assert.deepEqual(rangeOf(Float32Array.of(Number.NaN)), [0, 1]);
});

test('values are mapped to the range, clamped, and NaN is black', () => {
  const form = { kind: 'image', height: 1, width: 2, channels: 1, size: 2 } as const;
  const values = Float32Array.of(0, 0, -5, 0.5, 9, Number.NaN);
  const greys = (index: number) => [...toPixels(values, index, form, [0, 1])].filter((_, i) => i % 4 !== 3);
  assert.deepEqual(greys(1), [0, 0, 0, 128, 128, 128]);
  assert.deepEqual(greys(2), [255, 255, 255, 0, 0, 0]);
});

test('an image grid keeps pixels hard, square and where they belong', async () => {
  // Five images of 2 × 2 pixels, each with one white pixel in the top right corner.
  const images = new Uint8Array(20).map((_, i) => (i % 4 === 1 ? 255 : 0));
  const picture = await decode(await imageGridPicture(images, [2, 2]));
  const cell = 48;
  assert.equal(picture.width, 18 + 3 * cell + 2 * 4 + 18);
  assert.equal(picture.height, 18 + 2 * cell + 4 + 18);
  assert.equal(picture.at(2, 2), colours.background);
  for (const [column, row] of [
    [0, 0],
    [2, 0],
    [1, 1],
  ] as const) {
    const [x, y] = [18 + column * (cell + 4), 18 + row * (cell + 4)];
    assert.equal(picture.at(x, y), '#000000');
    assert.equal(picture.at(x + cell / 2 - 1, y + cell / 2 - 1), '#000000');
    assert.equal(picture.at(x + cell / 2, y + cell / 2 - 1), '#ffffff');
    assert.equal(picture.at(x + cell - 1, y), '#ffffff');
    assert.equal(picture.at(x + cell, y), colours.background);
  }
  assert.equal(picture.at(18 + 2 * (cell + 4) + 5, 18 + cell + 10), colours.background);
});

test('colour images are drawn in colour', async () => {
  const picture = await decode(
    await imageGridPicture(Float32Array.of(1, 0, 0, 0, 0, 1), [1, 2, 3], { range: [0, 1] }),
  );
  assert.equal(picture.at(20, 20), '#ff0000');
  assert.equal(picture.at(18 + 30, 20), '#0000ff');
});

test('reconstructions stand below their originals, in pairs of rows with labels', async () => {
  const originals = new Uint8Array(12 * 784).fill(200);
  const reconstructions = new Float32Array(12 * 784).fill(100);
  const picture = await decode(await reconstructionsPicture(originals, reconstructions, [28, 28]));
  const left = picture.width - 18 - (10 * 88 - 4);
  assert.equal(picture.height, 18 + 2 * (84 * 2 + 4) + 18 + 18);
  assert.equal(picture.at(left + 5, 20), '#c8c8c8');
  assert.equal(picture.at(left + 5, 18 + 88 + 5), '#646464');
  assert.equal(picture.at(left + 88 + 5, 18 + 172 + 18 + 5), '#c8c8c8');
  assert.equal(picture.at(left + 2 * 88 + 5, 18 + 172 + 18 + 5), colours.background);
  assert.ok(picture.has(colours.faintText, 18, 18 + 30, left - 18 - 10, 24), 'label of the originals');
  assert.ok(
    picture.has(colours.faintText, 18, 18 + 88 + 30, left - 18 - 10, 24),
    'label of the reconstructions',
  );
});

test('a title takes its own space', async () => {
  const plain = await decode(await imageGridPicture(new Uint8Array(4), [2, 2]));
  const titled = await decode(await imageGridPicture(new Uint8Array(4), [2, 2], { title: 'III' }));
  assert.equal(titled.height, plain.height + 30);
  assert.ok(titled.has(colours.text, 18, 16, 30, 20));
});

test('large images are shrunk, small ones enlarged', async () => {
  const large = await decode(await imageGridPicture(new Uint8Array(512 * 1024), [512, 1024]));
  assert.equal(large.width, 18 + 256 + 18);
  assert.equal(large.height, 18 + 128 + 18);
});

test('vectors are drawn as lines, originals and reconstructions in one box', async () => {
  const low = new Float32Array(30).fill(-1);
  const high = new Float32Array(30).fill(1);
  const picture = await decode(await reconstructionsPicture(low, high, [30], { range: [-1, 1] }));
  const top = 18 + 26;
  assert.equal(picture.at(18 + 110, top + 60), colours.grid);
  assert.ok(picture.has(colours.text, 18 + 100, top + 105, 20, 12), 'original at the bottom');
  assert.ok(picture.has(colours.vermilion, 18 + 100, top + 3, 20, 12), 'reconstruction at the top');
  const single = await decode(await imageGridPicture(Float32Array.of(0.5), [1]));
  assert.ok(single.width > 200);
});

test('pictures that cannot be drawn are refused', async () => {
  const refuses = (picture: Promise<unknown>, message: RegExp) =>
    assert.rejects(
      picture,
      (error) => error instanceof UserError && message.test(error.message),
      String(message),
    );
  await refuses(
    (async () => imageGridPicture(new Uint8Array(7), [2, 2]))(),
    /7 values do not make whole samples of 4/,
  );
  await refuses((async () => imageGridPicture(new Uint8Array(0), [2, 2]))(), /do not make whole samples/);
  await refuses(gridPicture({ rows: [], shape: [2, 2] }), /without rows/);
  await refuses(imageGridPicture(new Uint8Array(4), [2, 2], { range: [1, 1] }), /range \[1, 1\] is empty/);
  await refuses(imageGridPicture(new Uint8Array(4 * 90_000), [2, 2]), /90000 samples .* ask for fewer/);
});

const curve = (epochs: number, loss: (epoch: number) => number): LossPoint[] =>
  Array.from({ length: epochs }, (_, i) => ({ epoch: i + 1, loss: loss(i + 1) }));

test('a loss chart has its size, its background and its curves', async () => {
  const history = curve(10, (epoch) => 1 / epoch).map((point) => ({
    ...point,
    validationLoss: point.loss + 0.1,
  }));
  const both = await decode(await lossChart({ history, title: 'a title', yLabel: 'MSE' }));
  assert.deepEqual([both.width, both.height], [1000, 600]);
  assert.equal(both.at(1, 1), colours.background);
  assert.equal(both.at(999, 599), colours.background);
  const plot = [150, 120, 800, 380] as const;
  assert.ok(both.has(colours.blue, ...plot) && both.has(colours.vermilion, ...plot), 'two curves');
  assert.ok(both.has(colours.vermilion, 600, 60, 380, 40), 'legend');
  const alone = await decode(
    await lossChart({ history: curve(10, (epoch) => 1 / epoch), title: '', yLabel: '' }),
  );
  assert.ok(alone.has(colours.blue, ...plot));
  assert.ok(!alone.has(colours.vermilion, 0, 0, 1000, 600), 'no legend and no second curve');
});

test('one epoch is a dot, and losses that are not finite leave gaps', async () => {
  const one = await decode(await lossChart({ history: curve(1, () => 5), title: '', yLabel: '' }));
  assert.ok(one.has(colours.blue, 500, 250, 100, 150));
  const broken = curve(5, (epoch) => (epoch === 3 ? Number.NaN : epoch));
  assert.ok(
    (await decode(await lossChart({ history: broken, title: '', yLabel: '' }))).has(
      colours.blue,
      100,
      80,
      880,
      430,
    ),
  );
  await assert.rejects(lossChart({ history: [], title: '', yLabel: '' }), UserError);
  await assert.rejects(lossChart({ history: curve(2, () => Number.NaN), title: '', yLabel: '' }), UserError);
});

test('the axis is logarithmic only beyond two decades', async () => {
  // Halfway between 1 and 1/1000 in epochs, a geometric curve is in the middle of a logarithmic axis.
  const middle = async (smallest: number) => {
    const history = curve(101, (epoch) => smallest ** ((epoch - 1) / 100));
    const picture = await decode(await lossChart({ history, title: '', yLabel: '' }));
    for (let y = 60; y < 540; y++) if (picture.has(colours.blue, 535, y, 1, 1)) return y;
    return -1;
  };
  const logarithmic = await middle(1e-4);
  assert.ok(logarithmic > 260 && logarithmic < 340, `at ${logarithmic}`);
  const linear = await middle(0.02);
  assert.ok(linear > 380, `at ${linear}`);
});
