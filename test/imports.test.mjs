// The structure that docs/architecture.md describes, held by the imports themselves.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** From the bottom up: a folder may import itself and what stands above it in this list. */
const layers = [
  'errors.ts',
  'temporary.ts',
  'version.ts',
  'random',
  'graph',
  'nn',
  'models',
  'data',
  'table',
  'artifact',
  'runtime',
  'train',
  'estimator',
  'tasks',
  'index.ts',
  'browser.ts',
  'pictures',
  'cli',
];

const files = readdirSync(src, { recursive: true })
  .filter(
    (file) =>
      file.endsWith('.ts') &&
      !file.endsWith('.test.ts') &&
      !file.includes('fixtures') &&
      !file.startsWith('testing'),
  )
  .map((file) => {
    const text = readFileSync(join(src, file), 'utf8');
    const imports = [...text.matchAll(/^(?:import|export)\b[^;]*?from '([^']+)'|import\('([^']+)'\)/gms)].map(
      (m) => m[1] ?? m[2],
    );
    return { file, text, imports };
  });

const layerOf = (file) => layers.indexOf(file.split('/')[0]);
const resolve = (file, target) => normalize(join(dirname(file), target)).replace(/\.js$/, '.ts');

test('every file belongs to a layer', () => {
  assert.deepEqual(
    files.filter(({ file }) => layerOf(file) < 0).map(({ file }) => file),
    [],
  );
});

test('nothing imports upwards', () => {
  const upwards = files.flatMap(({ file, imports }) =>
    imports
      .filter((target) => target.startsWith('.') && layerOf(resolve(file, target)) > layerOf(file))
      .map((target) => `${file} imports ${target}`),
  );
  assert.deepEqual(upwards, []);
});

test('no file is imported by what it imports', () => {
  const graph = new Map(
    files.map(({ file, text }) => {
      // Types are gone when the program runs, so only imports of values can make a cycle.
      const values = [...text.matchAll(/^(?:import|export) (?!type\b)([^;]*?)from '(\.[^']+)'/gms)]
        .filter(([, names]) => !/^\{(\s*type [^,}]+,?)+\s*\}\s*$/.test(names))
        .map(([, , target]) => resolve(file, target));
      return [file, values];
    }),
  );
  const state = new Map();
  const visit = (file, path) => {
    if (state.get(file) === 'done') return;
    assert.notEqual(state.get(file), 'open', `a cycle of imports: ${[...path, file].join(' → ')}`);
    state.set(file, 'open');
    for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
    state.set(file, 'done');
  };
  for (const { file } of files) visit(file, []);
});

test('ONNX Runtime is imported by src/runtime alone', () => {
  const others = files.filter(
    ({ file, imports }) =>
      !file.startsWith('runtime/') && imports.some((target) => target.startsWith('onnxruntime')),
  );
  assert.deepEqual(
    others.map(({ file }) => file),
    [],
  );
});

test('no file is longer than 400 lines', () => {
  const long = files.filter(({ file, text }) => !file.includes('proto/') && text.split('\n').length > 401);
  assert.deepEqual(
    long.map(({ file }) => file),
    [],
  );
});
