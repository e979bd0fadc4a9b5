import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../errors.js';
import { parseIdx } from './idx.js';

/** Headers of IDX files, with whatever bytes follow. */
function idx(type: number, shape: readonly number[], body: readonly number[] = []): Uint8Array {
  const dims = shape.flatMap((length) => [
    length >>> 24,
    (length >>> 16) & 255,
    (length >>> 8) & 255,
    length & 255,
  ]);
  return Uint8Array.from([0, 0, type, shape.length, ...dims, ...body]);
}

function refuses(bytes: Uint8Array, message: RegExp): void {
  assert.throws(
    () => parseIdx(bytes, 'some file'),
    (error) => error instanceof UserError && message.test(error.message),
    String(message),
  );
}

test('reads every element type, high byte first', () => {
  const cases = [
    [0x08, [1, 255], Uint8Array.of(1, 255)],
    [0x09, [1, 255], Int8Array.of(1, -1)],
    [0x0b, [1, 2, 255, 254], Int16Array.of(258, -2)],
    [0x0c, [0, 1, 0, 2, 255, 255, 255, 254], Int32Array.of(65_538, -2)],
    [0x0d, [0x3f, 0xc0, 0, 0, 0xff, 0x80, 0, 0], Float32Array.of(1.5, Number.NEGATIVE_INFINITY)],
    [0x0e, [0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0], Float64Array.of(1.5, -2)],
  ] as const;
  for (const [type, body, expected] of cases) {
    const { data, shape } = parseIdx(idx(type, [2], body), 'f');
    assert.deepEqual(data, expected);
    assert.deepEqual(shape, [2]);
  }
});

test('reads any rank, one-byte values without a copy', () => {
  const bytes = idx(8, [2, 1, 3], [1, 2, 3, 4, 5, 6]);
  const { data, shape } = parseIdx(bytes, 'f');
  assert.deepEqual(shape, [2, 1, 3]);
  assert.deepEqual(data, Uint8Array.of(1, 2, 3, 4, 5, 6));
  assert.equal(data.buffer, bytes.buffer);
});

test('says what is wrong with a file', () => {
  refuses(new Uint8Array(0), /not an IDX file: it starts with nothing/);
  refuses(Uint8Array.of(1, 2, 3, 4, 5), /starts with 01 02 03 04; expected 00 00/);
  refuses(idx(0x0a, [1], [0]), /starts with 00 00 0a 01/);
  refuses(idx(8, []), /not an IDX file/);
  refuses(idx(8, [60_000, 28, 28]).subarray(0, 9), /9 bytes, but the header alone \(3 axes\) has 16/);
  refuses(idx(8, [2, 2], [1, 2, 3]), /cut short: 15 bytes found, 16 expected for dimensions \[2, 2\]/);
  refuses(idx(0x0d, [1], [1, 2, 3, 4, 5]), /bytes after its end: 13 bytes found, 12 expected/);
  refuses(idx(8, [0xffffffff, 0xffffffff]), /damaged header: .*more values than a computer can count/);
  refuses(idx(8, [0xffffffff], [1]), /9 bytes found, 4,294,967,303 expected/);
});

test('no bytes give anything but numbers or a UserError', () => {
  const header = fc
    .tuple(
      fc.constantFrom(8, 9, 11, 12, 13, 14, 7),
      fc.array(fc.nat(), { maxLength: 4 }),
      fc.array(fc.nat(255)),
    )
    .map(([type, shape, body]) => idx(type, shape, body));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), header), (bytes) => {
      try {
        parseIdx(bytes, 'f');
      } catch (error) {
        assert.ok(error instanceof UserError, String(error));
      }
    }),
  );
});

test('every truncation is noticed', () => {
  const whole = idx(0x0b, [2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  for (let length = 0; length < whole.length; length++)
    refuses(whole.subarray(0, length), /not an IDX|cut short/);
});
