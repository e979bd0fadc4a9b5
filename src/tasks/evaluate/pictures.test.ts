import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import sharp from 'sharp';
import { slice } from '../../data/dataset.js';
import { shapes } from '../../data/shapes.js';
import { nodePlatform } from '../../estimator/nodePlatform.js';
import { autoencoder, mnist, sampler, type VariationalModel, vae } from '../../index.js';
import { readFixture } from '../../testing/fixtures.js';
import { FeatureClassifier, featureCount } from './classifier.js';
import { frechetDistance, generationQuality } from './frechet.js';
import { compressionFigures, pictureShape, reconstructionSsim } from './pictures.js';
import { ssim } from './ssim.js';
import { momentsOf } from './symmetric.js';

const fixture = readFixture<{
  readonly ssim: readonly {
    readonly height: number;
    readonly width: number;
    readonly channels: number;
    readonly first: number[];
    readonly second: number[];
    readonly ssim: number;
  }[];
  readonly frechet: {
    readonly width: number;
    readonly first: number[];
    readonly second: number[];
    readonly distance: number;
  };
}>('pictures');
const digits = slice(await mnist('test'), 0, 2000);
const near = (found: number, expected: number, margin: number) =>
  assert.ok(Math.abs(found - expected) < margin, `${found}, expected ${expected}`);

describe('structural similarity', () => {
  for (const { first, second, ssim: expected, ...shape } of fixture.ssim) {
    it(`is SciPy's for two pictures of ${Object.values(shape).join(' × ')}`, () => {
      near(ssim(first, second, shape, 255), expected, 1e-9);
      near(ssim(first, first, shape, 255), 1, 1e-12);
      // The same in other units.
      near(
        ssim(
          first.map((v) => v / 255),
          second.map((v) => v / 255),
          shape,
          1,
        ),
        expected,
        1e-9,
      );
    });
  }

  it('is measured on reconstructions of pictures, and of nothing else', async () => {
    const model = autoencoder({ input: [28, 28], hidden: [64], latent: 16 });
    const after = async (epochs: number) => {
      await model.fit(digits, { epochs, batchSize: 32, learningRate: 0.002 });
      return (await reconstructionSsim(model, digits))!;
    };
    const [early, late] = [await after(1), await after(8)];
    assert.ok(late > 0.5 && late > early + 0.1 && late < 1, `${early} and ${late}`);
    assert.equal(await reconstructionSsim(autoencoder({ input: 4, latent: 1 }), [[1, 2, 3, 4]]), undefined);
    const floats = { data: Float32Array.from(digits.data, (v) => v - 100), shape: digits.shape };
    const shifted = autoencoder({ input: [28, 28], hidden: [64], latent: 16, output: 'linear' });
    await shifted.fit(floats, { epochs: 1 });
    const { data: back } = await shifted.reconstruct(floats);
    const plane = { height: 28, width: 28, channels: 1 };
    near((await reconstructionSsim(shifted, floats))!, ssim(floats.data, back, plane, 255), 1e-9);
    assert.deepEqual(pictureShape([8, 9, 3]), { height: 8, width: 9, channels: 3 });
    assert.equal(pictureShape([8, 9, 2]), null);
    assert.equal(pictureShape([784]), null);
  });
});

describe('pictures with their channels first', () => {
  it('are measured as those with their channels last', async () => {
    const [area, size] = [16 * 18, 3 * 16 * 18];
    const data = Uint8Array.from({ length: 6 * size }, (_, i) => 127 + 120 * Math.sin(i * i));
    const lastOf = (values: ArrayLike<number>) =>
      Array.from({ length: values.length }, (_, i) => {
        const [sample, at] = [Math.floor(i / size), i % size];
        return values[sample * size + (at % 3) * area + Math.floor(at / 3)]!;
      });
    const dataFormat = 'channelsFirst';
    const model = autoencoder({ input: [3, 16, 18], channels: [2], latent: 4, dataFormat });
    const given = { data, shape: [6, 3, 16, 18] };
    await model.fit(given, { epochs: 1 });
    const { data: back } = await model.reconstruct(given);
    const plane = { height: 16, width: 18, channels: 3 };
    assert.deepEqual(pictureShape([3, 16, 18], model.config), { ...plane, planes: true });
    near((await reconstructionSsim(model, given))!, ssim(lastOf(data), lastOf(back), plane, 255), 1e-9);
    const { pngBytes } = await compressionFigures(model, {
      data: data.subarray(0, size),
      shape: [1, 3, 16, 18],
    });
    const raw = { width: 18, height: 16, channels: 3 } as const;
    const pixels = Uint8Array.from(lastOf(data.subarray(0, size)));
    assert.equal(pngBytes, (await sharp(pixels, { raw }).png({ compressionLevel: 9 }).toBuffer()).length);
  });
});

describe('the Fréchet distance', () => {
  const { width, first, second, distance } = fixture.frechet;

  it("of two sets of rows is SciPy's, and 0 of a set and itself", () => {
    const [a, b] = [momentsOf(first, width), momentsOf(second, width)];
    near(frechetDistance(a, b), distance, 1e-6 * distance);
    near(frechetDistance(b, a), distance, 1e-6 * distance);
    near(frechetDistance(a, a), 0, 1e-6);
  });

  it('of normal distributions without correlations is known', () => {
    const moments = (mean: number[], variances: number[]) => ({
      mean: Float64Array.from(mean),
      covariance: Float64Array.of(variances[0]!, 0, 0, variances[1]!),
    });
    near(frechetDistance(moments([0, 0], [4, 1]), moments([3, 0], [1, 1])), 9 + 1, 1e-9);
    near(frechetDistance(moments([0, 0], [0, 1]), moments([0, 0], [4, 0])), 5, 1e-9);
  });
});

describe('the quality of new samples', () => {
  let model: VariationalModel;
  before(async () => {
    model = vae({ input: [28, 28], hidden: [128], latent: 8 });
    await model.fit(digits, { epochs: 15, batchSize: 64, learningRate: 0.002 });
  });

  it('is better for a trained model than for one of one epoch, and best for data', async () => {
    const hasty = vae({ input: [28, 28], hidden: [128], latent: 8 });
    await hasty.fit(digits, { epochs: 1 });
    const [good, bad] = [
      await generationQuality(nodePlatform, model, digits),
      await generationQuality(nodePlatform, hasty, digits),
    ];
    assert.equal(good.samples, 666);
    assert.ok(good.betweenData === bad.betweenData && good.betweenData > 0);
    assert.ok(bad.frechetDistance > 2 * good.frechetDistance, JSON.stringify([good, bad]));
    assert.ok(good.frechetDistance > 2 * good.betweenData, JSON.stringify(good));
    assert.deepEqual(await generationQuality(nodePlatform, model, digits), good);
  });

  it('is measured of what a sampler draws too', async () => {
    const mixture = await sampler(model, digits, { type: 'gmm', components: 10 });
    const { frechetDistance: ofMixture } = await generationQuality(nodePlatform, mixture, digits);
    const { frechetDistance: ofPrior } = await generationQuality(nodePlatform, model, digits);
    assert.ok(ofMixture < ofPrior, `${ofMixture}, ${ofPrior}`);
  });

  it('needs labels, and samples enough of the right size', async () => {
    const { labels, ...bare } = digits;
    await assert.rejects(generationQuality(nodePlatform, model, bare), /there are no labels/);
    await assert.rejects(
      generationQuality(nodePlatform, model, { ...bare, labels: labels!.map(() => 3) }),
      /all samples have the same label/,
    );
    await assert.rejects(
      generationQuality(nodePlatform, model, slice(digits, 0, 100)),
      /384 samples or more are needed/,
    );
    await assert.rejects(generationQuality(nodePlatform, model, shapes()), /has 1024 values, .* gives 784/);
  });

  it('is measured by features that tell classes apart', async () => {
    const classifier = await FeatureClassifier.train(nodePlatform, digits);
    const features = await classifier.features(slice(digits, 0, 500).data);
    await classifier.release();
    const labels = digits.labels!;
    const distance = (a: number, b: number) =>
      Array.from(
        { length: featureCount },
        (_, k) => (features[a * 64 + k]! - features[b * 64 + k]!) ** 2,
      ).reduce((x, y) => x + y);
    let right = 0;
    for (let i = 0; i < 500; i++) {
      let [best, least] = [-1, Number.POSITIVE_INFINITY];
      for (let j = 0; j < 500; j++) {
        if (j === i || distance(i, j) >= least) continue;
        [best, least] = [j, distance(i, j)];
      }
      if (labels[best] === labels[i]) right++;
    }
    assert.ok(right > 450, `${right} of 500 have a nearest neighbour of their class`);
  });
});

describe('the size of codes', () => {
  it('is a byte a number, against the files that sharp writes', async () => {
    const model = autoencoder({ input: [28, 28], latent: 8 });
    await model.fit(digits, { epochs: 2 });
    const one = slice(digits, 7, 8);
    const file = await sharp(one.data, { raw: { width: 28, height: 28, channels: 1 } })
      .toColourspace('b-w')
      .png({ compressionLevel: 9 })
      .toBuffer();
    assert.equal((await sharp(file).metadata()).channels, 1);
    const pixels = await sharp(file).toColourspace('b-w').raw().toBuffer();
    assert.deepEqual(Uint8Array.from(pixels), Uint8Array.from(one.data));
    const found = await compressionFigures(model, one);
    assert.deepEqual(
      [found.codeBytes, found.pngBytes, found.ratio, found.samples],
      [8, file.length, file.length / 8, 1],
    );
    const many = await compressionFigures(model, digits);
    assert.equal(many.samples, 1000);
    assert.ok(many.pngBytes > 200 && many.pngBytes < 300, `${many.pngBytes}`);
    const { psnr } = await model.evaluate(slice(digits, 0, 1000));
    // 256 steps lose next to nothing.
    assert.ok(many.psnr < psnr + 0.01 && many.psnr > psnr - 0.1, `${many.psnr} and ${psnr}`);
  });

  it('is compared with nothing where there are no pictures', async () => {
    await assert.rejects(
      compressionFigures(autoencoder({ input: 4, latent: 1 }), [[1, 2, 3, 4]]),
      /samples of shape \[4\] are no pictures/,
    );
  });
});
