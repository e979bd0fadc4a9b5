// Trains a variational autoencoder on MNIST with the command line, and shows what it learned.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = 'runs/demo';

function autoencoder(...args) {
  console.log(`\n$ autoencoder ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, ['dist/cli/main.js', ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

autoencoder(
  'train',
  'mnist',
  '--model',
  'vae',
  '--hidden',
  '256',
  '--latent',
  '32',
  '--out',
  run,
  '--overwrite',
);
autoencoder('evaluate', run, 'mnist:test');
autoencoder('sample', run, '-n', '100', '--seed', '1', '-o', `${run}/more-samples.png`);

const { load } = await import('../dist/index.js');
const model = await load(fileURLToPath(new URL(`../${run}`, import.meta.url)));
const { data } = await model.sample(4, { seed: 1 });
console.log('\nFour digits that nobody wrote, drawn from the model:\n');
for (let y = 2; y < 28; y += 2) {
  const shade = (image, x) => ' .:-=+*#%@'[Math.min(9, Math.floor(data[image * 784 + y * 28 + x] / 25.6))];
  console.log(
    [0, 1, 2, 3].map((image) => Array.from({ length: 28 }, (_, x) => shade(image, x)).join('')).join(' '),
  );
}
console.log(`\nPictures: ${run}/reconstructions.png, ${run}/samples.png, ${run}/loss.png`);
console.log(`ONNX files for any program: ${run}/encoder.onnx, ${run}/decoder.onnx, ${run}/autoencoder.onnx`);
