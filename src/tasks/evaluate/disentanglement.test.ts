import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Factors } from '../../data/dataset.js';
import { slice } from '../../data/dataset.js';
import { shapes } from '../../data/shapes.js';
import { autoencoder } from '../../index.js';
import { normal } from '../../random/normal.js';
import { Random } from '../../random/random.js';
import { readFixture } from '../../testing/fixtures.js';
import { type Dci, dci, fromImportances } from './dci.js';
import { type Disentanglement, disentanglement, disentanglementOf } from './disentanglement.js';
import type { FactoredCodes } from './factored.js';
import { mig, sap } from './gaps.js';
import { betaVaeScore, factorVaeScore } from './interventions.js';

const some = slice(shapes(), 0, 2500);
const { factors } = some;
const width = factors!.names.length;

/** Codes of `shapes` by a formula of its factors, each at mean 0 and deviation 1, with noise of deviation 0.02. */
function codesBy(
  latent: number,
  of: (z: readonly number[], random: Random) => readonly number[],
): FactoredCodes {
  const random = new Random(2);
  const count = factors!.values.length / width;
  const codes = new Float32Array(count * latent);
  for (let i = 0; i < count; i++) {
    const standard = factors!.sizes.map(
      (size, k) => (factors!.values[i * width + k]! - (size - 1) / 2) / Math.sqrt((size * size - 1) / 12),
    );
    of(standard, random).forEach((value, k) => {
      codes[i * latent + k] = value + 0.02 * normal(random);
    });
  }
  return { codes, latent, factors: factors! };
}

let perfect: Disentanglement;
let rotated: Disentanglement;
let random: Disentanglement;

describe('measures of disentanglement', () => {
  before(() => {
    // In another order, of another sign and scale, and with two latents that hold nothing.
    perfect = disentanglement(codesBy(7, (z) => [0, -z[4]!, 2 * z[0]!, z[1]!, 0, 0.5 * z[3]!, z[2]!]));
    const turn = (a: number, b: number) => [Math.SQRT1_2 * (a + b), Math.SQRT1_2 * (a - b)];
    rotated = disentanglement(codesBy(5, (z) => [...turn(z[0]!, z[1]!), ...turn(z[2]!, z[3]!), z[4]!]));
    random = disentanglement(codesBy(5, (_, stream) => Array.from({ length: 5 }, () => normal(stream))));
  });

  it('are near 1 for codes that are the factors', () => {
    for (const value of [perfect.mig, perfect.sap, ...Object.values(perfect.dci as object)])
      assert.ok(value > 0.95, JSON.stringify(perfect));
    assert.ok(perfect.betaVaeScore > 0.99 && perfect.factorVaeScore > 0.99, JSON.stringify(perfect));
  });

  it('are near 0, or near chance, for codes that know nothing', () => {
    for (const value of [random.mig, random.sap, ...Object.values(random.dci as object)])
      assert.ok(value < 0.05, JSON.stringify(random));
    // One of five factors; four deviations of 500 answers.
    for (const value of [random.betaVaeScore, random.factorVaeScore])
      assert.ok(Math.abs(value - 0.2) < 4 * Math.sqrt(0.16 / 500), JSON.stringify(random));
  });

  it('are in between for codes that mix two factors, which still tell everything', () => {
    for (const value of [rotated.mig, rotated.sap, rotated.dci.disentanglement, rotated.dci.completeness])
      assert.ok(value > 0.15 && value < 0.75, JSON.stringify(rotated));
    assert.ok(rotated.dci.informativeness > 0.9, JSON.stringify(rotated));
  });

  it('are the same at every call with a seed', () => {
    const codes = codesBy(3, (z) => [z[0]! + z[1]!, z[2]!, z[3]!]);
    assert.deepEqual(dci(codes, { seed: 3 }), dci(codes, { seed: 3 }));
    assert.equal(betaVaeScore(codes, { seed: 3 }), betaVaeScore(codes, { seed: 3 }));
    assert.notEqual(factorVaeScore(codes, { seed: 3 }), factorVaeScore(codes, { seed: 4 }));
  });

  it('take codes of one number', () => {
    const one = disentanglement(codesBy(1, (z) => [z[3]!]));
    assert.ok(one.mig > 0.15 && one.mig < 0.25 && one.sap > 0.15 && one.sap < 0.25, JSON.stringify(one));
    assert.ok(Math.abs(one.dci.completeness - 1) < 1e-9);
  });

  it('of importances by hand', () => {
    const rows = [Float64Array.of(1, 0), Float64Array.of(0.5, 0.5)];
    // Latent 1 has importances 1 and 0.5, three quarters of all; latent 2 only the second factor's.
    const mixed = -(2 / 3) * Math.log2(2 / 3) - (1 / 3) * Math.log2(1 / 3);
    const { disentanglement: d, completeness } = fromImportances(rows);
    assert.ok(Math.abs(d - (0.75 * (1 - mixed) + 0.25)) < 1e-12, `${d}`);
    assert.ok(Math.abs(completeness - 0.5) < 1e-12);
  });

  it('are measured on a model, and need factors', async () => {
    const model = autoencoder({ input: [32, 32], latent: 3 });
    const few = slice(some, 0, 1000);
    await model.fit(few, { epochs: 1 });
    const found = await disentanglementOf(model, few);
    assert.ok(found.dci.informativeness > 0 && found.mig >= 0);
    const { factors: _, ...without } = few;
    await assert.rejects(disentanglementOf(model, without), /the data set shapes has them/);
    const same = { ...few.factors!, values: few.factors!.values.map((v, i) => (i % width === 1 ? 2 : v)) };
    await assert.rejects(
      disentanglementOf(model, { ...few, factors: same }),
      /the factor "scale" has the same value in all 1000 samples/,
    );
  });
});

describe('measures of disentanglement against NumPy and scikit-learn', () => {
  const { cases, ...known } = readFixture<{
    readonly sizes: number[];
    readonly categorical: boolean[];
    readonly factors: number[];
    readonly cases: readonly {
      readonly name: string;
      readonly latent: number;
      readonly codes: number[];
      readonly mig: number;
      readonly sap: number;
      readonly dci: Dci;
      readonly betaVaeScore: number;
      readonly factorVaeScore: number;
    }[];
  }>('disentanglement');
  const given: Factors = { ...known, names: ['a', 'b', 'c'], values: Int32Array.from(known.factors) };
  const near = (found: number, expected: number, margin: number, what: string) =>
    assert.ok(Math.abs(found - expected) < margin, `${what}: ${found}, expected ${expected}`);

  for (const { name, latent, codes: numbers, ...expected } of cases) {
    const codes = { codes: Float32Array.from(numbers), latent, factors: given };
    it(`${name}: mig and sap are equal`, () => {
      near(mig(codes), expected.mig, 1e-6, 'mig');
      near(sap(codes), expected.sap, 1e-6, 'sap');
    });

    it(`${name}: those with draws agree within their noise`, () => {
      const found = dci(codes);
      // Over eight seeds at most 0.073, 0.072, 0.079, 0.054 and 0.096 apart.
      near(found.disentanglement, expected.dci.disentanglement, 0.1, 'disentanglement');
      near(found.completeness, expected.dci.completeness, 0.1, 'completeness');
      near(found.informativeness, expected.dci.informativeness, 0.1, 'informativeness');
      near(betaVaeScore(codes), expected.betaVaeScore, 0.12, 'beta-VAE score');
      near(factorVaeScore(codes), expected.factorVaeScore, 0.12, 'FactorVAE score');
    });
  }
});
