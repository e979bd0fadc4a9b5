import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { detectionFigures } from './figures.js';
import { anomalyLabels } from './labels.js';
import { fitWhitening, robustSpread, smallPart, squaredDistance } from './linear.js';

describe('figures of detection', () => {
  it('are those of scikit-learn', () => {
    const scores = [0.1, 0.4, 0.35, 0.8, 0.4, 0.9, 0.2];
    const labels = [0, 0, 1, 1, 1, 0, 0];
    // roc_auc_score and average_precision_score of scikit-learn 1.9.1.
    const found = detectionFigures(scores, labels)!;
    assert.ok(Math.abs(found.auroc - 0.625) < 1e-12, String(found.auroc));
    assert.ok(Math.abs(found.averagePrecision - 0.5333333333333333) < 1e-12, String(found.averagePrecision));
  });

  it('are one half for scores that are all the same, and null for one class', () => {
    assert.equal(detectionFigures([1, 1, 1, 1], [0, 1, 0, 1])!.auroc, 0.5);
    assert.equal(detectionFigures([1, 2], [0, 0]), null);
  });
});

describe('labels of anomalies', () => {
  it('are read in the ways in which people write them', () => {
    assert.deepEqual([...anomalyLabels(['1', '0', '0'])!.labels], [1, 0, 0]);
    assert.deepEqual([...anomalyLabels([true, false, null])!.labels], [1, 0, -1]);
    assert.deepEqual([...anomalyLabels(['ok', 'bad', 'ok'])!.labels], [0, 1, 0]);
    assert.deepEqual([...anomalyLabels(['0', '', '1', 'NA'])!.labels], [0, -1, 1, -1]);
    assert.equal(anomalyLabels(['1', '1']), null);
    assert.equal(anomalyLabels(['1', null]), null);
    assert.equal(anomalyLabels(['a', 'b', 'c']), null);
  });
});

describe('a whitening', () => {
  it('makes distances free of scale and correlation', () => {
    const rows = Float32Array.from({ length: 400 }, (_, i) =>
      i % 2 === 0 ? 100 * Math.sin(i) : Math.cos(3 * i) + Math.sin(i - 1),
    );
    const whitening = fitWhitening(rows, 2, 0);
    let total = 0;
    for (let i = 0; i < 200; i++) total += squaredDistance(rows.subarray(2 * i, 2 * i + 2), whitening);
    // The mean squared distance is the number of dimensions.
    assert.ok(Math.abs(total / 200 - 2) < 1e-3, String(total / 200));
  });

  it('stays finite where nothing varies', () => {
    const whitening = fitWhitening(new Float32Array(20), 2);
    assert.ok(Number.isFinite(squaredDistance(Float32Array.of(1, 1), whitening)));
  });

  it('has a robust spread beside it that outliers do not move', () => {
    const { center, scale } = robustSpread(Float64Array.of(1, 2, 3, 4, 1e9));
    assert.equal(center, 3);
    assert.ok(Math.abs(scale - 1.4826) < 1e-9);
  });

  it('has a spread of the size of the differences there are, where most numbers are alike', () => {
    for (const [alike, least, most] of [
      [60, 0.1, 1],
      [90, 0.01, 0.5],
      [97, 0.01, 0.5],
    ] as const) {
      const values = Float64Array.from({ length: 100 }, (_, i) => (i < alike ? 5 : 5 + (i % 3)));
      const { center, scale } = robustSpread(values);
      assert.equal(center, 5);
      assert.ok(scale > least && scale < most, `${alike}: ${scale}`);
    }
    assert.equal(robustSpread(new Float64Array(10).fill(2)).scale, 1e-6);
  });

  it('adds to numbers a small part of what they usually are at most', () => {
    const values = Float64Array.from({ length: 101 }, (_, i) => i);
    assert.ok(Math.abs(smallPart(values) - 0.03 * 90) < 1e-9);
    assert.ok(smallPart(Float64Array.from({ length: 101 }, (_, i) => (i > 97 ? 4 : 0))) > 0.1);
    assert.equal(smallPart(new Float64Array(5)), 1e-6);
  });
});
