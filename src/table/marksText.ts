import { type DecimalMark, nameText } from '../data/table/table.js';
import { option, shown, UserError } from '../errors.js';
import type { Column } from './columns.js';
import type { Marks } from './marks.js';
import type { ColumnProfile } from './profile.js';
import { hasBlankGroups, markName, otherMark, parseNumber } from './values.js';

/** How a mark that can be either is told to be the other one. */
const advice = (decimal: DecimalMark) => `give ${option('decimal', decimal)}`;

/**
 * Makes sure that no number of a column can be read in two ways where others show both decimal marks.
 * @throws {UserError} when one can
 */
export function checkMarks({ name, decimal, evidence }: ColumnProfile): void {
  const text = evidence.contradicted(decimal);
  if (text === undefined) return;
  throw new UserError(
    `column ${shown(name)} has numbers with decimal points (${evidence.shows('.')}) and with decimal commas (${evidence.shows(',')}), so that ${text} can be ${parseNumber(text, '.')} or ${parseNumber(text, ',')}; write its numbers alike, or leave it out, or say which mark is before decimals: ${advice(decimal)}`,
  );
}

/** What should be said of a column in which marks are taken to separate thousands, though none does so for certain. */
export function groupsNote(
  { name, decimal, evidence }: ColumnProfile,
  { speakers }: Marks,
  names: readonly string[],
): string | undefined {
  if (!evidence.guessesGroups(decimal)) return undefined;
  const mark = otherMark[decimal];
  const text = evidence.either[mark]!;
  const witness = speakers[decimal][0];
  const why =
    evidence.own !== undefined
      ? `, since ${evidence.shows(decimal)} has a decimal ${markName[decimal]}`
      : witness !== undefined
        ? `, since ${nameText(names[witness]!)} has decimal ${markName[decimal]}s`
        : '';
  return `${nameText(name)}: ${markName[mark]}s are taken for separators of thousands${why}: ${text} is ${parseNumber(text, decimal)}; where they are decimal ${markName[mark]}s, ${advice(mark)}`;
}

/** What should be said of a column of whole numbers in which blanks separate thousands: they may be no numbers. */
export function blanksNote({ name, decimal, distinct }: ColumnProfile): string | undefined {
  const texts = [...distinct.keys()];
  const grouped = texts.filter(hasBlankGroups);
  if (grouped.length === 0 || texts.some((text) => /[.,]/.test(text))) return undefined;
  return `${nameText(name)}: blanks are taken for separators of thousands: ${grouped[0]} is ${parseNumber(grouped[0]!, decimal)}; where these are no numbers, take them for categories (categorical, --categorical) or leave them out`;
}

/** What should be said of a file in which decimal marks differ, or no number shows for certain which one it has. */
export function marksNotes(
  profiles: readonly (ColumnProfile | undefined)[],
  { speakers }: Marks,
  columns: readonly Column[],
): string[] {
  const [points, commas] = [speakers['.'], speakers[',']];
  if (points.length > 0 && commas.length > 0) {
    const show = (i: number, mark: DecimalMark) =>
      `${nameText(profiles[i]!.name)} (${profiles[i]!.evidence.shows(mark)})`;
    return [
      `decimal marks differ: ${show(points[0]!, '.')} and ${show(commas[0]!, ',')}; each column is read by its own`,
    ];
  }
  if (points.length + commas.length > 0) return [];
  const numbers = new Set(columns.flatMap(({ type, name }) => (type === 'number' ? [name] : [])));
  const unclear = profiles.find(
    (profile) => profile && numbers.has(profile.name) && profile.evidence.either['.'] !== undefined,
  );
  if (unclear === undefined || unclear.decimal === ',' || unclear.evidence.own !== undefined) return [];
  const text = unclear.evidence.either['.']!;
  return [
    `${nameText(unclear.name)}: points are taken for decimal points: ${text} is ${parseNumber(text, '.')}; where they separate thousands, ${advice(',')}`,
  ];
}
