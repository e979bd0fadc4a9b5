import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { readDataset } from './read.js';
import { shapes } from './shapes.js';

const all = shapes();
const { names, sizes, values } = all.factors!;
const picture = (i: number) => all.data.subarray(i * 1024, (i + 1) * 1024);
const factorsOf = (i: number) => values.subarray(i * 5, (i + 1) * 5);

describe('shapes', () => {
  it('has every combination of its factors once, in mixed order', () => {
    assert.deepEqual(all.shape, [7680, 32, 32]);
    assert.deepEqual(names, ['shape', 'scale', 'rotation', 'x', 'y']);
    const seen = new Set(Array.from({ length: 7680 }, (_, i) => factorsOf(i).join()));
    assert.equal(seen.size, 7680);
    for (let k = 0; k < 5; k++) {
      const counts = new Array<number>(sizes[k]!).fill(0);
      for (let i = 0; i < 1000; i++) counts[factorsOf(i)[k]!]!++;
      assert.ok(Math.min(...counts) > 0.7 * (1000 / sizes[k]!), `${names[k]} in a slice: ${counts}`);
    }
  });

  it('has no two pictures alike, and each the centre of mass where its factors say', () => {
    assert.equal(
      new Set(Array.from({ length: 7680 }, (_, i) => Buffer.from(picture(i)).toString('base64'))).size,
      7680,
    );
    for (let i = 0; i < 200; i++) {
      const [, , , column, row] = factorsOf(i);
      let [mass, x, y] = [0, 0, 0];
      picture(i).forEach((grey, at) => {
        mass += grey;
        x += grey * ((at % 32) + 0.5);
        y += grey * (Math.floor(at / 32) + 0.5);
      });
      const place = (value: number) => 9 + (14 * value) / 7;
      assert.ok(Math.abs(x / mass - place(column!)) < 0.3, `x of ${i}: ${x / mass}`);
      assert.ok(Math.abs(y / mass - place(row!)) < 0.3, `y of ${i}: ${y / mass}`);
    }
  });

  it('touches no edge', () => {
    for (let i = 0; i < 7680; i++) {
      const pixels = picture(i);
      for (let k = 0; k < 32; k++)
        assert.equal(pixels[k]! + pixels[31 * 32 + k]! + pixels[32 * k]! + pixels[32 * k + 31]!, 0);
    }
  });

  it('is the same always', () => {
    const digest = createHash('sha256').update(all.data).update(values).digest('hex');
    assert.equal(digest, 'a13d2d8226497bc239bd411de94ccf84e599665592e09fe8f52adf0f6390df5d');
  });

  it('is read by its name, with slices that keep the factors', async () => {
    const some = await readDataset('shapes[10:20]');
    assert.deepEqual(some.shape, [10, 32, 32]);
    assert.deepEqual(some.factors!.values, values.subarray(50, 100));
    assert.deepEqual(some.labels, all.labels!.subarray(10, 20));
  });
});
