import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultFolder } from './runFolder.js';

test('the folder of a run is named by data and model', () => {
  const names: [spec: string, folder: string][] = [
    ['mnist', 'runs/mnist-vae'],
    ['mnist:train', 'runs/mnist-vae'],
    ['mnist:test', 'runs/mnist-test-vae'],
    ['mnist[0:1000]', 'runs/mnist-0-1000-vae'],
    ['mnist:test[-500:]', 'runs/mnist-test--500-end-vae'],
    ['/data/my faces.npy', 'runs/my_faces-vae'],
    ['digits.v2.npy.gz[:10]', 'runs/digits.v2-0-10-vae'],
    ['train-images-idx3-ubyte.gz', 'runs/train-images-idx3-ubyte-vae'],
  ];
  for (const [spec, folder] of names) assert.equal(defaultFolder(spec, 'vae').replaceAll('\\', '/'), folder);
});
