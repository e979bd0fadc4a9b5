// What users of other libraries fell over, each as what must hold here. More of the kind: 'counts the last partial batch by
// its size' and 'early stopping takes the first epoch as the best' in fit.test.ts, and importance.test.ts.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as ort from 'onnxruntime-node';
import { constant, topological } from '../graph/expr.js';
import {
  autoencoder,
  convVae,
  createModel,
  type FamilyName,
  load,
  UserError,
  VariationalModel,
  vae,
} from '../index.js';
import { families, familyNamed } from '../models/families.js';
import { Scope } from '../nn/scope.js';
import { surface } from '../testing/data.js';
import { evaluate } from '../testing/evaluate.js';
import { assertClose } from '../testing/fixtures.js';
import { trainProgram } from '../train/programs.js';

const folder = mkdtempSync(join(tmpdir(), 'autoencoder-traps-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A conditional model needs labels with all that it is given; `conditional.test.ts` is about it. */
const names = (Object.keys(families) as FamilyName[]).filter((name) => name !== 'conditional-vae');
/** Options that make models of any family small. */
const small: { readonly [Name in FamilyName]?: Readonly<Record<string, unknown>> } = {
  'deep-autoencoder': { hidden: [8] },
  'conv-autoencoder': { hidden: [], channels: [2] },
  'conv-vae': { hidden: [], channels: [2] },
  'vq-vae': { codes: 8, codeSize: 1 },
  'adversarial-autoencoder': { discriminatorHidden: [8] },
  'factor-vae': { discriminatorHidden: [8] },
  'vamp-vae': { pseudoInputs: 5 },
  'two-layer-vae': { topLatent: 2, topHidden: [4] },
  'iaf-vae': { flowSteps: 2, flowHidden: 8, context: 4 },
  'categorical-vae': { classes: 2 },
  ...Object.fromEntries(['miwae', 'piwae'].map((name) => [name, { bounds: 2, draws: 2 }])),
  ciwae: { draws: 3 },
};

const variational = names.filter(
  (name) =>
    (familyNamed(name).schema.parse({ latent: 16 }) as { likelihood?: object }).likelihood !== undefined,
);

/** The figures of an objective on samples of ones, every weight 0 but those named by how they end. */
async function figures(
  name: FamilyName,
  options: object,
  features: number,
  set: Readonly<Record<string, number>>,
) {
  const family = familyNamed(name);
  const definition = family.define(family.schema.parse(options), { features, shape: [features] });
  const scope = Scope.root({ training: false });
  const x = constant(new Float32Array(4 * features).fill(1), [4, features]);
  const { loss, metrics } = definition.objective(x, scope);
  const shapes = [...scope.variables, ...scope.noises].map(([key, { shape }]) => [key, shape] as const);
  const values = Object.fromEntries(
    shapes.map(([key, shape]) => {
      const value = Object.entries(set).find(([end]) => key.endsWith(end))?.[1] ?? 0;
      return [
        key,
        new Float32Array(shape.reduce<number>((size, length) => size * Number(length), 1)).fill(value),
      ];
    }),
  );
  return evaluate({ loss, ...metrics }, values) as Promise<Record<string, number[]>>;
}

describe('reductions', () => {
  for (const [features, latent] of [
    [12, 3],
    [100, 7],
  ] as const) {
    it(`of a VAE are sums over ${features} features and ${latent} latents, averaged over samples`, async () => {
      const found = await figures('vae', { latent }, features, { 'mean.bias': 2 });
      assertClose(found.reconstructionNll!, [features * Math.log(2)], 1e-6, 'nll');
      assertClose(found.kl!, [latent * 2], 1e-6, 'kl');
      assertClose(found.loss!, [features * Math.log(2) + latent * 2], 1e-6, 'loss');
    });

    it(`of a gaussian likelihood on ${features} features hold its constant`, async () => {
      const likelihood = { type: 'gaussian', variance: 0.25 };
      const found = await figures('vae', { latent, likelihood }, features, {});
      const each = 0.5 * Math.log(2 * Math.PI * 0.25) + 1 / (2 * 0.25);
      assertClose(found.reconstructionNll!, [features * each], 1e-6, 'nll');
    });

    it(`of a VQ-VAE are the same for reconstruction, of ${features}, and commitment, of ${latent}`, async () => {
      const options = { latent, codeSize: 1, codes: 2, commitment: 0.5 };
      const found = await figures('vq-vae', options, features, { 'encoder.0.bias': 3 });
      assertClose(found.reconstructionLoss!, [features * 0.25], 1e-6, 'reconstruction');
      assertClose(found.commitment!, [latent * 9], 1e-6, 'commitment');
      assertClose(found.loss!, [features * 0.25 + 0.5 * latent * 9], 1e-6, 'loss');
    });
  }
});

describe('the KL term', () => {
  for (const name of ['vae', 'beta-vae', 'hyperspherical-vae', 'categorical-vae'] as const) {
    it(`of ${name} is never logged as negative, also where codes have collapsed`, async () => {
      const beta = name === 'vae' || name === 'beta-vae' ? { beta: 50 } : {};
      const model = createModel(name, { input: 12, latent: 4, ...small[name], ...beta } as never);
      const { rows } = await model.fit(surface(128), { epochs: 20, batchSize: 32, learningRate: 0.01 });
      for (const { kl } of rows) assert.ok(kl! >= 0, `${kl}`);
      const { kl } = await model.evaluate(surface(128));
      assert.ok(kl! >= 0, `${kl}`);
    });
  }
});

describe('noise', () => {
  for (const name of variational) {
    it(`of ${name} is drawn for as many samples as there are in the batch, the last one too`, async () => {
      const model = createModel(name, { input: [6, 6], latent: 4, ...small[name] } as never);
      const optimizer = { type: 'sgd', learningRate: 1e-3 } as const;
      for (const batch of [5, 2]) {
        const { definition, sampleSpec: sample } = model;
        const { noises } = trainProgram({ definition, sample, optimizer, form: 'gradients' }, batch);
        assert.ok(noises.length > 0);
        for (const { name: noise, shape } of noises) assert.equal(shape[0], batch, noise);
      }
      const { rows } = await model.fit(surface(7, 36), { epochs: 1, batchSize: 5 });
      assert.ok(Number.isFinite(rows[0]!.loss));
    });
  }
});

describe('pictures', () => {
  for (const shape of [
    [5, 9],
    [1, 28],
    [17, 23, 3],
    [64, 64, 1],
  ]) {
    it(`of ${shape.join(' × ')} are learned and come back with their size`, async () => {
      const features = shape.reduce((a, b) => a * b);
      const { data } = surface(6, features);
      const channels = shape[0] === 1 ? [] : [4, 4];
      const model = convVae({ input: shape, channels, latent: 2 });
      await model.fit({ data, shape: [6, ...shape] }, { epochs: 1, batchSize: 4 });
      assert.deepEqual((await model.reconstruct({ data, shape: [6, ...shape] })).shape, [6, ...shape]);
      assert.deepEqual((await model.sample(2)).shape, [2, ...shape]);
    });
  }
});

describe('outputs and data', () => {
  const warningsOf = async (output: 'tanh' | 'sigmoid', data: ReturnType<typeof surface>) => {
    const said: string[] = [];
    const callbacks = [{ name: 'warnings', onWarning: (text: string) => said.push(text) }];
    await autoencoder({ input: 12, latent: 2, output }).fit(data, { epochs: 1, callbacks });
    return said.join('\n');
  };

  it('a tanh output with data in [0, 1] is warned of, and with data in [-1, 1] it is not', async () => {
    assert.match(
      await warningsOf('tanh', surface(40)),
      /no value is below 0, .*'tanh' gives numbers from -1 to 1/,
    );
    const { data, shape } = surface(40);
    assert.equal(await warningsOf('tanh', { data: data.map((value) => 2 * value - 1), shape }), '');
    assert.equal(await warningsOf('sigmoid', surface(40)), '');
  });

  it('a sigmoid output with data in [-1, 1] is refused', async () => {
    const { data, shape } = surface(40);
    await assert.rejects(
      warningsOf('sigmoid', { data: data.map((value) => 2 * value - 1), shape }),
      UserError,
    );
  });
});

describe('batch normalisation', () => {
  it('is exported with its running statistics: one sample alone gives what it gives among others', async () => {
    const model = vae({ input: 12, hidden: [8], latent: 2, normalization: 'batch' });
    await model.fit(surface(200), { epochs: 5, batchSize: 32 });
    const path = join(folder, 'normalized');
    await model.save(path);
    const { data, shape } = await model.reconstruct(surface(40));
    const session = await ort.InferenceSession.create(join(path, 'autoencoder.onnx'));
    const one = new ort.Tensor('float32', surface(40).data.slice(0, 12), [1, 12]);
    const { reconstruction } = await session.run({ input: one });
    assertClose(reconstruction!.data as Float32Array, data.slice(0, 12), 1e-6, 'reconstruction');
    const loaded = await load(path);
    assert.deepEqual(await loaded.reconstruct(surface(40)), { data, shape });
  });

  for (const name of ['vamp-vae', 'vae-gan'] as const) {
    it(`of ${name} keeps the statistics of the data, not of what the model has made`, async () => {
      const model = createModel(name, {
        input: 12,
        hidden: [8],
        latent: 2,
        normalization: 'batch',
        ...small[name],
      } as never);
      const before = model.weights['encoder.hidden.0.kernel']!.slice();
      // With so small a rate the weights stay as they are, and the running mean nears that of the data.
      const optimizer = { type: 'sgd', learningRate: 1e-30 } as const;
      await model.fit(surface(64), { epochs: 200, batchSize: 64, optimizer });
      assert.deepEqual(model.weights['encoder.hidden.0.kernel'], before);
      const { data } = surface(64);
      const means = Float64Array.from({ length: 8 }, (_, unit) => {
        let total = 0;
        data.forEach((value, i) => {
          total += (value * before[(i % 12) * 8 + unit]!) / 64;
        });
        return total;
      });
      assertClose(model.weights['encoder.hidden.1.runningMean']!, means, 1e-4, 'running mean');
    });
  }
});

describe('a codebook', () => {
  it('that has collapsed is noticed, with what to try, and one that is used is not', async () => {
    const healthy = createModel('vq-vae', { input: 12, hidden: [16], latent: 4, codeSize: 2, codes: 32 });
    await healthy.fit(surface(256), { epochs: 10, batchSize: 64 });
    const { notes } = await healthy.evaluate(surface(256));
    assert.deepEqual(notes, []);
    // Never restarted, from vectors far away from any code: the nearest one takes all.
    const options = { codeSize: 2, codes: 64, restartBelow: 0, commitment: 0 };
    const collapsed = createModel('vq-vae', {
      input: 12,
      latent: 4,
      latentActivation: 'sigmoid',
      ...options,
    });
    await collapsed.fit(surface(256), { epochs: 1, batchSize: 256, learningRate: 1e-6 });
    const { notes: warned } = await collapsed.evaluate(surface(256));
    assert.match(warned[0]!, /codebook collapse: of 64 vectors about \d\.\d are in use .* `restartBelow`/);
  });
});

describe('a vector of a codebook that nothing chooses', () => {
  it('stays where it is unless vectors start again', async () => {
    const model = createModel('vq-vae', {
      ...{ input: 12, hidden: [16], latent: 4, codeSize: 2, codes: 16, restartBelow: 0, decay: 0.5 },
    });
    const first = model.weights['quantizer.codebook']!.slice();
    await model.fit(surface(256), { epochs: 20, batchSize: 32 });
    const [last, counts] = [model.weights['quantizer.codebook']!, model.weights['quantizer.counts']!];
    const unused = [...counts.keys()].filter((vector) => counts[vector] === 0);
    assert.ok(unused.length > 0 && unused.length < 16, `${unused.length} of 16 were never chosen`);
    for (const vector of counts.keys()) {
      const [before, now] = [first, last].map((all) => [...all.slice(2 * vector, 2 * vector + 2)]);
      if (unused.includes(vector)) assert.deepEqual(now, before);
      else assert.notDeepEqual(now, before);
    }
  });
});

describe('a code of one number', () => {
  for (const name of names) {
    it(`works in ${name}, or is refused with advice`, async () => {
      const make = () => createModel(name, { input: [6, 6], latent: 1, ...small[name] } as never);
      if (name === 'hyperspherical-vae' || name === 'categorical-vae') {
        assert.throws(make, (error: unknown) => error instanceof UserError && /latent/.test(error.message));
        return;
      }
      const model = make();
      const { rows } = await model.fit(surface(40, 36), { epochs: 1, batchSize: 16 });
      assert.ok(Number.isFinite(rows[0]!.loss));
      assert.deepEqual((await model.encode(surface(3, 36))).shape, [3, 1]);
      if (!(model instanceof VariationalModel)) return;
      const drawn = await model.sample(2);
      assert.ok(drawn.data.every(Number.isFinite));
    });
  }

  it('is refused in a VQ-VAE whose vectors are longer', () => {
    assert.throws(
      () => createModel('vq-vae', { input: 12, latent: 1 }),
      /choose a `latent` that `codeSize` divides/,
    );
  });
});

describe('the penalty on the gradient of a regularised autoencoder', () => {
  it('is that of the reconstruction, also where the loss is computed from logits', async () => {
    const penalty = async (loss: 'mse' | 'bce') => {
      const model = createModel('rae', { input: 12, hidden: [8], latent: 3, penalty: 'gradient', loss });
      return (await model.evaluate(surface(20))).metrics.decoderPenalty!;
    };
    const [squares, logits] = [await penalty('mse'), await penalty('bce')];
    assert.ok(squares > 0 && Math.abs(squares - logits) < 1e-5 * squares, `${squares} and ${logits}`);
  });
});

describe('penalties on weights and noise', () => {
  const every: readonly (readonly [FamilyName, object])[] = [
    ...names.map((name) => [name, {}] as const),
    ['deep-autoencoder', { hidden: [4], tied: true }],
  ];
  for (const [name, options] of every) {
    it(`have an effect in ${name} ${JSON.stringify(options)}: on every kernel, and on what is encoded`, () => {
      const family = familyNamed(name);
      const asked = { latent: 4, ...small[name], ...options };
      const shape = [6, 6];
      const config = family.schema.parse({ ...asked, weightL1: 0.1, inputNoise: 0.1 });
      const scope = Scope.root({ training: true });
      const x = constant(new Float32Array(8 * 36), [8, 36]);
      family.define(config, { features: 36, shape }).objective(x, scope);
      assert.ok(
        [...scope.noises.keys()].some((noise) => /gaussian$/.test(noise)),
        'noise',
      );
      const kernels = [...scope.variables].filter(
        ([key]) => /^(encoder|decoder)\..*kernel$/.test(key) && !/\.flow\d/.test(key),
      );
      const penalised = new Set(topological([scope.penalties!]));
      for (const [key, { expr }] of kernels) assert.ok(penalised.has(expr), key);
    });
  }
});

describe('options that do not go together', () => {
  const refusals: readonly (readonly [FamilyName, object, RegExp])[] = [
    [
      'sparse-autoencoder',
      { sparsity: 'kl' },
      /needs codes in \[0, 1\], but the activation of the code is relu; give `latentActivation: 'sigmoid'`/,
    ],
    [
      'denoising-autoencoder',
      { corruption: 'masking', amount: 1.5 },
      /share of values .* below 1; given 1.5/,
    ],
    [
      'deep-autoencoder',
      { tied: true, dropout: 0.5 },
      /tied weights are for .*; leave out `dropout`, or `tied`/,
    ],
    ['deep-autoencoder', { tied: true, decoderHidden: [4] }, /leave out `decoderHidden`, or `tied`/],
    [
      'autoencoder',
      { loss: 'bce', output: 'linear' },
      /the loss 'bce' needs the output 'sigmoid'; given 'linear'/,
    ],
    ['vae', { kernelSize: 5 }, /`kernelSize` is for convolutions, and there are none; give `channels`/],
    ['vae', { dataFormat: 'channelsFirst' }, /`dataFormat` is for convolutions/],
    ['vq-vae', { latent: 6 }, /6 numbers cannot be cut into pieces of 4; choose/],
    ['info-vae', { alpha: 0.5, lambda: 0.2 }, /driven away from the prior; choose/],
    ['categorical-vae', { latent: 12 }, /12 numbers cannot be cut into one-hot vectors of 8; choose/],
  ];
  for (const [name, options, message] of refusals) {
    it(`are refused by ${name} as soon as it is made`, () => {
      assert.throws(
        () => createModel(name, { input: 12, latent: 8, ...options } as never),
        (error: unknown) => error instanceof UserError && message.test(error.message),
      );
    });
  }
});
