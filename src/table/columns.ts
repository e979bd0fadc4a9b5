import { z } from 'zod';
import { UserError } from '../errors.js';
import type { FieldLayout } from '../nn/fields.js';
import { freeNames } from './names.js';

const decimalMark = z.enum(['.', ',']);

const common = {
  name: z.string(),
  /** Whether some rows of the training data had no value here. */
  missing: z.boolean(),
};

/** The cycles of a date that a column has: their names and lengths in seconds. */
export const cycles = { day: 86_400, week: 604_800, year: 31_556_952 } as const;

/** How numbers are brought to a common scale: (x - center) / scale, or through quantiles. */
const scalingSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('affine'),
    /** As text where it is an integer beyond 2^53. */
    center: z.union([z.number(), z.string()]),
    scale: z.number().positive(),
  }),
  z.strictObject({
    type: z.literal('quantile'),
    /** Values at evenly spread quantiles, rising, and the normal scores of those. */
    knots: z.array(z.number()).min(2),
    scores: z.array(z.number()).min(2),
  }),
]);

/** A column as it was found in training, and how its cells become numbers and cells again. */
export const columnSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...common,
    type: z.literal('number'),
    /** What the exported graphs take: 64-bit integers only where a double would lose digits. */
    raw: z.enum(['float64', 'int64']),
    /** How its texts are written: the mark before decimals, and which marks training had, so that their meaning is known. */
    decimal: decimalMark,
    marks: z.array(decimalMark),
    /** All values are whole numbers: reconstructions are rounded. */
    whole: z.boolean(),
    scaling: scalingSchema,
  }),
  z.strictObject({
    ...common,
    type: z.literal('date'),
    /** In seconds since 1970-01-01 UTC. */
    center: z.number(),
    scale: z.number().positive(),
    cycles: z.array(z.enum(['day', 'week', 'year'])),
  }),
  z.strictObject({
    ...common,
    type: z.literal('boolean'),
    raw: z.enum(['float64', 'string']),
    /** How false and true are written. */
    labels: z.tuple([z.string(), z.string()]),
  }),
  z.strictObject({
    ...common,
    type: z.literal('category'),
    /** Frequent values, the most frequent first. After them come a class for rare values, and one for unseen ones. */
    classes: z.array(z.string()),
    /** Values that were seen, but rarely: they share a class. */
    rare: z.array(z.string()),
    /** There were too many rare values to list: none is known to be unseen, and every other one counts as rare. */
    unlisted: z.literal(true).optional(),
  }),
]);

/** A column of a table as a model knows it. */
export type Column = z.output<typeof columnSchema>;

type Category = Column & { type: 'category' };

/** All that must be known of a table in order to read another one like it. */
export const tableSchema = z.strictObject({
  columns: z.array(columnSchema).min(1),
  /** Columns that are not learned from, and why. */
  dropped: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  /** The order of all columns in the training data. */
  order: z.array(z.string()),
  /** The column that names rows, and the one that is only there to evaluate. */
  id: z.string().optional(),
  label: z.string().optional(),
  /** How its text file was read, where that was said: other files are read in the same way. */
  reading: z
    .strictObject({
      encoding: z.string().optional(),
      delimiter: z.string().optional(),
      decimal: decimalMark.optional(),
    })
    .optional(),
});

/** All that must be known of a table in order to read another one like it. */
export type TableSchema = z.output<typeof tableSchema>;

/**
 * The schema that a manifest holds.
 * @param fields what the manifest says of samples, which the columns have to agree with
 * @param folder names it in messages
 * @throws {UserError} when it is damaged
 */
export function parseTableSchema(
  record: unknown,
  fields: FieldLayout | undefined,
  folder: string,
): TableSchema {
  const found = tableSchema.safeParse(record);
  const damaged = `${folder}: the manifest's record of the table's columns is damaged`;
  const advice = 'take the folder from a copy, or train again';
  if (!found.success) {
    const [issue] = found.error.issues;
    throw new UserError(`${damaged}, at ${['table', ...(issue?.path ?? [])].join('.')}; ${advice}`, {
      cause: found.error,
    });
  }
  if (JSON.stringify(layoutOf(found.data.columns)) !== JSON.stringify(fields)) {
    throw new UserError(`${damaged}: it is not of the columns that the model has learned from; ${advice}`);
  }
  return found.data;
}

/**
 * The classes of a category by number. Those for rare and for unseen values are called so, and as no value is: a model makes
 * neither, but the former where a column has no other.
 */
export function classNames(column: Category): string[] {
  const { classes, rare } = column;
  const [rareName, unseenName] = freeNames(['(rare)', '(unseen)'], [...classes, ...rare]) as [string, string];
  return [...classes, ...(hasRare(column) ? [rareName] : []), unseenName];
}

/** Whether a category has a class for rare values. */
function hasRare({ rare, unlisted }: Category): boolean {
  return unlisted === true || rare.length > 0;
}

/** The class of values that training did not have. */
export function unseenClass(column: Category): number {
  return column.classes.length + Number(hasRare(column));
}

/** The class of values that are in no list: that of rare ones where not all of these could be listed. */
export function otherClass(column: Category): number {
  return column.unlisted ? column.classes.length : unseenClass(column);
}

/** Numbers of an encoded row that a column takes: one, or for a date one and two for each cycle. */
export function slotCount(column: Column): number {
  return column.type === 'date' ? 1 + 2 * column.cycles.length : 1;
}

/** Where each column begins in an encoded row: numbers and dates, then booleans, then categories. */
export function slotStarts(columns: readonly Column[]): number[] {
  const rank = { number: 0, date: 0, boolean: 1, category: 2 } as const;
  const starts = new Array<number>(columns.length);
  let next = 0;
  for (const stage of [0, 1, 2]) {
    columns.forEach((column, i) => {
      if (rank[column.type] !== stage) return;
      starts[i] = next;
      next += slotCount(column);
    });
  }
  return starts;
}

/** What the numbers of an encoded row mean to a model. */
export function layoutOf(columns: readonly Column[]): FieldLayout {
  const starts = slotStarts(columns);
  const count = (type: Column['type']) =>
    columns.filter((column) => column.type === type).reduce((sum, column) => sum + slotCount(column), 0);
  return {
    numbers: count('number') + count('date'),
    booleans: count('boolean'),
    categories: columns.flatMap((column) => (column.type === 'category' ? [classNames(column).length] : [])),
    rare: columns
      .filter((column) => column.type === 'category')
      .flatMap((column, i) => (hasRare(column) ? [i] : [])),
    missing: columns
      .flatMap((column, i) =>
        column.missing ? Array.from({ length: slotCount(column) }, (_, k) => starts[i]! + k) : [],
      )
      .sort((a, b) => a - b),
  };
}
