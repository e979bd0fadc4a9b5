// The programs of examples/, compiled and run as a newcomer would.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
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
