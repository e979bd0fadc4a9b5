// What the documents say must be there: the files that they name, and the interface that their programs use.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
].map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));

const withoutBlocks = (text) => text.replace(/^```.*?^```$/gms, '');

/** The names that headings have in links, as GitHub makes them. */
const anchors = (text) =>
  [...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );

test('every link within the project leads to a file, and to a heading where it names one', () => {
  const broken = pages.flatMap(({ file, text }) =>
    [...withoutBlocks(text).matchAll(/\]\(([^()\s]+)\)/g)]
      .map(([, target]) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [path, anchor] = decodeURI(target).split('#');
        const full = path === '' ? join(root, file) : join(root, dirname(file), path);
        return !existsSync(full) || (anchor && !anchors(readFileSync(full, 'utf8')).includes(anchor));
      })
      .map((target) => `${file}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test('every file of the project that is named is there', () => {
  // Paths in code spans that begin with a folder of the repository or of src. `<` and `*` stand for any name.
  const folders = ['src', 'test', 'docs', 'scripts', 'bench', 'examples', ...readdirSync(join(root, 'src'))];
  const missing = pages.flatMap(({ file, text }) =>
    [...withoutBlocks(text).matchAll(/`([\w.-]+)(\/[^`\s:<*]+)`/g)]
      .filter(([, folder]) => folders.includes(folder))
      .map(([, folder, rest]) => folder + rest)
      .filter((path) => !existsSync(join(root, path)) && !existsSync(join(root, 'src', path)))
      .map((path) => `${file}: ${path}`),
  );
  assert.deepEqual(missing, []);
});

test('every program in the documents has the types that the package has', () => {
  mkdirSync(join(root, 'build'), { recursive: true });
  // Within the repository, so that 'autoencoder' is this package and its dependencies are found.
  const folder = mkdtempSync(join(root, 'build', 'docs-'));
  try {
    const programs = pages.flatMap(({ file, text }) =>
      [...text.matchAll(/^```ts\n(import .*?)^```$/gms)].map(({ 1: program, index }) => {
        // As many empty lines as the document has before it: then errors name the document's lines.
        const before = text.slice(0, index).split('\n').length;
        const name = join(folder, `${file.replace(/\W/g, '-')}-${before}.ts`);
        writeFileSync(name, `${'\n'.repeat(before)}${program}`);
        return name;
      }),
    );
    assert.ok(programs.length > 10, `${programs.length} programs found`);
    const options = [
      '--noEmit',
      '--ignoreConfig',
      '--strict',
      '--noUncheckedIndexedAccess',
      '--skipLibCheck',
      '--types',
      'node',
    ];
    const target = ['--target', 'es2022', '--module', 'nodenext', '--moduleDetection', 'force'];
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [compiler, ...options, ...target, ...programs], {
      cwd: root,
      encoding: 'utf8',
    });
  } catch (error) {
    if (error.stdout === undefined) throw error;
    assert.fail(`\n${error.stdout}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the page on sampling names every sampler, and every family with a prior of its own', async () => {
  const { createModel } = await import('../dist/index.js');
  const { samplerTypes } = await import('../dist/tasks/sample/sampler.js');
  const { families } = await import('../dist/models/families.js');
  const { text } = pages.find(({ file }) => file === 'docs/sampling.md');
  const part = (heading) => text.split(`## ${heading}\n`)[1].split('\n## ')[0];
  for (const type of samplerTypes) assert.ok(part('Which sampler').includes(`\`${type}\``), type);
  const listed = [...part('The prior of each model').matchAll(/^\| (`.*?) +\|/gm)].flatMap(([, cell]) =>
    [...cell.matchAll(/`([\w-]+)`/g)].map(([, name]) => name),
  );
  const own = Object.keys(families).filter((name) => {
    const model = createModel(name, {
      input: 8,
      latent: 8,
      ...(name === 'conditional-vae' && { classes: 2 }),
    });
    return model.definition.prior !== undefined;
  });
  assert.deepEqual(listed.filter((name) => name !== 'vae').sort(), own.sort());
});
