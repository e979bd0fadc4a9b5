/** What Chart.js calls for the label of every tick. */
export type TickText = (
  value: number | string,
  index: number,
  ticks: readonly { readonly value: number }[],
) => string;

/** Smaller numbers are written as 5e−5. */
const smallestPlain = 1e-4;

/** On a linear axis all labels have one form, and the decimals of the one that needs most: 0.010 beside 0.012. */
export const linearTick: TickText = (value, _, ticks) => {
  const values = ticks.map((tick) => tick.value);
  if (Math.max(...values.map(Math.abs)) < smallestPlain) return exponential(Number(value), 4);
  return plain(Number(value), Math.max(...values.map(decimals)));
};

/** On a logarithmic axis every label stands for itself. */
export const logarithmicTick: TickText = (value) =>
  Number(value) < smallestPlain
    ? exponential(Number(value), 4)
    : plain(Number(value), decimals(Number(value)));

/** A number with at most so many significant digits, and a real minus sign. */
export function short(value: number, digits: number): string {
  if (value !== 0 && Math.abs(value) < smallestPlain) return exponential(value, digits);
  return String(Number(value.toPrecision(digits))).replaceAll('-', '−');
}

function exponential(value: number, digits: number): string {
  if (value === 0) return '0';
  return Number(value.toPrecision(digits)).toExponential().replaceAll('-', '−');
}

function plain(value: number, digits: number): string {
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return value.toLocaleString('en-US', format).replace('-', '−');
}

function decimals(value: number): number {
  return (String(Number(value.toFixed(8))).split('.')[1] ?? '').length;
}

/** Round numbers within a range: about so many, rising. */
export function roundTicks(low: number, high: number, about: number): number[] {
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9))!;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}
