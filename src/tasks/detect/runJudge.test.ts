import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { nodePlatform } from '../../estimator/nodePlatform.js';
import { type TableModel, tableModel } from '../../index.js';
import { assertClose } from '../../testing/fixtures.js';
import { RunJudge, type RunScore } from './runJudge.js';

type Row = { size: number | null; weight: number | null; colour: string | null };
const table: Row[] = Array.from({ length: 200 }, (_, i) => ({
  size: i === 50 ? null : Math.sin(i) + 5,
  weight: 2 * Math.sin(i) + 0.1 * Math.cos(7 * i),
  colour: Math.sin(i) > 0 ? 'red' : 'blue',
}));
let model: TableModel;

before(async () => {
  model = tableModel({ hidden: [16], latent: 2 });
  await model.fit(table, { epochs: 20, batchSize: 32, learningRate: 0.005 });
});

async function scoresOf(rows: readonly Row[], score: RunScore): Promise<number[]> {
  const judge = new RunJudge(nodePlatform, model.model, score);
  const standard = { ...(await judge.calibrate(rows)), threshold: 0 };
  const scores: number[] = [];
  for await (const { detections } of judge.detectChunks(rows, standard)) {
    for (const found of detections) scores.push(found.score);
  }
  await judge.release();
  return scores;
}

describe('a judge by the bound', () => {
  it('ranks a row among all that are judged, however many', async () => {
    const many = Array.from({ length: 9000 }, (_, i) => table[i % table.length]!);
    const judge = new RunJudge(nodePlatform, model.model);
    const { calibration } = await judge.calibrate(many);
    assert.equal(calibration.scores.length, many.length);
    assert.ok(calibration.scores.every((score, i, all) => i === 0 || score >= all[i - 1]!));
    await judge.release();
  });
});

describe('a judge by likelihood', () => {
  it('scores a whole row by -log p(x) less what every whole row has of constants', async () => {
    const whole = table.filter(({ size }) => size !== null);
    const scores = await scoresOf(whole, 'likelihood');
    const likelihoods = await model.logLikelihood(whole, { samples: 100 });
    const constants = scores.map((score, row) => -likelihoods[row]! - score);
    const variances = Array.from(model.model.weights['likelihood.variance']!);
    const expected = variances.reduce((total, v) => total + 0.5 * Math.log(2 * Math.PI * v), 0);
    const mean = constants.reduce((a, b) => a + b, 0) / constants.length;
    // Both are estimates, by draws of their own: over eight models the means were at most 0.054 apart.
    assert.ok(Math.abs(mean - expected) < 0.1, `${mean} and ${expected}`);
  });

  it('gives equal rows equal scores, wherever they stand, with each score', async () => {
    for (const score of ['elbo', 'likelihood'] as const) {
      const scores = await scoresOf(table, score);
      assertClose(await scoresOf([...table].reverse(), score), scores.reverse(), 1e-5, score);
    }
  });

  it('finds what is odd', async () => {
    const odd = [...table, { size: 6, weight: -2, colour: 'red' }];
    const [bound, estimate] = [await scoresOf(odd, 'elbo'), await scoresOf(odd, 'likelihood')];
    for (const scores of [bound, estimate]) assert.equal(Math.max(...scores), scores.at(-1));
  });

  it('does not take a row for odd because something is missing, nor for usual', async () => {
    const gap = (row: number, score: number[]) => score.filter((other) => other < score[row]!).length / 200;
    const scores = await scoresOf(table, 'likelihood');
    assert.ok(gap(50, scores) < 0.98 && gap(50, scores) > 0.02, `rank ${gap(50, scores)}`);
  });

  it('needs a model that has a likelihood', async () => {
    const plain = tableModel({ model: 'autoencoder', hidden: [8], latent: 2 });
    await plain.fit(table, { epochs: 1 });
    assert.throws(() => new RunJudge(nodePlatform, plain.model, 'likelihood'), /variational models do/);
    await assert.rejects(plain.logLikelihood(table), /only variational models have a likelihood/);
  });
});
