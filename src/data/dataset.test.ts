import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../errors.js';
import { type DatasetInput, dataset, featureShape, featureSize, sampleCount, slice } from './dataset.js';

function refuses(input: unknown, message: RegExp, shape?: readonly number[]): void {
  assert.throws(
    () => dataset(input as DatasetInput, shape),
    (error) => error instanceof UserError && message.test(error.message),
    String(message),
  );
}

test('uint8 and float32 keep their memory, and a data set comes back as it is', () => {
  const bytes = new Uint8Array(8);
  assert.equal(dataset(bytes, [2, 2, 2]).data, bytes);
  const floats = { data: new Float32Array(6), shape: [2, 3] };
  assert.equal(dataset(floats), floats);
  const clamped = dataset(new Uint8ClampedArray(bytes.buffer), [4, 2]);
  assert.ok(clamped.data instanceof Uint8Array);
  assert.equal(clamped.data.buffer, bytes.buffer);
  const buffer = dataset(Buffer.from([1, 2, 3, 4]), [2, 2]).data;
  assert.equal(Object.getPrototypeOf(buffer), Uint8Array.prototype);
  assert.deepEqual([...buffer], [1, 2, 3, 4]);
});

test('all other element types become float32', () => {
  const integers = [Int8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, Float64Array];
  for (const type of integers) {
    assert.deepEqual(dataset(type.of(0, 1, 2, 100), [2, 2]).data, Float32Array.of(0, 1, 2, 100));
  }
  assert.deepEqual(dataset(BigInt64Array.of(-5n, 2n ** 53n), [2, 1]).data, Float32Array.of(-5, 2 ** 53));
  assert.deepEqual(
    dataset(Float64Array.of(Number.NaN, -1 / 0), [2, 1]).data,
    Float32Array.of(Number.NaN, -1 / 0),
  );
});

test('values that float32 cannot hold are refused with their position', () => {
  refuses(BigInt64Array.of(0n, 0n, 2n ** 53n + 1n), /9007199254740993 \(row 2, column 0\)/, [3, 1]);
  refuses(Float64Array.of(0, 1e39, 0, 0), /1e\+39 \(row 0, column 1\).*rescale/, [2, 2]);
  refuses(
    [
      [1, 2],
      [3, -1e300],
    ],
    /-1e\+300 \(element \[1\]\[1\]\)/,
  );
});

test('nested arrays of any depth become a flat row-major array', () => {
  const set = dataset([
    [[1], [2]],
    [[3], [4]],
    [[5], [6]],
  ]);
  assert.deepEqual(set.shape, [3, 2, 1]);
  assert.deepEqual(set.data, Float32Array.of(1, 2, 3, 4, 5, 6));
  assert.deepEqual(dataset([Uint8Array.of(1, 2), Uint8Array.of(3, 4)]).data, Uint8Array.of(1, 2, 3, 4));
  assert.deepEqual(dataset([Float32Array.of(1, 2), [3, 4]]).data, Float32Array.of(1, 2, 3, 4));
  const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 });
  fc.assert(
    fc.property(shape, (lengths) => {
      let next = 0;
      const build = (axis: number): unknown =>
        axis === lengths.length ? next++ : Array.from({ length: lengths[axis]! }, () => build(axis + 1));
      const made = dataset(build(0) as DatasetInput);
      assert.deepEqual(made.shape, lengths);
      assert.ok(made.data.every((value, i) => value === i));
    }),
  );
});

test('ragged arrays and values that are not numbers are refused with their position', () => {
  refuses([[1, 2], [3, 4], [5]], /element \[2\] has 1 elements, expected 2/);
  refuses(
    [
      [[1], [2]],
      [[3], [4, 5]],
    ],
    /element \[1\]\[1\] has 2 elements, expected 1/,
  );
  refuses([[1, 2], 3], /element \[1\] is 3, expected an array/);
  refuses(
    [
      [1, [2]],
      [3, 4],
    ],
    /ragged arrays: element \[0\]\[1\] is an array of 1, expected a number/,
  );
  refuses([[1, '2']], /element \[0\]\[1\] is the text "2", expected a number/);
  refuses([[1, null]], /element \[0\]\[1\] is null/);
  refuses([[1, 2n]], /the BigInt 2/);
  // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested
  refuses([[1, , 3]], /element \[0\]\[1\] is undefined/);
  const endless: unknown[] = [];
  endless.push(endless);
  refuses(endless, /nested more than 8 deep/);
  // The product of the first lengths alone would be 10^12 values.
  const long = Array.from({ length: 10_000 }, () => 0);
  refuses(
    Array.from({ length: 10_000 }, (_, i) => (i ? 0 : Array.from({ length: 10_000 }, () => long))),
    /ragged/,
  );
});

test('shapes that do not fit are refused', () => {
  refuses(new Float32Array(5), /5 values was given without a shape/);
  refuses(new Float32Array(5), /\[2, 3\] means 6 values, but there are 5/, [2, 3]);
  refuses(new Float32Array(0), /there are no samples/, [0, 3]);
  refuses(new Float32Array(0), /the samples have no values/, [3, 0]);
  refuses(new Float32Array(5), /no axis of features.*\[5, 1\]/, [5]);
  refuses(new Float32Array(5), /axis 1 of shape \[5, -1\] is -1/, [5, -1]);
  refuses(new Float32Array(5), /axis 0 of shape \[2.5, 2\] is 2.5/, [2.5, 2]);
  refuses(new Float32Array(5), /more values than a computer can count/, [2 ** 40, 2 ** 40]);
  refuses([1, 2, 3], /no axis of features/);
  refuses([], /no axis of features|no samples/);
  refuses([[]], /the samples have no values/);
  refuses([[1]], /a shape was given beside data that have one/, [1, 1]);
  refuses({ data: [1], shape: [1, 1] }, /expected data to be a typed array of numbers; got an array/);
  refuses({ data: new Float32Array(1), shape: 1 }, /expected shape to be an array/);
  for (const [input, text] of [
    [null, 'null'],
    [undefined, 'undefined'],
    ['mnist', 'the string "mnist"'],
    [new Map(), 'an object (Map)'],
    [new DataView(new ArrayBuffer(4)), 'an object (DataView)'],
  ] as const) {
    refuses(input, new RegExp(`got ${text.replace(/[()]/g, '\\$&')}`));
  }
});

test('labels are one whole number per sample', () => {
  const data = new Float32Array(4);
  assert.deepEqual(dataset({ data, shape: [2, 2], labels: [3, 1] }).labels, Int32Array.of(3, 1));
  assert.deepEqual(
    dataset({ data, shape: [2, 2], labels: BigInt64Array.of(3n, 1n) }).labels,
    Int32Array.of(3, 1),
  );
  refuses({ data, shape: [2, 2], labels: [1] }, /1 labels for 2 samples/);
  refuses({ data, shape: [2, 2], labels: [1, 1.5] }, /label of sample 1 is 1.5/);
  refuses({ data, shape: [2, 2], labels: [2 ** 31, 0] }, /label of sample 0 is 2147483648/);
});

test('feature shape and size describe one sample', () => {
  const set = dataset(new Uint8Array(24), [2, 3, 4]);
  assert.equal(sampleCount(set), 2);
  assert.deepEqual(featureShape(set), [3, 4]);
  assert.equal(featureSize(set), 12);
});

test('slices count as Array.prototype.slice does, share memory and keep labels', () => {
  const bound = fc.option(fc.integer({ min: -12, max: 12 }), { nil: undefined });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), bound, bound, (samples, start, end) => {
      const labels = Int32Array.from({ length: samples }, (_, i) => i);
      const whole = dataset({
        data: new Uint8Array(samples * 3).map((_, i) => i),
        shape: [samples, 3],
        labels,
      });
      const expected = [...labels].slice(start, end);
      if (expected.length === 0) {
        assert.throws(() => slice(whole, start, end), /has no samples: there are \d+, numbered 0 to/);
        return;
      }
      const part = slice(whole, start, end);
      assert.equal(part.data.buffer, whole.data.buffer);
      assert.deepEqual(part.shape, [expected.length, 3]);
      assert.deepEqual([...part.labels!], expected);
      assert.deepEqual(
        [...part.data],
        expected.flatMap((i) => [3 * i, 3 * i + 1, 3 * i + 2]),
      );
    }),
  );
  assert.throws(() => slice(dataset([[1]]), Number.NaN), UserError);
});
