/** How well scores tell rows that are labelled as anomalies from the others. */
export interface DetectionFigures {
  /** The area under the ROC curve: the probability that an anomaly scores higher than a normal row. */
  readonly auroc: number;
  /** Average precision: the mean precision over the recalls at which an anomaly is found. */
  readonly averagePrecision: number;
  /** The precision among the n highest scores, n the number of anomalies. */
  readonly precisionAtN: number;
  readonly anomalies: number;
  readonly rows: number;
}

/**
 * Figures of scores against labels (true: an anomaly), as scikit-learn computes them; tied scores count as one step.
 * `null` where there is but one class.
 */
export function detectionFigures(
  scores: ArrayLike<number>,
  labels: ArrayLike<number | boolean>,
): DetectionFigures | null {
  const rows = scores.length;
  const order = Array.from({ length: rows }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const anomalies = order.filter((i) => labels[i]).length;
  if (anomalies === 0 || anomalies === rows) return null;
  let found = 0;
  let seen = 0;
  let area = 0;
  let averagePrecision = 0;
  let precisionAtN = 0;
  while (seen < rows) {
    let end = seen;
    let hits = 0;
    while (end < rows && scores[order[end]!] === scores[order[seen]!]) hits += labels[order[end++]!] ? 1 : 0;
    const misses = end - seen - hits;
    area += misses * (found + hits / 2);
    if (seen < anomalies) {
      // Of tied rows the place within the n is chance: they share it.
      precisionAtN += (hits * Math.min(1, (anomalies - seen) / (end - seen))) / anomalies;
    }
    found += hits;
    averagePrecision += (hits / anomalies) * (found / end);
    seen = end;
  }
  return { auroc: area / (anomalies * (rows - anomalies)), averagePrecision, precisionAtN, anomalies, rows };
}
