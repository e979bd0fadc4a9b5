// The programs of examples/, compiled and run as a newcomer would.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (...args) =>
  execFileSync(process.execPath, ['scripts/example.mjs', ...args], { cwd: root, encoding: 'utf8' });

test('the reference autoencoder trains, predicts ten images and prints its error', () => {
  const printed = run('autoencoder', '1');
  assert.equal(printed.match(/^ {2}\|.{28}\| {2}\|.{28}\|$/gm).length, 10);
  const [, error] = /test images: (0\.\d+)/.exec(printed);
  assert.ok(Number(error) < 0.006, `${error} after one epoch`);
});

test('the reference variational autoencoder trains, samples and prints its bound', () => {
  const [, elbo] = /Test -ELBO: (\d+\.\d+) nats/.exec(run('vae', '1'));
  assert.ok(Number(elbo) < 140, `${elbo} after one epoch`);
});

test('anomalies: the oddest payments are found, and most of them were made by a thief', () => {
  const printed = run('anomalies');
  assert.match(printed, /amount: number\n/);
  const fraud = new Set(
    readFileSync(`${root}/examples/data/payments.csv`, 'utf8')
      .split('\n')
      .filter((line) => line.endsWith(',1'))
      .map((line) => line.split(',')[0]),
  );
  const found = [...printed.matchAll(/^(P\d+) {2}/gm)].map(([, name]) => name);
  assert.equal(found.length, 10);
  assert.ok(found.filter((name) => fraud.has(name)).length >= 7, printed);
});

test('pictures: every picture of a folder gets a code', () => {
  const [, first, last] = /MSE ([\d.]+) to ([\d.]+)/.exec(run('pictures'));
  assert.ok(Number(last) < Number(first), `${first} to ${last}`);
});

test('a family of the user: it trains, and comes back from its folder the same', () => {
  const printed = run('custom-model', '1');
  const [, elbo, active] = /Test -ELBO: (\d+\.\d+) nats; (\d+) of 16/.exec(printed);
  assert.ok(Number(elbo) < 215, `${elbo} after one epoch`);
  assert.equal(active, '16');
  assert.match(printed, /it gives the same codes/);
});
