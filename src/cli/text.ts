import { basename, relative } from 'node:path';

/** A count with separators: `60,000`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** `1 sample`, `2,000 samples`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A figure to so many significant digits, never fewer than its whole part has: `106.9`, `0.001009`, `12,345`. */
export function figure(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(digits - 1);
  const whole = size < 1 ? 0 : Math.floor(Math.log10(size)) + 1;
  if (whole >= digits) return count(value);
  return value.toPrecision(digits);
}

/** A span of time: `80 ms`, `1.2 s`, `24 s`, `3:05`, `1:02:03`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 0.995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours === 0 ? `${minutes}:${two(rest)}` : `${hours}:${two(minutes)}:${two(rest)}`;
}

/** A size of memory or of a file: `512 bytes`, `1.6 MB`. */
export function bytes(value: number): string {
  const units = ['kB', 'MB', 'GB', 'TB', 'PB', 'EB'];
  if (value < 1000) return counted(value, 'byte');
  let [size, unit] = [value / 1000, 0];
  while (size >= 999.5 && unit < units.length - 1) [size, unit] = [size / 1000, unit + 1];
  return `${size >= 1000 ? count(size) : size.toPrecision(3)} ${units[unit]}`;
}

/** A shape: `28 × 28`. */
export function shape(lengths: readonly number[]): string {
  return lengths.length === 0 ? '1' : lengths.join(' × ');
}

/** Text of a file as it may stand on a terminal: line breaks, tabs and other control characters as in JSON. */
export function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1);
    return escaped === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : escaped;
  });
}

/** Lines of columns; each column is as wide as its widest cell. A column is set to the right by `right`. */
export function table(
  cells: readonly (readonly string[])[],
  { indent = 2, right = [] }: { readonly indent?: number; readonly right?: readonly number[] } = {},
): string {
  const rows = cells.map((row) => row.map(visible));
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (right.includes(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ');
  return rows.map((row) => `${' '.repeat(indent)}${line(row)}`.trimEnd()).join('\n');
}

/** A word of a command line, quoted where a shell would take it apart. */
export function shellWord(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line of this program that works where this one was typed. */
export function commandLine(...words: readonly string[]): string {
  return [...programWords(), ...words].map(shellWord).join(' ');
}

/** How the program was called: by its name, through npm, or as a file of a checkout. */
function programWords(): string[] {
  const script = process.argv[1] ?? 'autoencoder';
  if (process.env.npm_command !== undefined) return ['npx', 'autoencoder'];
  return basename(script) === 'main.js'
    ? ['node', relative(process.cwd(), script) || script]
    : [basename(script)];
}

/** `batchSize` as `batch size`. */
export function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
