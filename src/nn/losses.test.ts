import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Expr, gradient, input, mean, sum } from '../graph/index.js';
import { evaluate } from '../testing/evaluate.js';
import { assertClose, inputsLike, readFixture, type StoredTensor, valuesOf } from '../testing/fixtures.js';
import { klToStandardNormal, type LossName, losses, sumFeatures } from './losses.js';

interface LossCase {
  readonly name: string;
  readonly options: { readonly delta?: number; readonly extreme?: boolean };
  readonly prediction: StoredTensor;
  readonly target: StoredTensor;
  readonly elementwise: StoredTensor;
  readonly reductions: Readonly<Record<string, { readonly value: number; readonly gradient: StoredTensor }>>;
}

const fixture = readFixture<{
  losses: LossCase[];
  kl: {
    mean: StoredTensor;
    logVar: StoredTensor;
    perSample: StoredTensor;
    gradients: { mean: StoredTensor; logVar: StoredTensor };
  };
}>('layers');

const names: Readonly<Record<string, LossName>> = {
  mse: 'mse',
  mae: 'mae',
  huber: 'huber',
  bceWithLogits: 'bce',
};
const reductions: Readonly<Record<string, (x: Expr) => Expr>> = {
  mean: (x) => mean(x),
  sum: (x) => sum(x),
  sumFeaturesMeanBatch: (x) => mean(sumFeatures(x)),
};

describe("losses against PyTorch's numbers", () => {
  // Huber's loss is offered with delta 1 alone.
  const offered = fixture.losses.filter(({ options }) => options.delta === undefined || options.delta === 1);

  for (const { name, options, prediction, target, elementwise, reductions: expected } of offered) {
    it(`${name} ${JSON.stringify(options)}: values and gradients in every reduction`, async () => {
      const stored = { prediction, target };
      const inputs = inputsLike(stored);
      const each = losses[names[name]!](inputs.target, inputs.prediction);
      assert.deepEqual(each.shape, elementwise.shape);
      const outputs: Record<string, Expr> = { each };
      for (const [reduction, reduce] of Object.entries(reductions)) {
        outputs[reduction] = reduce(each);
        outputs[`${reduction}'`] = gradient(reduce(each), [inputs.prediction])[0]!;
      }
      const found = await evaluate(outputs, valuesOf(stored));
      assertClose(found.each!, elementwise.data, 1e-6, 'elementwise');
      for (const [reduction, { value, gradient: slope }] of Object.entries(expected)) {
        assertClose(found[reduction]!, [value], 1e-6, reduction);
        assertClose(found[`${reduction}'`]!, slope.data, 1e-6, `gradient of ${reduction}`);
      }
    });
  }

  it('every loss has its case', () => {
    const tested = new Set(offered.map(({ name }) => names[name]));
    assert.deepEqual(
      Object.keys(losses).filter((name) => !tested.has(name as LossName)),
      [],
    );
  });

  it('cross-entropy from logits is finite at logits of ±1e4 for every target, and its gradient is right', async () => {
    const [target, logits] = [input('target', [6]), input('logits', [6])];
    const each = losses.bce(target, logits);
    const [slope] = gradient(sum(each), [logits]);
    const found = await evaluate(
      { each, slope: slope! },
      {
        target: Float32Array.of(0, 0.25, 1, 0, 0.25, 1),
        logits: Float32Array.of(1e4, 1e4, 1e4, -1e4, -1e4, -1e4),
      },
    );
    assertClose(found.each, [1e4, 7500, 0, 0, 2500, 1e4], 1e-6, 'value');
    assertClose(found.slope, [1, 0.75, 0, 0, -0.25, -1], 1e-6, 'gradient');
  });

  it('sumFeatures sums everything but the batch, of any rank', async () => {
    const [flat, image] = [input('flat', [2]), input('image', [2, 2, 2])];
    const found = await evaluate(
      { flat: sumFeatures(flat), image: sumFeatures(image) },
      { flat: Float32Array.of(1, 2), image: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
    );
    assert.deepEqual(found, { flat: [1, 2], image: [10, 26] });
  });
});

describe('KL to the standard normal', () => {
  const { mean: center, logVar, perSample, gradients } = fixture.kl;

  it("agrees with PyTorch's distributions for each sample, gradients too", async () => {
    const stored = { center, logVar };
    const inputs = inputsLike(stored);
    const kl = klToStandardNormal(inputs.center, inputs.logVar);
    const [dMean, dLogVar] = gradient(sum(kl), [inputs.center, inputs.logVar]);
    const found = await evaluate({ kl, dMean: dMean!, dLogVar: dLogVar! }, valuesOf(stored));
    assert.deepEqual(kl.shape, perSample.shape);
    assertClose(found.kl, perSample.data, 1e-6, 'KL');
    assertClose(found.dMean, gradients.mean.data, 1e-6, 'gradient of the mean');
    assertClose(found.dLogVar, gradients.logVar.data, 1e-6, 'gradient of logVar');
  });

  it('is 0 for the standard normal itself and rises in every direction', async () => {
    const [m, v] = [input('m', [5, 1]), input('v', [5, 1])];
    const { kl } = await evaluate(
      { kl: klToStandardNormal(m, v) },
      { m: Float32Array.of(0, 0.1, -0.1, 0, 0), v: Float32Array.of(0, 0, 0, 0.1, -0.1) },
    );
    assert.equal(kl[0], 0);
    assert.ok(kl.slice(1).every((value) => value > 1e-3));
  });

  // Above a logVar of 88 the variance itself, and so the divergence, is no longer a float32.
  it('is finite and right at means of ±1e4 and log variances from -1e4 to 80', async () => {
    const [m, v] = [input('m', [4, 1]), input('v', [4, 1])];
    const kl = klToStandardNormal(m, v);
    const [dm, dv] = gradient(sum(kl), [m, v]);
    const values = { m: Float32Array.of(1e4, -1e4, 0, 0), v: Float32Array.of(0, 0, -1e4, 80) };
    const found = await evaluate({ kl, dm: dm!, dv: dv! }, values);
    assertClose(found.kl, [5e7, 5e7, 4999.5, (Math.exp(80) - 81) / 2], 1e-5, 'KL');
    assertClose(found.dm, [1e4, -1e4, 0, 0], 1e-6, 'gradient of the mean');
    assertClose(found.dv, [0, 0, -0.5, (Math.exp(80) - 1) / 2], 1e-5, 'gradient of logVar');
  });
});
