import { type Expr, input } from '../graph/expr.js';
import {
  interpolate,
  labelDecode,
  labelEncode,
  missingInteger,
  phase,
  roundWhole,
  standardize,
  uninterpolate,
  unstandardize,
} from '../graph/ops/columns.js';
import {
  abs,
  add,
  cast,
  exp,
  greaterOrEqual,
  lessOrEqual,
  log1p,
  maximum,
  minimum,
  mul,
  sign,
  sin,
  sub,
  where,
} from '../graph/ops/elementwise.js';
import { concat, slice } from '../graph/ops/shaping.js';
import type { Dim, DType } from '../graph/shape.js';
import { type Column, classNames, cycles, otherClass, slotStarts } from './columns.js';
import { farthest, tail } from './scale.js';
import { missingTexts, truthTexts } from './values.js';

/** A raw column as an input or an output of an exported graph. */
export interface RawColumn {
  readonly name: string;
  readonly dtype: DType;
  /** What is given, and what is made of it where it is reconstructed. */
  readonly doc: string;
  readonly made: string;
}

/** What the exported graphs take, one input [batch, 1] a column. */
export function rawColumns(columns: readonly Column[]): RawColumn[] {
  return columns.map((column) => ({
    name: column.name,
    dtype: rawType(column),
    doc: rawDoc(column),
    made: madeDoc(column),
  }));
}

function rawType(column: Column): DType {
  if (column.type === 'number' || column.type === 'boolean') return column.raw;
  return column.type === 'date' ? 'float64' : 'string';
}

function rawDoc(column: Column): string {
  switch (column.type) {
    case 'number':
      return column.raw === 'int64'
        ? `Whole numbers; the least int64, ${missingInteger}, is a missing value.`
        : 'Numbers; NaN is a missing value.';
    case 'date':
      return 'Seconds since 1970-01-01 UTC; NaN is a missing value.';
    case 'boolean':
      return column.raw === 'float64'
        ? '0 or 1; NaN is a missing value.'
        : `${JSON.stringify(column.labels[0])} or ${JSON.stringify(column.labels[1])}; an empty text is a missing value.`;
    case 'category':
      return 'Text; an empty one is a missing value.';
  }
}

function madeDoc(column: Column): string {
  switch (column.type) {
    case 'number':
      return column.whole ? 'Numbers, rounded to whole ones as in training.' : 'Numbers.';
    case 'date':
      return 'Seconds since 1970-01-01 UTC.';
    case 'boolean':
      return column.raw === 'float64'
        ? '0 or 1.'
        : `${JSON.stringify(column.labels[0])} or ${JSON.stringify(column.labels[1])}.`;
    case 'category':
      return column.classes.length > 0
        ? 'Text: one of the values of training.'
        : `Text: ${classNames(column)[0]}, since no value of training had two rows.`;
  }
}

/** What the input of a column is called in expressions, where a weight might have the name of the column. */
const columnInput = (name: string): string => `column:${name}`;

/** The names of the columns' inputs in a file, by those in expressions: for `toOnnx`. */
export function columnInputNames(columns: readonly Column[]): ReadonlyMap<string, string> {
  return new Map(columns.map(({ name }) => [columnInput(name), name]));
}

/** The inputs of raw columns, and of them the row that a model takes, [batch, fields]: the same as `TableEncoder`. */
export function encodedRow(columns: readonly Column[], batch: Dim): Expr {
  const starts = slotStarts(columns);
  const slots: Expr[] = [];
  columns.forEach((column, k) => {
    const raw = input(columnInput(column.name), [batch, 1], rawType(column));
    columnSlots(column, raw).forEach((slot, i) => {
      slots[starts[k]! + i] = slot;
    });
  });
  return slots.length === 1 ? slots[0]! : concat(slots, 1);
}

function columnSlots(column: Column, raw: Expr): Expr[] {
  switch (column.type) {
    case 'number': {
      const { scaling } = column;
      if (scaling.type === 'quantile') return [compress(interpolate(raw, scaling.knots, scaling.scores))];
      const { center, scale } = scaling;
      return [compress(standardize(raw, typeof center === 'string' ? BigInt(center) : center, scale))];
    }
    case 'date': {
      const time = compress(standardize(raw, column.center, column.scale));
      const turns = column.cycles.flatMap((name) => {
        const angle = mul(phase(raw, cycles[name]), 2 * Math.PI);
        return [sin(angle), sin(add(angle, Math.PI / 2))];
      });
      return [time, ...turns];
    }
    case 'boolean': {
      if (column.raw === 'float64') return [cast(raw, 'float32')];
      const codes = new Map<string, number>();
      for (const [text, truth] of Object.entries(truthTexts)) addSpellings(codes, text, Number(truth));
      for (const code of [0, 1] as const) codes.set(column.labels[code], code);
      return [encodeTexts(raw, codes, Number.NaN)];
    }
    case 'category': {
      const codes = new Map(column.rare.map((name) => [name, column.classes.length]));
      for (const [code, name] of column.classes.entries()) codes.set(name, code);
      return [encodeTexts(raw, codes, otherClass(column))];
    }
  }
}

/** A text in upper and lower case and all mixtures of them. */
function addSpellings(codes: Map<string, number>, text: string, code: number): void {
  let spellings = [''];
  for (const letter of text) {
    const cases = new Set([letter, letter.toUpperCase()]);
    spellings = spellings.flatMap((begun) => [...cases].map((each) => begun + each));
  }
  for (const spelling of spellings) codes.set(spelling, code);
}

function encodeTexts(raw: Expr, known: ReadonlyMap<string, number>, other: number): Expr {
  const codes = new Map<string, number>();
  for (const text of missingTexts) addSpellings(codes, text, Number.NaN);
  for (const [text, code] of known) codes.set(text, code);
  return labelEncode(raw, [...codes.keys()], [...codes.values()], other);
}

/** As `compress` in plain numbers. */
function compress(v: Expr): Expr {
  const size = abs(v);
  const beyond = add(log1p(maximum(sub(size, tail), 0)), tail);
  // The condition is false for NaN, whose sign is NaN.
  return where(lessOrEqual(size, tail), v, mul(sign(v), beyond));
}

/** As `decompress` in plain numbers; what lies so far out that it would overflow is cut. */
function decompress(v: Expr): Expr {
  const size = abs(v);
  const excess = minimum(maximum(sub(size, tail), 0), farthest);
  return where(lessOrEqual(size, tail), v, mul(sign(v), add(sub(exp(excess), 1), tail)));
}

/**
 * The cells that a row of numbers, [batch, fields], means: one output [batch, 1] a column, in the units of the training
 * data; the same as `TableDecoder`. Dates are seconds since 1970, numbers and what is counted in numbers float64.
 */
export function decodedColumns(columns: readonly Column[], row: Expr): Record<string, Expr> {
  const starts = slotStarts(columns);
  return Object.fromEntries(
    columns.map((column, k) => [column.name, rawColumn(column, slice(row, 1, starts[k]!, starts[k]! + 1))]),
  );
}

function unscaled({ scaling, raw }: Column & { type: 'number' }, v: Expr): Expr {
  if (scaling.type === 'quantile') return uninterpolate(v, scaling.scores, scaling.knots);
  const { center, scale } = scaling;
  return unstandardize(v, typeof center === 'string' ? BigInt(center) : center, scale, raw);
}

function rawColumn(column: Column, value: Expr): Expr {
  switch (column.type) {
    case 'number': {
      const number = unscaled(column, decompress(value));
      return column.whole && column.raw === 'float64' ? roundWhole(number) : number;
    }
    case 'date':
      return unstandardize(decompress(value), column.center, column.scale, 'float64');
    case 'boolean': {
      const code = cast(greaterOrEqual(value, 0.5), 'float32');
      return column.raw === 'float64' ? cast(code, 'float64') : labelDecode(code, column.labels);
    }
    case 'category':
      return labelDecode(value, classNames(column));
  }
}
