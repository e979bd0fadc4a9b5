import {
  type DecimalMark,
  delimiterHint,
  namesText,
  nameText,
  type Table,
  type TableChunk,
} from '../data/table/table.js';
import { shown, UserError } from '../errors.js';
import { Random } from '../random/random.js';
import type { Column, TableSchema } from './columns.js';
import { categoryNote, defaultMaxClasses, identifierReason, otherCells, typeOf } from './columnType.js';
import { decideMarks, firstEvidence, type Marks } from './marks.js';
import { blanksNote, checkMarks, groupsNote, marksNotes } from './marksText.js';
import { ColumnProfile, largest } from './profile.js';
import { type Say, type Scaling, scalingOf } from './scaling.js';
import { countedTexts } from './textCounts.js';
import { dateText, parseBoolean } from './values.js';
import { usualNumbers } from './wild.js';

/** What a column can be taken for. */
export const columnTypes = ['number', 'category', 'boolean', 'date'] as const;

/** What a column can be taken for. */
export type ColumnType = (typeof columnTypes)[number];

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

/** Why a column is left out that the user leaves out. */
export const asAsked = 'as asked';

/** A value that fewer rows have is rare. */
const rareCount = 2;
/** Where not all values are counted, one that fewer have is rare: of more it is known wherever they stand. */
const certainShare = 2 / countedTexts;

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
  const isCategory = (name: string) => askedType(name, options) === 'category';
  let found = await profile(table, used, isCategory, (chunk) =>
    decideMarks(firstEvidence(chunk, learned), table.decimal),
  );
  const marks = decideMarks(
    found.profiles.map((each) => each?.evidence),
    table.decimal,
  );
  // Of most tables the first rows show how numbers are written; others are read again.
  const misread = found.profiles.some(
    (each, i) => each?.evidence.marked && each.decimal !== marks.columns[i]!.decimal,
  );
  if (misread) found = await profile(table, used, isCategory, () => marks);
  return decide(table, found.profiles, marks, options, found.rows);
}

/** Reads a table once. */
async function profile(
  table: Table,
  used: (row: number) => boolean,
  isCategory: (name: string) => boolean,
  marksOf: (first: TableChunk) => Marks,
): Promise<{ readonly profiles: readonly (ColumnProfile | undefined)[]; readonly rows: number }> {
  let profiles: (ColumnProfile | undefined)[] | undefined;
  let row = 0;
  let rows = 0;
  for await (const chunk of table.chunks()) {
    profiles ??= marksOf(chunk).columns.map((marks, i) => {
      const name = table.names[i]!;
      const random = (purpose: string) => new Random(0, 'profile', name, purpose);
      return marks && new ColumnProfile(name, marks.decimal, random, isCategory(name));
    });
    for (let i = 0; i < chunk.rows; i++) {
      if (!used(row++)) {
        for (let k = 0; k < profiles.length; k++) profiles[k]?.evidence.add(chunk.columns[k]![i]!);
        continue;
      }
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
  return { profiles, rows };
}

function decide(
  table: Table,
  profiles: readonly (ColumnProfile | undefined)[],
  marks: Marks,
  options: TableOptions,
  rows: number,
): FittedTable {
  const columns: Column[] = [];
  const dropped: { name: string; reason: string }[] = [];
  const notes: string[] = [...(table.notes ?? [])];
  table.names.forEach((name, i) => {
    const profile = profiles[i];
    if (profile === undefined) {
      if (name === options.id) dropped.push({ name, reason: 'it names the rows' });
      else if (name === options.label) dropped.push({ name, reason: 'it is the label' });
      else dropped.push({ name, reason: asAsked });
      return;
    }
    if (name === table.unnamed && profile.rises && !isNamed(name, options)) {
      const reason = `it came without a name and numbers the rows; id (--id ${name}) names rows by it, columns (--columns) would take it for data`;
      dropped.push({ name, reason });
      return;
    }
    const found = columnOf(profile, marks.columns[i]!.marks, table.decimal !== undefined, options, notes);
    if (typeof found === 'string') dropped.push({ name, reason: found });
    else columns.push(found);
    if (typeof found !== 'string' && found.type === 'number') {
      const groups = table.decimal === undefined ? groupsNote(profile, marks, table.names) : undefined;
      for (const note of [groups, blanksNote(profile)]) if (note !== undefined) notes.push(note);
    }
  });
  if (table.decimal === undefined) notes.push(...marksNotes(profiles, marks, columns));
  if (columns.length === 0) {
    const reasons = dropped.map(({ name, reason }) => `${nameText(name)} (${reason})`).join(', ');
    throw new UserError(
      `${table.source}: no column is left to learn from: ${reasons}${delimiterHint(table.names)}`,
    );
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

/** Whether an option asks for the column. */
function isNamed(name: string, { columns, categorical, types }: TableOptions): boolean {
  return [columns, categorical, Object.keys(types ?? {})].some((names) => names?.includes(name));
}

/** What the options say that a column is. */
function askedType(name: string, { categorical, types }: TableOptions): ColumnType | undefined {
  if (categorical?.includes(name)) return 'category';
  // Every object has a toString.
  return types !== undefined && Object.hasOwn(types, name) ? types[name] : undefined;
}

/** The column that a profile shows, or why it is left out. */
function columnOf(
  profile: ColumnProfile,
  marks: DecimalMark[],
  isSaid: boolean,
  options: TableOptions,
  notes: string[],
): Column | string {
  const { name, present } = profile;
  const asked = askedType(name, options);
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
    if (type === 'number' && !isSaid) checkMarks(profile);
  }
  if (type === 'date') return dateColumn(profile, common, say);
  if (type === 'number') return numberColumn(profile, marks, common, options, say);
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
    `column ${shown(name)} is to be a ${type}, but none of its ${present} values is one (the first is ${shown(noNumbers[0] ?? '')}); leave its type out, or make it a category`,
  );
}

type Common = { readonly name: string; readonly missing: boolean };

function numberColumn(
  profile: ColumnProfile,
  marks: DecimalMark[],
  common: Common,
  options: TableOptions,
  say: Say,
): Column | string {
  const { summary, decimal } = profile;
  const missing = profile.missing > 0 || profile.numbers < profile.present;
  const written = { decimal, marks };
  if (profile.large > 0 && summary.whole) {
    const least = wholeOf(summary.min, profile.minLarge);
    const most = wholeOf(summary.max, profile.maxLarge);
    if (least === most) return `all of its values are ${least}`;
    if (least <= -(2n ** 63n) || most >= 2n ** 63n) {
      // There is no type that graphs could take in which such numbers keep their digits.
      const reason = beyondInt64(least, most, say);
      if (reason !== undefined) return reason;
    } else {
      const usual = usualNumbers(summary, say);
      const center = usual === null ? (least + most) / 2n : BigInt(Math.round(usual.mean));
      const scale = Math.max(usual === null ? Number(most - least) / 4 : usual.deviation, 1);
      return {
        ...common,
        missing,
        type: 'number',
        raw: 'int64',
        ...written,
        whole: true,
        scaling: { type: 'affine', center: String(center), scale },
      };
    }
  }
  if (summary.min === summary.max) return `all of its values are ${summary.min}`;
  const scaling = scalingOf(summary, options.scaling ?? 'standard', say);
  return { ...common, missing, type: 'number', raw: 'float64', ...written, whole: summary.whole, scaling };
}

/** A bound of whole numbers with all digits: a double has those of the numbers within 2^53. */
function wholeOf(bound: number, noted: bigint | undefined): bigint {
  return noted !== undefined && Number(noted) === bound ? noted : BigInt(bound);
}

/** Says of whole numbers beyond int64 what doubles make of them; why they are left out where that is nothing. */
function beyondInt64(least: bigint, most: bigint, say: Say): string | undefined {
  const what = `whole numbers from ${least} to ${most}, of which some are beyond 2^63, where only the first 15 digits count`;
  const advice =
    'subtract the same number from all of them, or take them for categories (categorical, --categorical)';
  const size = Math.max(Math.abs(Number(least)), Math.abs(Number(most)));
  // So near to each other rounding is what would be learned.
  if (Number(most - least) < size * 1e-13) return `it holds ${what}, and these hardly differ; ${advice}`;
  say(`${what}; where the others matter, ${advice}`);
  return undefined;
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
      `column ${shown(profile.name)} is to be a boolean, but it has ${values.length} different values; make it a category`,
    );
  }
  if (values.length === 1) return `all of its values are ${shown(values[0])}`;
  const [first, second] = values as [string, string];
  return { ...common, type: 'boolean', raw: 'string', labels: [first, second] };
}

/** A column of words for truths, which may be spelt in several ways: the most frequent ones are written again. */
function truthColumn({ distinct }: ColumnProfile, common: Common): Column | string {
  const byCount = [...distinct].sort(([, m], [, n]) => n - m).map(([text]) => text);
  const [no, yes] = [false, true].map((truth) => byCount.find((text) => parseBoolean(text) === truth));
  if (no === undefined || yes === undefined) return `all of its values are ${shown(byCount[0])}`;
  return { ...common, type: 'boolean', raw: 'string', labels: [no, yes] };
}

function categoryColumn(
  { distinct, distinctOverflow: isUnlisted, present }: ColumnProfile,
  common: Common,
  { maxClasses = defaultMaxClasses }: TableOptions,
  say: Say,
): Column | string {
  if (!isUnlisted && distinct.size === 1) return `all of its values are ${shown([...distinct.keys()][0])}`;
  const byCount = [...distinct].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const least = isUnlisted ? Math.max(rareCount, present * certainShare) : present < 20 ? 1 : rareCount;
  const classes = byCount.flatMap(([value, count], i) => (i < maxClasses && count >= least ? [value] : []));
  const kept = new Set(classes);
  const rare = isUnlisted ? [] : byCount.flatMap(([value]) => (kept.has(value) ? [] : [value]));
  if (isUnlisted || rare.length > 0) {
    const total = isUnlisted ? `more than ${countedTexts}` : distinct.size;
    say(`of ${total} values the ${classes.length} most frequent are told apart, the others share a class`);
  }
  return { ...common, type: 'category', classes, rare, ...(isUnlisted && { unlisted: true }) };
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
      `${option}: ${table.source} has no column ${shown(unknown)}; its columns are ${namesText(table.names)}${delimiterHint(table.names)}`,
    );
  }
}
