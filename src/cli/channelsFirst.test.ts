import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadImage } from '@napi-rs/canvas';
import { npyBytes } from '../data/npy.js';
import { imageGridPicture } from '../pictures/grid.js';
import { call, callJson, refused, temporaryFolder } from '../testing/cli.js';

const { path: root, remove } = temporaryFolder();
after(remove);
const at = (name: string) => join(root, name);
const [first, last] = [at('first.npy'), at('last.npy')];
const small = ['--model', 'conv-vae', '--channels', '2', '--latent', '3', '--epochs', '1'];
const folder = at('folder');

before(async () => {
  const values = Uint8Array.from({ length: 8 * 3 * 17 * 23 }, (_, i) => 127 + 120 * Math.sin(i * i));
  writeFileSync(first, npyBytes({ data: values, shape: [8, 3, 17, 23] }));
  writeFileSync(last, npyBytes({ data: values, shape: [8, 17, 23, 3] }));
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.png'), await imageGridPicture(new Float32Array(64), [8, 8], {}));
  await callJson('train', first, ...small, '--data-format', 'channelsFirst', '--out', at('of-first'));
  await callJson('train', last, ...small, '--out', at('of-last'));
});

describe('a run on pictures with their channels first', () => {
  it('draws pictures where one with its channels last does', async () => {
    const commands: [name: string, argv: (run: string, data: string) => string[]][] = [
      ['reconstruct', (run, data) => ['reconstruct', run, data]],
      ['sample', (run) => ['sample', run, '-n', '9']],
      ['traverse', (run) => ['traverse', run]],
      ['interpolate', (run, data) => ['interpolate', run, data, '--from', '0', '--to', '1']],
    ];
    for (const [name, argv] of commands) {
      await callJson(...argv(at('of-first'), first), '-o', at('a.png'));
      await callJson(...argv(at('of-last'), last), '-o', at('b.png'));
      const [a, b] = [await loadImage(at('a.png')), await loadImage(at('b.png'))];
      assert.deepEqual([a.width, a.height], [b.width, b.height], name);
    }
    for (const file of ['reconstructions.png', 'samples.png']) {
      const [a, b] = [
        await loadImage(join(at('of-first'), file)),
        await loadImage(join(at('of-last'), file)),
      ];
      assert.deepEqual([a.width, a.height], [b.width, b.height], file);
    }
  });

  it('is evaluated as pictures are', async () => {
    const [found] = await callJson('evaluate', at('of-first'), first, '--compression');
    for (const name of ['ssim', 'pngBytes', 'codePsnr']) assert.ok(Number.isFinite(found![name]), name);
  });

  it('takes no folder of pictures, which are read with their channels last', async () => {
    await refused(['encode', at('of-first'), folder, '-o', at('codes.npy')], /read with their channels last/);
    const argv = ['train', folder, ...small, '--data-format', 'channelsFirst', '--out', at('none')];
    await refused(argv, /--data-format channelsFirst: pictures of a folder, such as .*leave it out/);
  });
});

describe('train', () => {
  it('advises --data-format where the first axis looks like channels', async () => {
    const out = ['--out', at('noted'), '--overwrite'];
    const advice =
      /3 × 17 × 23 are taken for pictures of 3 × 17 with 23 channels; .* --data-format channelsFirst/;
    assert.match((await call('train', first, ...small, ...out)).stderr, advice);
    const kinds = [
      [first, ...small, '--data-format', 'channelsFirst'],
      [first, ...small, '--data-format', 'channelsLast'],
      [last, ...small],
      [first, '--hidden', '4', '--latent', '2', '--epochs', '1'],
    ];
    for (const argv of kinds) {
      const { code, stderr } = await call('train', ...argv, ...out);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /data-format/, argv.join(' '));
    }
  });
});
