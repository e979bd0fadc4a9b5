import { namesText, nameText, type Table } from '../data/table/table.js';
import { UserError } from '../errors.js';
import { Random } from '../random/random.js';
import type { Column, TableSchema } from './columns.js';
import {
  categoryNote,
  defaultMaxClasses,
  identifierReason,
  otherCells,
  thousandsNote,
  typeOf,
} from './columnType.js';
import { ColumnProfile, largest, type NumberSummary, numberFormat, quantile } from './profile.js';
import { dateText, parseBoolean } from './values.js';
import { usualNumbers } from './wild.js';

/** What a column can be taken for. */
export const columnTypes = ['number', 'category', 'boolean', 'date'] as const;

/** What a column can be taken for. */
export type ColumnType = (typeof columnTypes)[number];

/** How numbers are brought to a common scale. */
export const scalings = ['standard', 'robust', 'min-max', 'quantile'] as const;

/** How numbers are brought to a common scale. */
export type Scaling = (typeof scalings)[number];

/** What a user says of the columns of a table; everything else is found out from the data. */
export interface TableOptions {
  /** The only columns to learn from; all by default. */
  readonly columns?: readonly string[];
  /** Columns to leave out. */
  readonly drop?: readonly string[];
  /** Columns to take for categories whatever they hold. */
  readonly categorical?: readonly string[];
  /** Columns of a type other than the one that would be found. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** A column that is there to evaluate, and never learned from. */
  readonly label?: string;
  /** A column that names the rows, and is not learned from. */
  readonly id?: string;
  /** `standard` by default. */
  readonly scaling?: Scaling;
  /** The most classes that a category may have; values beyond the most frequent ones share one. 50 by default. */
  readonly maxClasses?: number;
}

/** The options about columns among others, those that were given. */
export function pickTableOptions(
  given: {
    readonly [Name in keyof TableOptions]?: TableOptions[Name] | undefined;
  },
): TableOptions {
  const { columns, drop, categorical, types, label, id, scaling, maxClasses } = given;
  const all = { columns, drop, categorical, types, label, id, scaling, maxClasses };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** What was found out about a table, and what about it deserves to be said. */
export interface FittedTable {
  readonly schema: TableSchema;
  readonly notes: readonly string[];
  /** Rows that were looked at. */
  readonly rows: number;
}

/** A value that fewer rows have is rare. */
const rareCount = 2;

/**
 * Reads a table once and finds out what its columns are and how their values lie.
 * @param used Which rows to learn from, by their number from 0; all by default.
 * @throws {UserError} for options that name a column that is not there, a table without rows, and one in which no
 *   column is left to learn from.
 */
export async function fitTable(
  table: Table,
  options: TableOptions = {},
  used: (row: number) => boolean = () => true,
): Promise<FittedTable> {
  checkOptions(table, options);
  const roles = new Set([options.id, options.label, ...(options.drop ?? [])]);
  const learned = table.names.map(
    (name) => !roles.has(name) && (options.columns === undefined || options.columns.includes(name)),
  );
  let profiles: (ColumnProfile | undefined)[] | undefined;
  let row = 0;
  let rows = 0;
  for await (const chunk of table.chunks()) {
    profiles ??= table.names.map((name, i) =>
      learned[i]
        ? new ColumnProfile(
            name,
            numberFormat(chunk.columns[i]!),
            (purpose) => new Random(0, 'profile', name, purpose),
          )
        : undefined,
    );
    for (let i = 0; i < chunk.rows; i++) {
      if (!used(row++)) continue;
      rows++;
      for (let k = 0; k < profiles.length; k++) profiles[k]?.add(chunk.columns[k]![i]!);
    }
  }
  if (profiles === undefined || rows === 0) {
    throw new UserError(
      row === 0
        ? `${table.source} has no rows to learn from; give a table with at least one`
        : `all ${row} rows of ${table.source} are set aside for validation, and at least one is needed to learn from; set a smaller share aside`,
    );
  }
  return decide(table, profiles, options, rows);
}

function decide(
  table: Table,
  profiles: readonly (ColumnProfile | undefined)[],
  options: TableOptions,
  rows: number,
): FittedTable {
  const columns: Column[] = [];
  const dropped: { name: string; reason: string }[] = [];
  const notes: string[] = [];
  table.names.forEach((name, i) => {
    const profile = profiles[i];
    if (profile === undefined) {
      if (name === options.id) dropped.push({ name, reason: 'it names the rows' });
      else if (name === options.label) dropped.push({ name, reason: 'it is the label' });
      else dropped.push({ name, reason: 'as asked' });
      return;
    }
    const found = columnOf(profile, options, notes);
    if (typeof found === 'string') dropped.push({ name, reason: found });
    else columns.push(found);
  });
  if (columns.length === 0) {
    const reasons = dropped.map(({ name, reason }) => `${nameText(name)} (${reason})`).join(', ');
    throw new UserError(`${table.source}: no column is left to learn from: ${reasons}`);
  }
  const schema: TableSchema = {
    columns,
    dropped,
    order: [...table.names],
    ...(options.id !== undefined && { id: options.id }),
    ...(options.label !== undefined && { label: options.label }),
  };
  return { schema, notes, rows };
}

/** The column that a profile shows, or why it is left out. */
function columnOf(profile: ColumnProfile, options: TableOptions, notes: string[]): Column | string {
  const { name, present } = profile;
  const asked = options.categorical?.includes(name) ? 'category' : options.types?.[name];
  if (present === 0) return 'all of its values are missing';
  const common = { name, missing: profile.missing > 0 };
  const type = asked ?? typeOf(profile, options.maxClasses);
  const say = (text: string | undefined) => {
    if (text !== undefined) notes.push(`${nameText(name)}: ${text}`);
  };
  if (type === 'identifier') return identifierReason(profile);
  if (type === 'number' || type === 'date') {
    checkAsked(profile, type);
    const { infinite, count } = type === 'date' ? profile.dateSummary : profile.summary;
    if (infinite > 0)
      say(`values that are infinite or beyond ${largest}: ${infinite}; they are taken for very large ones`);
    if (count === 0) return 'none of its values is a finite number';
    say(otherCells(profile, type));
    if (type === 'number') say(thousandsNote(profile));
  }
  if (type === 'date') return dateColumn(profile, common, say);
  if (type === 'number') return numberColumn(profile, common, options, say);
  if (type === 'boolean') return booleanColumn(profile, common);
  if (asked === undefined) say(categoryNote(profile));
  return categoryColumn(profile, common, options, say);
}

function checkAsked(
  { name, present, numbers, dates, noNumbers }: ColumnProfile,
  type: 'number' | 'date',
): void {
  if ((type === 'number' ? numbers : dates) > 0) return;
  throw new UserError(
    `column ${JSON.stringify(name)} is to be a ${type}, but none of its ${present} values is one (the first is ${JSON.stringify(noNumbers[0] ?? '')}); leave its type out, or make it a category`,
  );
}

/** Notes something about the column. */
type Say = (note: string) => void;

type Common = { readonly name: string; readonly missing: boolean };

function numberColumn(
  profile: ColumnProfile,
  common: Common,
  options: TableOptions,
  say: Say,
): Column | string {
  const { summary, format, minLarge, maxLarge } = profile;
  const missing = profile.missing > 0 || profile.numbers < profile.present;
  const wide = profile.large > 0 && profile.summary.whole;
  // Beyond int64 there is no exact type that graphs could take.
  const exact = wide && minLarge! > -(2n ** 63n) && maxLarge! < 2n ** 63n;
  if (exact) {
    if (minLarge === maxLarge && summary.min === summary.max) return `all of its values are ${minLarge}`;
    const usual = usualNumbers(summary, say);
    const center = usual === null ? (minLarge! + maxLarge!) / 2n : BigInt(Math.round(usual.mean));
    const scale = Math.max(usual === null ? Number(maxLarge! - minLarge!) / 4 : usual.deviation, 1);
    return {
      ...common,
      missing,
      type: 'number',
      raw: 'int64',
      format,
      whole: true,
      scaling: { type: 'affine', center: String(center), scale },
    };
  }
  if (summary.min === summary.max) return `all of its values are ${summary.min}`;
  const scaling = scalingOf(summary, options.scaling ?? 'standard', say);
  return { ...common, missing, type: 'number', raw: 'float64', format, whole: summary.whole, scaling };
}

function scalingOf(
  summary: NumberSummary,
  scaling: Scaling,
  say: Say,
): (Column & { type: 'number' })['scaling'] {
  if (scaling === 'robust') {
    const sorted = summary.sorted();
    // The quartiles of a normal distribution are 1.349 standard deviations apart.
    const spread = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 1.349;
    if (spread > 0) return { type: 'affine', center: quantile(sorted, 0.5), scale: spread };
  }
  if (scaling === 'quantile') {
    const found = quantileScaling(summary.sorted());
    if (found !== null) return found;
  }
  if (scaling === 'min-max') {
    return { type: 'affine', center: summary.min, scale: summary.max - summary.min };
  }
  const { mean, deviation } = usualNumbers(summary, say) ?? summary;
  return { type: 'affine', center: mean, scale: deviation };
}

/** The knots of a map to the normal distribution; a value that many rows share takes the middle of its quantiles. */
function quantileScaling(sorted: Float64Array): (Column & { type: 'number' })['scaling'] | null {
  const pieces = 64;
  const shares = new Map<number, number[]>();
  for (let i = 0; i <= pieces; i++) {
    const share = Math.min(Math.max(i / pieces, 0.002), 0.998);
    const knot = quantile(sorted, share);
    shares.set(knot, [...(shares.get(knot) ?? []), share]);
  }
  const knots = [...shares.keys()].sort((a, b) => a - b);
  if (knots.length < 3) return null;
  const scores = knots.map((knot) => {
    const all = shares.get(knot)!;
    return normalQuantile((all[0]! + all[all.length - 1]!) / 2);
  });
  return { type: 'quantile', knots, scores };
}

/** The inverse of the normal distribution function (Acklam's rational approximation, relative error below 1.2e-9). */
function normalQuantile(p: number): number {
  const a = [
    -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
    2.506628277459239,
  ];
  const b = [
    -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1,
    -1.328068155288572e1,
  ];
  const c = [
    -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416];
  const polynomial = (terms: readonly number[], x: number) => terms.reduce((sum, term) => sum * x + term, 0);
  if (p > 0.97575) return -normalQuantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(c, q) / (polynomial(d, q) * q + 1);
  }
  const q = p - 0.5;
  const r = q * q;
  return (polynomial(a, r) * q) / (polynomial(b, r) * r + 1);
}

function dateColumn(profile: ColumnProfile, common: Common, say: Say): Column | string {
  const { dateSummary, timed } = profile;
  const missing = profile.missing > 0 || profile.dates < profile.present;
  if (dateSummary.min === dateSummary.max) return 'all of its dates are the same';
  const usual = usualNumbers(dateSummary, say, dateText) ?? dateSummary;
  const span = usual.max - usual.min;
  return {
    ...common,
    missing,
    type: 'date',
    center: usual.mean,
    scale: usual.deviation,
    // A cycle is worth its place when the data go through it at least twice.
    cycles: [
      ...(timed > 0 && span >= 2 * 86_400 ? (['day'] as const) : []),
      ...(span >= 14 * 86_400 ? (['week'] as const) : []),
      ...(span >= 730 * 86_400 ? (['year'] as const) : []),
    ],
  };
}

function booleanColumn(profile: ColumnProfile, common: Common): Column | string {
  const values = [...profile.distinct.keys()];
  if (profile.numbers === profile.present) {
    if (profile.summary.min === profile.summary.max) return `all of its values are ${values[0]}`;
    const typed = profile.truths === profile.present;
    return typed
      ? { ...common, type: 'boolean', raw: 'string', labels: ['false', 'true'] }
      : { ...common, type: 'boolean', raw: 'float64', labels: ['0', '1'] };
  }
  if (profile.truths === profile.present) return truthColumn(profile, common);
  if (values.length > 2) {
    throw new UserError(
      `column ${JSON.stringify(profile.name)} is to be a boolean, but it has ${values.length} different values; make it a category`,
    );
  }
  if (values.length === 1) return `all of its values are ${JSON.stringify(values[0])}`;
  const [first, second] = values as [string, string];
  return { ...common, type: 'boolean', raw: 'string', labels: [first, second] };
}

/** A column of words for truths, which may be spelt in several ways: the most frequent ones are written again. */
function truthColumn({ distinct }: ColumnProfile, common: Common): Column | string {
  const byCount = [...distinct].sort(([, m], [, n]) => n - m).map(([text]) => text);
  const [no, yes] = [false, true].map((truth) => byCount.find((text) => parseBoolean(text) === truth));
  if (no === undefined || yes === undefined) return `all of its values are ${JSON.stringify(byCount[0])}`;
  return { ...common, type: 'boolean', raw: 'string', labels: [no, yes] };
}

function categoryColumn(
  { distinct, distinctOverflow, present }: ColumnProfile,
  common: Common,
  { maxClasses = defaultMaxClasses }: TableOptions,
  say: Say,
): Column | string {
  if (distinct.size === 1) return `all of its values are ${JSON.stringify([...distinct.keys()][0])}`;
  const byCount = [...distinct].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const frequent = byCount.filter(([, count], i) => i < maxClasses && (count >= rareCount || present < 20));
  const classes = frequent.map(([value]) => value);
  const kept = new Set(classes);
  const rare = byCount.flatMap(([value]) => (kept.has(value) ? [] : [value]));
  if (rare.length > 0) {
    const total = distinctOverflow ? `more than ${distinct.size}` : distinct.size;
    say(`of ${total} values the ${classes.length} most frequent are told apart, the others share a class`);
  }
  return { ...common, type: 'category', classes, rare };
}

function checkOptions(table: Table, options: TableOptions): void {
  const named: readonly (readonly [string, readonly string[]])[] = [
    ['columns', options.columns ?? []],
    ['drop', options.drop ?? []],
    ['categorical', options.categorical ?? []],
    ['types', Object.keys(options.types ?? {})],
    ['label', options.label === undefined ? [] : [options.label]],
    ['id', options.id === undefined ? [] : [options.id]],
  ];
  for (const [option, names] of named) {
    const unknown = names.find((name) => !table.names.includes(name));
    if (unknown === undefined) continue;
    throw new UserError(
      `${option}: ${table.source} has no column ${JSON.stringify(unknown)}; its columns are ${namesText(table.names)}`,
    );
  }
}
