// The rows that are held against published figures: found, run, recorded and written down.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { binarized } from '../bench/reproduce/data.mjs';
import { readRecords, storeRecord } from '../bench/reproduce/records.mjs';
import { resultsPage } from '../bench/reproduce/results.mjs';
import { groups, rows } from '../bench/reproduce/rows/index.mjs';
import { publishedEpochs, reproduce, scheduleOf } from '../bench/reproduce/run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const program = (...args) =>
  spawnSync(process.execPath, ['bench/reproduce/main.mjs', ...args], { cwd: root, encoding: 'utf8' });

test('a row that there is not ends with code 2 and the names of those that there are', () => {
  const { status, stderr } = program('keras-vea');
  assert.equal(status, 2);
  assert.match(stderr, /^there is no row 'keras-vea'; there are .*keras-vae/);
  for (const name of Object.keys(rows)) assert.ok(stderr.includes(name), name);
});

test('what cannot be meant is said and ends with code 2', () => {
  for (const args of [[], ['svae', 'miwae'], ['svae', '--epochs', '0'], ['svae', '--epoch', '3']]) {
    const { status, stderr } = program(...args);
    assert.equal(status, 2, args.join(' '));
    assert.ok(stderr.length > 0 && !stderr.includes('    at '), stderr);
  }
});

test('--list names every row with its epochs', () => {
  const { status, stdout } = program('--list');
  assert.equal(status, 0);
  for (const [name, row] of Object.entries(rows)) {
    assert.match(stdout, new RegExp(`^  ${name} +${publishedEpochs(row)} epochs; `, 'm'));
  }
});

test('every row makes a model, and has something to compare', () => {
  for (const [name, row] of Object.entries(rows)) {
    const model = row.model(3);
    assert.equal(model.seed, 3, name);
    assert.equal(model.features, 784, name);
    const compared = [
      ...(row.figures ?? []),
      ...Object.keys(row.generation ?? {}),
      ...(row.nll ? [row.nll] : []),
    ];
    assert.ok(compared.length > 0 && row.source.length > 0 && row.settings.length > 0, name);
  }
});

test('the schedule of the IWAE paper: eight stages, 3,280 epochs, rates from 1e-3 to 1e-4', () => {
  const row = rows['iwae-1l-5'];
  assert.equal(publishedEpochs(row), 3280);
  const schedule = scheduleOf(row, 3280);
  assert.deepEqual(
    schedule.map(([epochs]) => epochs),
    [1, 3, 9, 27, 81, 243, 729, 2187],
  );
  // As the paper has it: 1e-4 · round(10^(1 - (i - 1) / 7), 1).
  const rates = [1e-3, 7.2e-4, 5.2e-4, 3.7e-4, 2.7e-4, 1.9e-4, 1.4e-4, 1e-4];
  schedule.forEach(([, rate], i) => {
    assert.ok(Math.abs(rate - rates[i]) < 1e-9, `${rate}`);
  });
});

test('a shortened schedule has as many epochs as were asked for, and ends at the lowest rate', () => {
  for (const [name, row] of Object.entries(rows)) {
    const last = scheduleOf(row, publishedEpochs(row)).at(-1)[1];
    for (const epochs of [1, 2, 5, 13]) {
      const schedule = scheduleOf(row, epochs);
      const total = schedule.reduce((sum, [length]) => sum + length, 0);
      assert.equal(total, epochs, name);
      assert.equal(schedule.at(-1)[1], last, name);
    }
  }
});

test('binarised pixels are 1 as often as they are bright', () => {
  const data = Uint8Array.from({ length: 90_000 }, (_, i) => [0, 64, 255][i % 3]);
  const { data: drawn } = binarized({ data, shape: [90_000, 1], source: 'three greys' }, 5, 1);
  const mean = (grey) => drawn.filter((_, i) => i % 3 === grey).reduce((a, b) => a + b, 0) / 30_000;
  assert.deepEqual([mean(0), mean(2)], [0, 1]);
  // Four standard deviations of a share of 30,000.
  assert.ok(Math.abs(mean(1) - 64 / 255) < 0.01, `${mean(1)}`);
});

test('a run gives what its record and the page need', async () => {
  const seen = [];
  const row = { ...rows['iwae-1l-5'], nll: { importanceSamples: 30, published: 85.54, reference: 85.18 } };
  const options = { epochs: 2, images: 200, importanceSamples: 20, report: (figures) => seen.push(figures) };
  const record = await reproduce('iwae-1l-5', row, options);
  assert.deepEqual([record.epochs, record.publishedEpochs, record.curve.rows.length], [2, 3280, 2]);
  assert.deepEqual(
    seen.map(({ epoch, learningRate }) => [epoch, Number(learningRate.toPrecision(3))]),
    record.settings.schedule.map(([, rate], i) => [i + 1, Number(rate.toPrecision(3))]),
  );
  const [{ ours, published }] = record.figures;
  // With the output bias at the mean of the training images the first epochs are far from 784 · log 2 = 543.
  assert.ok(ours > 100 && ours < 300, `${ours}`);
  assert.equal(published, 85.54);

  // A row may have changed since: what was done stands in the record.
  const page = resultsPage([{ title: 'Likelihood', rows: { 'iwae-1l-5': {} } }], { 'iwae-1l-5': [record] });
  assert.ok(page.includes(`${row.settings}. Source: ${row.source}.`));
  assert.ok(page.includes(`Differs from the original: ${row.differences[0]}.`));
  assert.match(page, /The bias of the output starts at the logit/);
  assert.match(page, /\[`iwae-1l-5`\]\(#iwae-1l-5\) \| shortened \| .* 85\.54 \(85\.18\) +\| \+/);
  assert.match(page, /\*\*Shortened\*\*: 2 epochs in place of 3,280/);
  assert.match(page, /with 20 importance samples, not 30/);
  assert.ok(page.includes(record.machine.processor) && page.includes(process.version));
  assert.match(page, /\| epoch \| loss +\|\n\| ----- \| -+ \|\n\| 1 +\| [\d.]+ +\|\n\| 2 +\| [\d.]+ +\|\n/);
});

test('a record replaces that of its row and seed, unless that is of a longer training', () => {
  const folder = mkdtempSync(join(tmpdir(), 'records-'));
  try {
    const record = (row, seed, epochs, ours) => ({ row, seed, epochs, figures: [{ name: 'loss', ours }] });
    for (const seed of [2, 0, 10]) assert.ok(storeRecord(record('svae', seed, 3, seed), folder));
    assert.ok(storeRecord(record('svae', 2, 3, 7.5), folder));
    assert.ok(!storeRecord(record('svae', 0, 2, 9), folder));
    assert.ok(storeRecord(record('svae', 5, 2, 5), folder));
    assert.ok(storeRecord(record('miwae', 0, 1, 6), folder));
    assert.deepEqual(readRecords(folder), {
      miwae: [record('miwae', 0, 1, 6)],
      svae: [
        ...[record('svae', 0, 3, 0), record('svae', 2, 3, 7.5), record('svae', 10, 3, 10)],
        record('svae', 5, 2, 5),
      ],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the page has the lowest seed in its table, and all seeds of as many epochs in the section', () => {
  const [first] = readRecords()['keras-vae'];
  const seeds = [
    first,
    { ...first, seed: 3, figures: first.figures.map((figure) => ({ ...figure, ours: 321.5 })) },
    { ...first, seed: 4, figures: first.figures.slice(1) },
    { ...first, seed: 5, epochs: 2 },
  ];
  const page = resultsPage([{ title: 'Losses', rows: { 'keras-vae': {} } }], { 'keras-vae': seeds });
  const [table, section] = page.split('## Losses');
  assert.ok(!table.includes('321.5') && table.includes(first.figures[0].ours.toFixed(2)));
  assert.match(section, /\| figure +\| seed 0 +\| seed 3 +\| seed 4 +\| published +\|\n/);
  assert.match(section, /\| total, epoch 1 +\| [\d.]+ +\| 321\.50 +\| +\| 253\.66 +\|/);
});

test('a row of new samples gives a distance for each of its samplers', async () => {
  const row = rows['vae-beside-rae'];
  const { figures } = await reproduce('vae-beside-rae', row, { epochs: 1, images: 400 });
  assert.deepEqual(
    figures.map(({ name }) => name.replace(/.*, /, '')),
    ['sampler prior', 'sampler gmm'],
  );
  for (const { ours } of figures) assert.ok(ours > 1 && Number.isFinite(ours), `${ours}`);
});

test('docs/results.md is what the records say', () => {
  const written = readFileSync(new URL('../docs/results.md', import.meta.url), 'utf8');
  assert.equal(written, resultsPage(groups, readRecords()));
});
