import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createModel, type FamilyName } from '../index.js';
import { families } from '../models/families.js';
import { rowOf } from '../models/io.js';
import { fillNoise } from '../random/fill.js';
import { Random } from '../random/random.js';
import type { Program, TrainerSpec } from '../runtime/backend.js';
import { cores } from '../runtime/node/cores.js';
import { SessionCache } from '../runtime/node/sessionCache.js';
import { NodeTrainer } from '../runtime/node/trainer.js';
import { assertClose } from '../testing/fixtures.js';
import { threadCount, threadsUnknown } from '../testing/threads.js';
import {
  evaluateProgram,
  metricNames,
  type ProgramOptions,
  trainProgram,
  variableSpecs,
  variablesOf,
} from './programs.js';

const batch = 48;

/** Small networks with convolutions. */
const small = { input: [6, 6], channels: [3, 4], hidden: [], latent: 8 };
const own: { readonly [Name in FamilyName]?: Readonly<Record<string, unknown>> } = {
  'conditional-vae': { classes: 3 },
  'vamp-vae': { pseudoInputs: 4 },
  'two-layer-vae': { topLatent: 2, topHidden: [4] },
  'deep-autoencoder': { channels: [] },
  miwae: { bounds: 2, draws: 2 },
};

/** Families whose objective is a mean over samples, each by itself. */
const divided: readonly string[] = [
  ...[
    'autoencoder',
    'conv-autoencoder',
    'sparse-autoencoder',
    'denoising-autoencoder',
    'rae',
    'vae',
    'conv-vae',
  ],
  ...['beta-vae', 'vamp-vae', 'two-layer-vae', 'iaf-vae', 'conditional-vae', 'hyperspherical-vae'],
];

function specOf(name: FamilyName, more: Partial<ProgramOptions & { network: object }> = {}) {
  const { network, ...options } = more;
  const model = createModel(name, { ...small, ...own[name], ...network } as never);
  const { definition, sampleSpec: sample } = model;
  const optimizer = { type: 'sgd', learningRate: 0.1 } as const;
  const build: ProgramOptions = {
    ...{ definition, sample, optimizer, form: 'gradients', parts: 3 },
    ...options,
  } as ProgramOptions;
  const program = trainProgram(build, batch);
  const spec: TrainerSpec = {
    variables: variableSpecs(variablesOf(definition, sample)),
    optimizer: { type: 'sgd', learningRate: 0.1 } as TrainerSpec['optimizer'],
    row: rowOf(sample),
    metrics: metricNames(build),
    trainPrograms: [program],
    evaluatePrograms: [],
  };
  return { spec, program, build };
}

/** Two steps from the same weights on the same rows and noise. */
async function steps(spec: TrainerSpec, program: Program) {
  const trainer = await NodeTrainer.create({ ...spec, trainPrograms: [program] }, new SessionCache(4));
  try {
    const random = new Random(1, 'weights');
    const weight = Object.fromEntries(
      spec.variables.map(({ name, shape }) => [
        name,
        Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.3 * (random.uniform() - 0.5)),
      ]),
    );
    await trainer.write({ weight });
    const buffers = trainer.buffers(program);
    const all: number[] = [];
    for (const step of [1, 2]) {
      const draw = new Random(step, 'rows');
      buffers.rows.forEach((_, i) => {
        buffers.rows[i] = draw.uniform();
      });
      for (const { name, kind } of program.noises)
        fillNoise(buffers.noises[name]!, kind, new Random(step, name));
      for (const scalar of Object.values(buffers.scalars)) scalar[0] = 0.5;
      const { metrics, kept } = await trainer.step(program, step, 0.1);
      assert.ok(kept);
      all.push(...metrics);
    }
    const state = await trainer.read();
    return { metrics: all, weight: Object.values(state.weight!).flatMap((array) => [...array]) };
  } finally {
    await trainer.release();
  }
}

describe('a batch in parts, side by side', () => {
  const found: string[] = [];
  for (const name of Object.keys(families) as FamilyName[]) {
    const { spec, program } = specOf(name);
    if (program.parts === 1) continue;
    found.push(name);
    it(`gives the steps of the whole batch, with ${name}`, async () => {
      const { program: whole } = specOf(name, { parts: 1 });
      assert.deepEqual([program.parts, whole.parts], [3, 1]);
      assert.deepEqual(program.noises, whole.noises);
      const [inParts, atOnce] = [await steps(spec, program), await steps(spec, whole)];
      assertClose(inParts.metrics, atOnce.metrics, 1e-5, 'metrics');
      assertClose(inParts.weight, atOnce.weight, 1e-5, 'weights');
    });
  }

  it('is for families whose objective is a mean over samples', () => assert.deepEqual(found, divided));

  it('is not for networks or limits that look at the whole batch, for many weights or for small batches', () => {
    const partsOf = (...given: Parameters<typeof specOf>) => specOf(...given).program.parts;
    assert.equal(partsOf('conv-vae'), 3);
    assert.equal(partsOf('conv-vae', { network: { normalization: 'batch' } }), 1);
    assert.equal(partsOf('conv-vae', { clipNorm: 1 }), 1);
    assert.equal(partsOf('conv-vae', { network: { channels: [] } }), 1);
    assert.equal(partsOf('conv-vae', { parts: 1 }), 1);
    // Five parts of 48 rows are not equal, and four would have fewer than 16 rows each.
    assert.equal(partsOf('conv-vae', { parts: 5 }), 3);
    // Dense layers of 5.6 million weights.
    assert.equal(partsOf('conv-vae', { network: { hidden: [100_000] } }), 1);
  });
});

it('a large product is computed by all cores, a small one by the thread that asks', {
  skip: threadsUnknown,
}, async () => {
  const threadsFor = async (hidden: number) => {
    const network = { channels: [], hidden: [hidden] };
    const { spec, build } = specOf('autoencoder', { parts: 1, network });
    const evaluatePrograms = [evaluateProgram(build, batch)];
    const sessions = new SessionCache(0);
    const before = threadCount();
    const trainer = await NodeTrainer.create({ ...spec, evaluatePrograms }, sessions);
    const started = threadCount() - before;
    await trainer.release();
    await sessions.trim();
    return started;
  };
  await threadsFor(16);
  // 48 samples of 36 pixels: with a layer of so many units 28 thousand multiplications, and 21 million.
  assert.equal(await threadsFor(16), 0);
  // Training and validation have a session each.
  assert.equal(await threadsFor(12_000), 2 * (cores! - 1));
});
