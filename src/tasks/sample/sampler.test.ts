import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Dataset, slice } from '../../data/dataset.js';
import { autoencoder, createModel, type Matrix, type Model, sampler, vae } from '../../index.js';
import { Random } from '../../random/random.js';
import { surface } from '../../testing/data.js';
import { codesOf } from './codes.js';
import { nearestInterpolation } from './knn.js';
import { nearestCodes } from './nearest.js';
import type { SamplerOptions } from './sampler.js';

const all = surface(900);
const data = slice(all, 0, 600);
const plain = autoencoder({ input: 12, hidden: [16], latent: 3, seed: 1 });
const variational = vae({ input: 12, hidden: [16], latent: 2, likelihood: 'gaussian', seed: 1 });
const single = autoencoder({ input: 12, hidden: [16], latent: 1, seed: 1 });

before(async () => {
  for (const model of [plain, variational, single])
    await model.fit(data, { epochs: 15, learningRate: 0.01, batchSize: 64 });
});
after(() => Promise.all([plain, variational, single].map((model) => model.release())));

const learned: readonly SamplerOptions[] = [
  { type: 'gmm', components: 5 },
  { type: 'knn' },
  { type: 'two-stage', epochs: 40 },
  { type: 'maf', epochs: 20 },
];

/** Mean and deviation of one dimension of codes. */
function moments(codes: Float32Array, width: number, d: number): [mean: number, deviation: number] {
  const values = codes.filter((_, i) => i % width === d);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)];
}

async function refused(work: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(work, (error: Error) => {
    assert.equal(error.name, 'UserError', error.stack);
    assert.match(error.message, message);
    return true;
  });
}

for (const options of learned) {
  describe(`a sampler of type ${options.type}`, () => {
    for (const [name, model] of [
      ['a plain autoencoder', plain],
      ['a variational one', variational],
      ['one latent number', single],
    ] as const) {
      it(`draws codes with the mean and the deviation of those of ${name}`, async () => {
        const source = await sampler(model, data, options);
        const drawn = await source.codes(2000);
        assert.deepEqual(drawn.shape, [2000, model.latent]);
        const codes = await codesOf(model, data, model.seed);
        for (let d = 0; d < model.latent; d++) {
          const [mean, deviation] = moments(codes, model.latent, d);
          const [found, spread] = moments(drawn.data, model.latent, d);
          assert.ok(Math.abs(found - mean) < 0.25 * deviation, `mean ${d}: ${found}, expected ${mean}`);
          const ratio = spread / deviation;
          assert.ok(ratio > 0.75 && ratio < 1.3, `deviation ${d}: ${spread}, expected ${deviation}`);
        }
      });
    }

    it('decodes what it draws, the same for the same seed', async () => {
      const source = await sampler(plain, data, options);
      const samples = await source.sample(7, { seed: 3 });
      assert.deepEqual(samples.shape, [7, 12]);
      assert.deepEqual(samples, await plain.decode(await source.codes(7, { seed: 3 })));
      const again = await sampler(plain, data, options);
      assert.deepEqual(await again.sample(7, { seed: 3 }), samples);
      assert.notDeepEqual((await source.sample(7, { seed: 4 })).data, samples.data);
    });
  });
}

describe('the prior', () => {
  it('is what a variational model is drawn from unless told, bit for bit as its own sample', async () => {
    const source = await sampler(variational, null);
    assert.equal(source.type, 'prior');
    assert.deepEqual(await source.sample(9, { seed: 2 }), await variational.sample(9, { seed: 2 }));
  });

  it('has the density of the standard normal distribution', async () => {
    const source = await sampler(variational, null);
    const [found] = await source.logDensity([[1, -2]]);
    assert.ok(Math.abs(found! + Math.log(2 * Math.PI) + 2.5) < 1e-6, `${found}`);
  });
});

describe('a sampler', () => {
  it('is a mixture for a plain autoencoder unless told', async () => {
    assert.equal((await sampler(plain, data)).type, 'gmm');
  });

  it('knows codes that were held out better than the prior does, where it has a density', async () => {
    const held = await codesOf(variational, slice(all, 600), 5);
    const density = async (options: SamplerOptions, given: Dataset | null) => {
      const source = await sampler(variational, given, options);
      const values = await source.logDensity({ data: held, shape: [300, 2] });
      return values.reduce((a, b) => a + b, 0) / values.length;
    };
    const prior = await density({ type: 'prior' }, null);
    for (const options of [learned[0]!, learned[3]!]) {
      const found = await density(options, data);
      assert.ok(found > prior - 0.02, `${options.type}: ${found}, prior: ${prior}`);
    }
  });

  it('says what is wrong with what it was given', async () => {
    await refused(sampler(plain, data, { type: 'prior' }), /plain autoencoder has no prior.*give type 'gmm'/);
    await refused(sampler(plain, null), /'gmm' learns from the codes of data; give the training data/);
    await refused(
      sampler(plain, data, { type: 'gmm', components: 601 }),
      /`components: 601` needs .*there are 600/,
    );
    await refused(sampler(plain, data, { type: 'gmm', components: 0 }), /sampler: `components`: .*given 0/);
    await refused(sampler(plain, data, { type: 'knn', components: 3 }), /components/);
    await refused(sampler(plain, data, { type: 'kde' as 'knn' }), /sampler: `type`: /);
    await refused(sampler(plain, surface(1)), /one sample was given/);
    await refused(sampler(plain, surface(20, 5)), /5 features, but the model takes 12/);
    const constant = { data: new Float32Array(60).fill(0.5), shape: [5, 12] };
    await refused(sampler(plain, constant), /codes of all 5 samples are the same/);
    const source = await sampler(plain, data, { type: 'knn' });
    await refused(source.sample(0), /a whole number above 0 is expected, got 0/);
    await refused(source.logDensity([[0, 0, 0]]), /'knn' draws codes and has no formula/);
    await refused((await sampler(plain, data)).logDensity([[0, 0]]), /2 features, but the model takes 3/);
  });

  it('learns from fewer codes than it has components by default', async () => {
    const source = await sampler(plain, surface(4));
    assert.ok((await source.sample(20)).data.every(Number.isFinite));
  });

  it('stops when it is told to', async () => {
    for (const options of [learned[2]!, learned[3]!, learned[0]!]) {
      const signal = AbortSignal.abort();
      await assert.rejects(sampler(plain, data, { ...options, signal }), { name: 'AbortError' });
    }
  });
});

describe('interpolation between nearest neighbours', () => {
  it('stays on the line between the only two codes there are', async () => {
    const density = nearestInterpolation(Float32Array.of(0, 0, 2, 4), 2, 5);
    const drawn = await density.draw(200, new Random(1));
    for (let i = 0; i < drawn.length; i += 2) {
      assert.ok(drawn[i]! >= 0 && drawn[i]! <= 2);
      assert.ok(Math.abs(drawn[i + 1]! - 2 * drawn[i]!) < 1e-6);
    }
  });

  it('joins each code with its nearest k, and with no other', async () => {
    // Ten pairs, the pairs far from one another.
    const codes = Float32Array.from({ length: 20 }, (_, i) => 100 * (i >> 1) + (i & 1));
    const drawn = await nearestInterpolation(codes, 1, 1).draw(500, new Random(2));
    for (const code of drawn) assert.ok(code % 100 <= 1, `${code}`);
    assert.equal(new Set(drawn.map((code) => Math.floor(code / 100))).size, 10);
  });

  it('takes equal codes', async () => {
    const codes = new Float32Array(40).fill(3);
    codes[39] = 4;
    const drawn = await nearestInterpolation(codes, 1, 5).draw(100, new Random(3));
    assert.ok(drawn.every((code) => code >= 3 && code <= 4));
  });
});

describe('what is drawn for a model that cannot have every code', () => {
  const options = { input: 12, hidden: [16], seed: 1 };
  const families: readonly (readonly [Model, string, (code: readonly number[]) => boolean])[] = (() => {
    const quantised = createModel('vq-vae', { ...options, latent: 4, codeSize: 2, codes: 8 });
    const categorical = createModel('categorical-vae', { ...options, latent: 12, classes: 4 });
    const spherical = createModel('hyperspherical-vae', { ...options, latent: 3 });
    const isVector = (piece: readonly number[]) => {
      const codebook = quantised.weights['quantizer.codebook']!;
      return Array.from({ length: 8 }, (_, i) => 2 * i).some(
        (at) => codebook[at] === piece[0] && codebook[at + 1] === piece[1],
      );
    };
    const pieces = (code: readonly number[], size: number) =>
      Array.from({ length: code.length / size }, (_, i) => code.slice(size * i, size * (i + 1)));
    return [
      [quantised, 'vectors of the codebook', (code) => pieces(code, 2).every(isVector)],
      [
        categorical,
        'one-hot vectors',
        (code) => pieces(code, 4).every((piece) => [...piece].sort().join() === '0,0,0,1'),
      ],
      [spherical, 'points on the sphere', (code) => Math.abs(Math.hypot(...code) - 1) < 1e-5],
    ];
  })();
  before(() =>
    Promise.all(families.map(([model]) => model.fit(data, { epochs: 5, learningRate: 0.01, batchSize: 64 }))),
  );
  after(() => Promise.all(families.map(([model]) => model.release())));

  const rows = ({ data: all, shape }: Matrix) =>
    Array.from({ length: shape[0]! }, (_, row) => [...all.subarray(row * shape[1]!, (row + 1) * shape[1]!)]);

  for (const [model, what, isPossible] of families) {
    it(`is ${what}, as codes of a ${model.family} are`, async () => {
      assert.ok(rows(await model.encode(data)).every(isPossible), 'codes of data');
      for (const type of ['gmm', 'knn'] as const) {
        const source = await sampler(model, data, { type });
        const codes = await source.codes(100, { seed: 2 });
        assert.ok(rows(codes).every(isPossible), `${type}: ${rows(codes)[0]}`);
        assert.deepEqual(await source.sample(100, { seed: 2 }), await model.decode(codes));
      }
    });

    it(`and what ${model.family} decodes is that of ${what}, whatever it is given`, async () => {
      const given = new Float32Array(20 * model.latent).map((_, i) => Math.sin(i));
      const shape = [20, model.latent];
      const possible = await nearestCodes(model, given);
      assert.ok(rows(possible).every(isPossible));
      const decoded = await model.decode({ data: given, shape });
      (await model.decode(possible)).data.forEach((value, i) => {
        assert.ok(Math.abs(value - decoded.data[i]!) < 1e-6);
      });
    });
  }
});
