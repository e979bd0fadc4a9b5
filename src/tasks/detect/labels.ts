import type { Cell } from '../../data/table/table.js';
import { cellText, isMissing } from '../../table/values.js';

const anomalous = /^(1|1\.0|true|yes|y|anomaly|anomalous|outlier|attack|fraud|abnormal|odd)$/i;
const normal = /^(0|0\.0|false|no|n|normal|inlier|ok|benign)$/i;

/** The label of a row of which nothing is known. */
export const unlabelled = -1;

/**
 * Which rows a column of labels calls anomalies: 1, `true`, `yes`, `anomaly` and the like do; of two other values the
 * rarer one does.
 * @returns 1 for anomalies, 0 for other rows, `unlabelled` for those whose label is missing; `null` when there is but one class, or more than two that say nothing by themselves
 */
export function anomalyLabels(cells: readonly Cell[]): { labels: Int8Array; positive: string } | null {
  const counts = new Map<string, number>();
  const texts = cells.map((cell) => {
    if (isMissing(cell)) return null;
    const text = cellText(cell);
    counts.set(text, (counts.get(text) ?? 0) + 1);
    return text;
  });
  const values = [...counts.keys()];
  if (values.length < 2) return null;
  const named = values.filter((value) => anomalous.test(value));
  const spoken = values.every((value) => anomalous.test(value) || normal.test(value));
  if (!spoken && values.length > 2) return null;
  const byCount = [...counts].sort(([, a], [, b]) => a - b);
  const positive = spoken ? named : [byCount[0]![0]];
  const chosen = new Set(positive);
  return {
    labels: Int8Array.from(texts, (text) => (text === null ? unlabelled : Number(chosen.has(text)))),
    positive: positive.join(', '),
  };
}
