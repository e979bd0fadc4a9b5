import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, commandLine, counted, duration, figure, shellWord, table, visible } from './text.js';

test('figures keep their digits', () => {
  const texts = [0, 0.00100894, 106.958, 12_345.6, 0.5, 1e-7, 3e12, -10.987, Number.NaN].map((value) =>
    figure(value),
  );
  assert.deepEqual(texts, [
    '0.000',
    '0.001009',
    '107.0',
    '12,346',
    '0.5000',
    '1.000e-7',
    '3.000e+12',
    '-10.99',
    'NaN',
  ]);
});

test('spans of time and sizes are short', () => {
  assert.deepEqual([0.08, 1.23, 24.4, 185, 3723].map(duration), [
    '80 ms',
    '1.2 s',
    '24 s',
    '3:05',
    '1:02:03',
  ]);
  assert.deepEqual([1, 512, 1_680_000, 26.7e12].map(bytes), ['1 byte', '512 bytes', '1.68 MB', '26.7 TB']);
  assert.deepEqual([counted(1, 'sample'), counted(2000, 'sample')], ['1 sample', '2,000 samples']);
});

test('tables align their columns', () => {
  const rows = [
    ['a', '1.5', 'x'],
    ['long', '10', ''],
  ];
  assert.equal(table(rows, { right: [1] }), '  a     1.5  x\n  long   10');
});

test('control characters of a file do not reach the terminal', () => {
  assert.equal(visible('a\tb\nc\u001b[2Jd\u009be'), 'a\\tb\\nc\\u001b[2Jd\\u009be');
  assert.equal(table([['a\nb', 'c']]), '  a\\nb  c');
});

test('words of a command line are quoted where a shell would take them apart', () => {
  assert.deepEqual(['runs/mnist-vae', 'mnist[0:9]', 'my run', "it's"].map(shellWord), [
    'runs/mnist-vae',
    "'mnist[0:9]'",
    "'my run'",
    "'it'\\''s'",
  ]);
  assert.match(commandLine('train', '--out', 'my run'), / train --out 'my run'$/);
});
