import { NumberSummary, quantile } from './profile.js';

/** A value this many times as far from the median as others usually are is wild. */
const farthest = 1000;

/** Statistics by which numbers are scaled. */
type Usual = Pick<NumberSummary, 'min' | 'max' | 'mean' | 'deviation'>;

/**
 * What is usual of numbers some of which are wild: one value of 1e300 would make a mean and a deviation in which all
 * others are the same. `null` where none is wild: then the statistics of all of them are right.
 *
 * How far others usually are is the median distance from the median, of those that do not equal it: a column may hold
 * little but zeros.
 */
export function usualNumbers(
  summary: NumberSummary,
  say: (note: string) => void,
  text: (value: number) => string = String,
): Usual | null {
  const sorted = summary.sorted();
  const middle = quantile(sorted, 0.5);
  const distances = sorted.map((value) => Math.abs(value - middle)).filter((distance) => distance > 0);
  if (distances.length === 0) return null;
  const reach = farthest * quantile(distances.sort(), 0.5);
  const [low, high] = [middle - reach, middle + reach];
  if (summary.min >= low && summary.max <= high) return null;
  const usual = new NumberSummary();
  for (const value of sorted) if (value >= low && value <= high) usual.add(value);
  if (usual.min === usual.max) return null;
  const wildest = summary.max > high ? summary.max : summary.min;
  say(`values as far from the others as ${text(wildest)} are kept, but do not count for its scale`);
  return usual;
}
