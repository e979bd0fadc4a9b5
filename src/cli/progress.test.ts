import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import type { CommonOptions } from './command.js';
import { Output } from './output.js';
import { NetworkProgress, ProgressReport } from './progress.js';

class Terminal extends Writable {
  readonly isTTY = true;
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function terminal(options: CommonOptions): { readonly output: Output; readonly stderr: Terminal } {
  const [stdout, stderr] = [new Terminal(), new Terminal()];
  // What a bar asks of a terminal.
  Object.assign(stderr, { columns: 100, cursorTo: () => true, clearLine: () => true });
  return { output: new Output({ stdout, stderr, exitCode: 0 }, options), stderr };
}

function report(options: CommonOptions): string {
  const { output, stderr } = terminal(options);
  const progress = new ProgressReport(output, {
    samples: 1000,
    seen: 500,
  });
  progress.onProgress({ epoch: 1, epochs: 2, samples: 600, total: 1000, loss: 12.345 });
  progress.onEpochEnd({ row: { epoch: 1, loss: 10, validationLoss: 11, seconds: 0.25 }, epochs: 2 });
  // A late look at an epoch that has ended must not bring the bar back.
  progress.onProgress({ epoch: 1, epochs: 2, samples: 1000, total: 1000, loss: 10 });
  progress.close();
  return stderr.text;
}

test('on a terminal there is a bar with loss, speed and time left, then a line for the epoch', () => {
  const text = report({});
  assert.match(text, /epoch 1\/2 \[=+-+\] 60 % {2}loss 12\.35 .*samples\/s .* left/);
  assert.match(text, /epoch 1\/2 {2}loss 10\.00 {2}validation loss 11\.00 {2}250 ms {2}2,000 samples\/s\n$/);
});

test('no bar and no lines where they are not wanted', () => {
  assert.equal(report({ quiet: true }), '');
  assert.equal(report({ json: true }), '');
});

/** What a detector shows while its networks are trained. */
function networks(options: CommonOptions, isTTY = true): string {
  const { output, stderr } = terminal(options);
  Object.assign(stderr, { isTTY });
  const progress = new NetworkProgress(output, 4);
  progress.update(2);
  progress.close();
  return stderr.text;
}

test('networks of a detector are counted on a terminal from the first on, and nowhere else', () => {
  const text = networks({});
  assert.match(text, /autoencoder 1\/4 \[-+\] 0 %/);
  assert.match(text, /autoencoder 3\/4 \[=+-+\] 50 % {2}.* left/);
  assert.equal(networks({ quiet: true }) + networks({ json: true }) + networks({}, false), '');
});
