/**
 * A stream of random numbers that depends on nothing but its key: the same key gives the same numbers, on every
 * machine, also when training is resumed in its middle. Keys are made of the seed and of counters or names
 * ("noise of step 17"), so no state has to be kept.
 *
 * The generator is sfc32 (Chris Doty-Humphrey's PractRand); the key is mixed in with the finalizer of MurmurHash3,
 * into each of its three words separately: 32 bits alone would give two of 100,000 keys the same stream.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(...key: readonly (number | string)[]) {
    const all = key.flatMap(words);
    this.a = hashed(all, 1);
    this.b = hashed(all, 2);
    this.c = hashed(all, 3);
    for (let i = 0; i < 12; i++) this.next();
  }

  /** 32 random bits, as an integer from 0 to 2³² - 1. */
  next(): number {
    const result = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  /** Uniform in [0, 1), 24 bits: exact in float32. */
  uniform(): number {
    return (this.next() >>> 8) * 2 ** -24;
  }

  /** A uniform integer from 0 to `limit - 1`, without bias. */
  below(limit: number): number {
    const unfair = 2 ** 32 % limit;
    let bits = this.next();
    while (bits < unfair) bits = this.next();
    return bits % limit;
  }
}

/** A part of a key as numbers of 32 bits, so marked that no two keys give the same list. */
function words(part: number | string): number[] {
  if (typeof part === 'string') return [1, part.length, ...Array.from(part, (char) => char.codePointAt(0)!)];
  return [0, part | 0, Math.floor(part / 2 ** 32) | 0];
}

function hashed(key: readonly number[], start: number): number {
  return key.reduce((hash, word) => mix((hash ^ word) + 0x9e3779b9), mix(start));
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
