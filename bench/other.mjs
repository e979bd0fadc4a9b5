// Start-up, memory and inference: what a user waits for beside training steps. Prints one line of JSON.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { autoencoder, mnist } from 'autoencoder';
import * as ort from 'onnxruntime-node';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'autoencoder-bench-'));
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** From the start of a process to the end of its first training step, in seconds. */
function startUp() {
  const program = fileURLToPath(new URL('startUp.mjs', import.meta.url));
  const run = () => Number(spawnSync(process.execPath, [program], { encoding: 'utf8' }).stdout);
  return median(Array.from({ length: 5 }, run));
}

/** The largest resident memory of `train mnist`, in MiB. */
function peakMemory() {
  const program = `
    process.argv.splice(1, 0, 'autoencoder');
    process.on('exit', () => console.log(process.resourceUsage().maxRSS / 1024));
    await import(${JSON.stringify(join(root, 'dist/cli/main.js'))});`;
  const args = ['train', 'mnist', '--epochs', '2', '--quiet', '--out', join(folder, 'run')];
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program, '--', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  return Number(stdout.trim().split('\n').at(-1));
}

/** Seconds to encode all 70,000 images: ours, and a bare loop over ONNX Runtime with the same graph and chunks. */
async function encoding() {
  const [train, test] = [await mnist('train'), await mnist('test')];
  const pixels = new Uint8Array(70_000 * 784);
  pixels.set(train.data);
  pixels.set(test.data, train.data.length);
  const model = autoencoder({ input: 784, hidden: [256], latent: 32 });
  await model.fit({ data: pixels.subarray(0, 128 * 784), shape: [128, 784] }, { epochs: 1 });
  // ONNX Runtime does not find all cores on every machine.
  const session = await ort.InferenceSession.create(model.toFiles().files.get('encoder.onnx'), {
    intraOpNumThreads: availableParallelism(),
  });
  const ours = () => model.encode({ data: pixels, shape: [70_000, 784] });
  const bare = async () => {
    const codes = new Float32Array(70_000 * 32);
    for (let start = 0; start < 70_000; start += 1024) {
      const rows = pixels.subarray(start * 784, Math.min(start + 1024, 70_000) * 784);
      const input = new ort.Tensor('uint8', rows, [rows.length / 784, 784]);
      codes.set((await session.run({ input })).code.data, start * 32);
    }
  };
  const times = { ours: [], bare: [] };
  for (let round = 0; round < 7; round++) {
    for (const [name, work] of Object.entries({ ours, bare })) {
      const started = performance.now();
      await work();
      times[name].push((performance.now() - started) / 1000);
    }
  }
  return { ours: median(times.ours), bare: median(times.bare) };
}

const start = startUp();
const memory = peakMemory();
const encode = await encoding();
rmSync(folder, { recursive: true, force: true });
console.log(
  JSON.stringify({
    rows: [
      ['start of the process to the end of the first step', `${start.toFixed(2)} s`, ''],
      ['peak memory of `train mnist`', `${memory.toFixed(0)} MiB`, 'the images are 45 MiB'],
      [
        'encode 70,000 images',
        `${encode.ours.toFixed(3)} s`,
        `bare ONNX Runtime ${encode.bare.toFixed(3)} s (${(encode.ours / encode.bare).toFixed(2)})`,
      ],
    ],
    start,
    memory,
    encode,
  }),
);
