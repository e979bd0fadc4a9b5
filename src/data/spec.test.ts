import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../errors.js';
import { parseSpec } from './spec.js';

test('kinds, parts and paths', () => {
  assert.deepEqual(parseSpec('mnist'), { kind: 'mnist', part: 'train' });
  assert.deepEqual(parseSpec('mnist:train'), { kind: 'mnist', part: 'train' });
  assert.deepEqual(parseSpec('shapes'), { kind: 'shapes' });
  assert.deepEqual(parseSpec('shapes[:100]'), { kind: 'shapes', range: { end: 100 } });
  assert.throws(() => parseSpec('shapes:test'), /there is no kind "shapes"/);
  assert.deepEqual(parseSpec('mnist:test'), { kind: 'mnist', part: 'test' });
  for (const path of [
    'data/a.npy',
    './mnist',
    'C:\\data\\a.npy',
    'a b.npy',
    'folder:x/a.npy',
    'data[1].npy',
    'mnist.npy',
  ]) {
    assert.deepEqual(parseSpec(path), { kind: 'file', path });
  }
});

test('slices', () => {
  assert.deepEqual(parseSpec('mnist[0:1000]'), {
    kind: 'mnist',
    part: 'train',
    range: { start: 0, end: 1000 },
  });
  assert.deepEqual(parseSpec('mnist:test[:1000]'), { kind: 'mnist', part: 'test', range: { end: 1000 } });
  assert.deepEqual(parseSpec('a.npy[-500:]'), { kind: 'file', path: 'a.npy', range: { start: -500 } });
  assert.deepEqual(parseSpec('a.npy[100:]'), { kind: 'file', path: 'a.npy', range: { start: 100 } });
  assert.deepEqual(parseSpec('a.npy[:]'), { kind: 'file', path: 'a.npy', range: {} });
  assert.deepEqual(parseSpec('a.npy[ 1 : +2 ]'), {
    kind: 'file',
    path: 'a.npy',
    range: { start: 1, end: 2 },
  });
  assert.deepEqual(parseSpec('a[final]'), { kind: 'file', path: 'a[final]' });
});

test('says what is wrong', () => {
  const refuses = (spec: string, message: RegExp) =>
    assert.throws(
      () => parseSpec(spec),
      (error) => error instanceof UserError && message.test(error.message),
      spec,
    );
  refuses('', /no data were named .*give mnist, mnist:train, mnist:test, shapes, or the path/);
  refuses('[1:2]', /no data were named/);
  refuses('mnist:validation', /expected mnist:train or mnist:test/);
  refuses('cifar10:train', /there is no kind "cifar10"; give mnist/);
  refuses('https://example.com/a.npy', /web address, and nothing is downloaded/);
  refuses('mnist[5]', /the slice \[5\] of mnist is not understood; expected \[start:end\]/);
  refuses('mnist[0:10:2]', /not understood/);
  refuses('mnist[1-2]', /not understood/);
});

test('no text gives anything but a specification or a UserError', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'mnist',
      ':',
      'train',
      '[',
      ']',
      '-',
      '0',
      '10',
      'a.npy',
      '/',
      '://',
      ' ',
      '\n',
      '99999999999999999999',
    ),
    fc.string({ maxLength: 4, unit: 'binary' }),
  );
  const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(text, (spec) => {
      try {
        const parsed = parseSpec(spec);
        assert.ok(parsed.kind !== 'file' || spec.startsWith(parsed.path));
        for (const bound of [parsed.range?.start, parsed.range?.end]) assert.ok(!Number.isNaN(bound));
      } catch (error) {
        assert.ok(error instanceof UserError, String(error));
      }
    }),
    { numRuns: 300 },
  );
});
