import { robustSpread } from './linear.js';

/** Scores of rows that none of the judging networks had learned from, sorted: what is normal. */
export class Calibration {
  /** @param scores sorted, rising */
  constructor(readonly scores: Float64Array) {}

  static of(scores: Float32Array | Float64Array): Calibration {
    return new Calibration(Float64Array.from(scores).sort());
  }

  /**
   * The share of held-out rows that are at least as odd, counted with the row itself (a conformal p-value, Bates et al.
   * 2023): rows like those of training have a p-value below p with probability p at most.
   */
  pValue(score: number): number {
    const { scores } = this;
    let low = 0;
    let high = scores.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (scores[middle]! < score) low = middle + 1;
      else high = middle;
    }
    return (1 + scores.length - low) / (1 + scores.length);
  }

  /**
   * The score above which a row is an anomaly: so chosen that such a share of the held-out rows lies above it; for 0
   * the highest of them. `auto`: three robust deviations above the median.
   */
  threshold(contamination: number | 'auto'): number {
    const { scores } = this;
    if (contamination === 'auto') {
      const { center, scale } = robustSpread(scores);
      return center + 3 * scale;
    }
    const above = Math.floor(contamination * scores.length);
    return scores[Math.max(scores.length - 1 - above, 0)]!;
  }
}
