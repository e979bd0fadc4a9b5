import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../errors.js';
import { readable, refused } from './fixtures/npyFixtures.js';
import { npyBytes, parseNpy } from './npy.js';
import type { NumericArray } from './numeric.js';

const decode = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));

function refuses(bytes: Uint8Array, message: RegExp): void {
  assert.throws(
    () => parseNpy(bytes, 'some.npy'),
    (error) => error instanceof UserError && message.test(error.message),
    String(message),
  );
}

/** A version 1 file with the given header text. */
function withHeader(header: string, body: readonly number[] = [], version = 1): Uint8Array {
  const length = header.length;
  const size = version === 1 ? [length & 255, length >> 8] : [length & 255, length >> 8, 0, 0];
  return Uint8Array.from([
    0x93,
    ...Buffer.from('NUMPY'),
    version,
    0,
    ...size,
    ...Buffer.from(header),
    ...body,
  ]);
}

for (const { name, base64, shape, values } of readable) {
  test(`reads what NumPy saved: ${name}`, () => {
    const bytes = decode(base64);
    const found = parseNpy(bytes, name);
    assert.deepEqual(found.shape, shape);
    const expected = values.map((value) =>
      typeof value === 'string' ? Number(value.replace('inf', 'Infinity')) : value,
    );
    assert.deepEqual(Array.from(found.data as Float64Array, Number), expected);
    // From memory at an odd address, too.
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    assert.deepEqual(parseNpy(shifted.subarray(1), name), found);
  });
}

for (const { name, base64, message } of refused) {
  test(`refuses what is no plain array of numbers: ${name}`, () =>
    refuses(decode(base64), new RegExp(message)));
}

test('half floats are exact', () => {
  const bits = [0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3c00, 0x3555, 0x7bff, 0xfc00];
  const bytes = withHeader(
    "{'descr': '<f2', 'fortran_order': False, 'shape': (9,), }",
    bits.flatMap((b) => [b & 255, b >> 8]),
  );
  const expected = [
    0,
    -0,
    2 ** -24,
    1023 * 2 ** -24,
    2 ** -14,
    1,
    0.333251953125,
    65504,
    Number.NEGATIVE_INFINITY,
  ];
  assert.deepEqual(parseNpy(bytes, 'f').data, Float32Array.from(expected));
});

test('says what is wrong with a file', () => {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
  refuses(new Uint8Array(0), /starts with nothing/);
  refuses(Uint8Array.from(Buffer.from('name,age\n')), /not a \.npy file: it starts with 6e 61 6d 65 2c 61/);
  refuses(withHeader(header, [], 4), /format version 4; versions 1, 2 and 3/);
  refuses(withHeader(header).subarray(0, 20), /cut short: 20 bytes, but the header alone has 69/);
  refuses(withHeader(header, [1, 2, 3]), /cut short: 72 bytes found, 85 expected for shape \(2, 2\) of f4/);
  refuses(withHeader(header, new Array(17).fill(0)), /bytes after its end: 86 bytes found, 85 expected/);
  refuses(withHeader(header.padEnd(10_001)), /header of 10,001 bytes; at most 10,000/);
  const huge = withHeader('', [], 2);
  huge.fill(0xff, 8, 12);
  refuses(huge, /header of 4,294,967,295 bytes/);
  refuses(withHeader('{}'), /damaged header: expected 'descr'/);
  refuses(withHeader(header.replace('(2, 2)', '(-2, 2)')), /damaged header/);
  refuses(withHeader(header.replace('(2, 2)', '(2e9,)')), /damaged header/);
  refuses(
    withHeader(header.replace('(2, 2)', '(99999999999, 99999999999)')),
    /more values than a computer can count/,
  );
  refuses(withHeader(header.replace('(2, 2)', '(4000000000, 2)')), /cut short: .* 32,000,000,0\d\d expected/);
  refuses(withHeader(header.replace('<f4', 'constructor')), /elements of type constructor/);
});

test('Python 2 wrote lengths with an L', () => {
  const bytes = withHeader("{'descr': '|u1', 'fortran_order': False, 'shape': (2L, 1L), }", [7, 8]);
  assert.deepEqual(parseNpy(bytes, 'f'), { data: Uint8Array.of(7, 8), shape: [2, 1] });
});

test('what is written is read back, for every element type', () => {
  const arrays: NumericArray[] = [
    Uint8Array.of(1, 2, 3, 4),
    Int8Array.of(1, -2, 3, 4),
    Uint16Array.of(1, 2, 3, 65_535),
    Int16Array.of(1, -2, 3, 4),
    Uint32Array.of(1, 2, 3, 2 ** 32 - 1),
    Int32Array.of(1, -2, 3, 4),
    Float32Array.of(1, -2.5, Number.NaN, 1 / 0),
    Float64Array.of(1, -2.5, 1e300, 4),
    BigInt64Array.of(1n, -2n, 3n, 2n ** 62n),
    BigUint64Array.of(1n, 2n, 3n, 2n ** 64n - 1n),
  ];
  for (const data of arrays) {
    const bytes = npyBytes({ data, shape: [2, 2] });
    assert.deepEqual(parseNpy(bytes, 'f'), { data, shape: [2, 2] });
    assert.equal((bytes.length - data.byteLength) % 64, 0);
  }
  const part = new Float32Array([9, 1, 2, 9]).subarray(1, 3);
  assert.deepEqual(parseNpy(npyBytes({ data: part, shape: [2] }), 'f').data, Float32Array.of(1, 2));
  assert.throws(() => npyBytes({ data: part, shape: [3] }), /shape \[3\] does not fit 2 values/);
});

test('the bytes written are the bytes that NumPy writes', () => {
  for (const name of ['|u1', '<i8', '<f4', '<f8', '1-D', 'scalar', 'empty']) {
    const bytes = decode(readable.find((each) => each.name === name)!.base64);
    assert.deepEqual(npyBytes(parseNpy(bytes, name)), bytes, name);
  }
});

test('no bytes give anything but numbers or a UserError', () => {
  const mutated = fc
    .tuple(
      fc.constantFrom(...readable),
      fc.nat(),
      fc.array(fc.tuple(fc.nat(140), fc.nat(255)), { maxLength: 6 }),
    )
    .map(([{ base64 }, cut, changes]) => {
      const bytes = decode(base64);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return cut % 2 ? bytes : bytes.subarray(0, cut % (bytes.length + 1));
    });
  const header = fc.string({ maxLength: 80 }).map((text) => withHeader(text));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), mutated, header), (bytes) => {
      try {
        parseNpy(bytes, 'f');
      } catch (error) {
        assert.ok(error instanceof UserError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test('every truncation is noticed', () => {
  const whole = npyBytes({ data: Float32Array.of(1, 2), shape: [1, 2] });
  for (let length = 0; length < whole.length; length++)
    refuses(whole.subarray(0, length), /not a \.npy file|cut short/);
});
