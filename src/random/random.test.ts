import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Random } from './random.js';

const stream = (length: number, ...key: (number | string)[]) => {
  const random = new Random(...key);
  return Array.from({ length }, () => random.next());
};

/** How far counts are from what was expected, in the units in which degrees of freedom are the mean. */
function chiSquare(counts: readonly number[], expected: number): number {
  return counts.reduce((total, count) => total + (count - expected) ** 2 / expected, 0);
}

/** The chance of more is below 1 in 10,000 (a normal approximation; seeds are fixed, so that tests never flicker). */
const limitFor = (freedom: number) => freedom + 4 * Math.sqrt(2 * freedom);

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  let [sa, sb, aa, bb, ab] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    sa += a[i]!;
    sb += b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
    ab += a[i]! * b[i]!;
  }
  return (ab / n - (sa / n) * (sb / n)) / Math.sqrt((aa / n - (sa / n) ** 2) * (bb / n - (sb / n) ** 2));
}

describe('a stream', () => {
  it('is the same for the same key, whatever was drawn elsewhere', () => {
    const key = fc.array(fc.oneof(fc.integer(), fc.string()), { maxLength: 4 });
    fc.assert(
      fc.property(key, (parts) => {
        const before = stream(8, ...parts);
        stream(100, 'other');
        assert.deepEqual(stream(8, ...parts), before);
      }),
      { seed: 1 },
    );
  });

  it('is what it was in earlier versions: weights and noise of a seed are part of what is promised', () => {
    assert.deepEqual(stream(3, 0), [3887725266, 1253026340, 291456977]);
    assert.deepEqual(stream(3, 42, 'noise', 17), [1691122120, 446783335, 1648866031]);
  });

  it('is another one where keys differ in anything', () => {
    const keys: (number | string)[][] = [
      [],
      [0],
      [0, 0],
      [1],
      [-1],
      [2 ** 32],
      [2 ** 32 - 1],
      [2 ** 40],
      ['0'],
      ['1'],
      [''],
      ['', ''],
      ['a', 'b'],
      ['ab'],
      ['b', 'a'],
      [1, 2],
      [2, 1],
      [12],
      [1, 'a'],
      ['a', 1],
    ];
    assert.equal(new Set(keys.map((key) => String(stream(3, ...key)))).size, keys.length);
  });

  it('is shared by no two of 200,000 names', () => {
    const seen = new Set<number>();
    for (let i = 0; i < 200_000; i++) {
      const random = new Random(7, `step ${i}`);
      // 53 bits: two keys by chance have these alike once in 450,000 such tests.
      seen.add(random.next() * 2 ** 21 + (random.next() >>> 11));
    }
    assert.equal(seen.size, 200_000);
  });

  it('has nothing to do with that of the next key', () => {
    const first = (offset: number) =>
      Float64Array.from({ length: 20_000 }, (_, key) => new Random(3, key + offset).uniform());
    assert.ok(Math.abs(correlation(first(0), first(1))) < 4 / Math.sqrt(20_000));
    for (const key of [0, 1, 100, 2 ** 31]) {
      const [a, b] = [new Random(key), new Random(key + 1)];
      const [x, y] = [a, b].map((random) => Float64Array.from({ length: 20_000 }, () => random.uniform()));
      assert.ok(Math.abs(correlation(x!, y!)) < 4 / Math.sqrt(20_000), `keys ${key} and ${key + 1}`);
    }
  });

  it('has first numbers that are uniform over keys', () => {
    const counts = new Array<number>(64).fill(0);
    for (let key = 0; key < 64_000; key++) counts[new Random(key).next() >>> 26]!++;
    assert.ok(chiSquare(counts, 1000) < limitFor(63));
  });
});

describe('uniform', () => {
  const random = new Random(5);
  const draws = Float64Array.from({ length: 256_000 }, () => random.uniform());

  it('lies in [0, 1) and is exact in float32', () => {
    assert.ok(draws.every((u) => u >= 0 && u < 1 && Math.fround(u) === u));
  });

  it('fills 256 equal intervals alike', () => {
    const counts = new Array<number>(256).fill(0);
    for (const u of draws) counts[Math.floor(u * 256)]!++;
    const value = chiSquare(counts, 1000);
    assert.ok(value < limitFor(255) && value > 255 - 4 * Math.sqrt(510), `chi-square ${value}`);
  });

  it('fills a grid of neighbouring pairs alike', () => {
    const counts = new Array<number>(256).fill(0);
    for (let i = 0; i < draws.length; i += 2)
      counts[Math.floor(draws[i]! * 16) * 16 + Math.floor(draws[i + 1]! * 16)]!++;
    assert.ok(chiSquare(counts, 500) < limitFor(255));
  });

  it('has a lowest bit that is even as often as odd', () => {
    const odd = draws.filter((u) => (u * 2 ** 24) % 2 === 1).length;
    assert.ok(Math.abs(odd / draws.length - 0.5) < 2 / Math.sqrt(draws.length));
  });
});

describe('below', () => {
  it('gives whole numbers from 0 to the limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.integer(), (limit, key) => {
        const value = new Random(key).below(limit);
        assert.ok(Number.isInteger(value) && value >= 0 && value < limit);
      }),
      { seed: 1 },
    );
    assert.equal(new Random(1).below(1), 0);
  });

  it('gives each of seven numbers alike', () => {
    const random = new Random(6);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.below(7)]!++;
    assert.ok(chiSquare(counts, 10_000) < limitFor(6));
  });

  it('has no bias where the limit is not a fraction of 2³²', () => {
    // Without rejection the first third would be drawn as often as the other two together.
    const random = new Random(8);
    const limit = 3 * 2 ** 30;
    let low = 0;
    for (let i = 0; i < 30_000; i++) if (random.below(limit) < 2 ** 30) low++;
    assert.ok(Math.abs(low / 30_000 - 1 / 3) < 0.012, `${low} of 30,000 in the first third`);
  });
});
