import type { Column } from './columns.js';
import type { ColumnProfile } from './profile.js';
import { parseDate, parseNumber } from './values.js';

/** From this share on, a column of text is a column of numbers, or dates, in which some cells are damaged. */
const mostlyShare = 0.9;
/** From this share on, numbers or dates among other texts deserve to be said. */
const partlyShare = 0.1;
export const defaultMaxClasses = 50;

/** What a column looks like; an identifier is text that says nothing of other rows. */
export function typeOf(
  profile: ColumnProfile,
  maxClasses: number = defaultMaxClasses,
): Column['type'] | 'identifier' {
  const { present, numbers, dates, truths, summary, distinct } = profile;
  if (numbers >= present * mostlyShare) {
    const binary = numbers === present && summary.min === 0 && summary.max === 1 && summary.whole;
    return binary && profile.large === 0 ? 'boolean' : 'number';
  }
  if (dates >= present * mostlyShare) return 'date';
  // In any mixture of spellings: true, True and TRUE.
  if (truths === present) return 'boolean';
  // Names and numbers of rows say nothing of other rows.
  const own = present >= 10 && distinct.size > 0.9 * present;
  const many = profile.distinctOverflow || own || distinct.size > Math.max(maxClasses, present / 2);
  return many ? 'identifier' : 'category';
}

/** Why an identifier is left out, and what to do where it may be something else. */
export function identifierReason(profile: ColumnProfile): string {
  const mixed = mixture(profile);
  const hint = spellingHint(profile);
  if (mixed !== undefined) {
    return `${mixed}, and they are too many for categories; mend these cells or leave them empty, or name the column in categorical (--categorical)${hint === undefined ? '' : `; ${hint}`}`;
  }
  return hint ?? 'nearly every row has a text of its own, as names and numbers of rows have';
}

/** What should be said of a column that is taken for a category, though it may be something else. */
export function categoryNote(profile: ColumnProfile): string | undefined {
  const mixed = mixture(profile);
  const hint = spellingHint(profile);
  if (mixed === undefined && hint === undefined) return undefined;
  const why = [mixed, hint].filter((part) => part !== undefined).join('; ');
  return `taken for a category: ${why}`;
}

/** What should be said of the cells that are not of the type of their column. */
export function otherCells(profile: ColumnProfile, type: 'number' | 'date'): string | undefined {
  const { present, numbers, dates } = profile;
  const others = present - (type === 'number' ? numbers : dates);
  if (others === 0) return undefined;
  const hint = spellingHint(profile);
  return `${others} of ${present} values are no ${type}s (${examples(profile, type)}) and count as missing${hint === undefined ? '' : `; ${hint}`}`;
}

/** A column in which a good part, but not most, of the values are numbers or dates. */
function mixture(profile: ColumnProfile): string | undefined {
  const { present, numbers, dates } = profile;
  for (const [type, count] of [['number', numbers] as const, ['date', dates] as const]) {
    if (count < present * partlyShare) continue;
    return `${present - count} of ${present} values are no ${type}s (${examples(profile, type)})`;
  }
  return undefined;
}

/** The first values that are not of a type. */
function examples({ distinct, decimal, noNumbers }: ColumnProfile, type: 'number' | 'date'): string {
  const found: string[] = [];
  for (const text of distinct.keys()) {
    if ((type === 'number' ? parseNumber(text, decimal) : parseDate(text)) !== undefined) continue;
    found.push(text);
    if (found.length > 3) break;
  }
  const shown = (found.length > 0 ? found : noNumbers).slice(0, 3);
  return shown.map((text) => JSON.stringify(text.slice(0, 30))).join(', ') + (found.length > 3 ? ', …' : '');
}

const month = '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)';

const spellings: readonly {
  readonly looks: readonly RegExp[];
  readonly hint: (example: string) => string;
}[] = [
  {
    looks: [
      /^[-+−(]*(\p{Sc}|[A-Z]{2}\$|(USD|EUR|GBP|CHF|JPY|CNY|INR) )\s*[-+]?\d[\d.,' \u00a0\u202f]*\)?$|^[-+−(]*\d[\d.,' \u00a0\u202f]*(\p{Sc}| ?(USD|EUR|GBP|CHF|JPY|CNY|INR))\)?$/u,
    ],
    hint: (example) =>
      `${example} looks like an amount of money, and numbers are read without a currency; write the number alone to have it taken for one`,
  },
  {
    looks: [/^[-+−]?[\d.,]+[ \u00a0\u202f]?[%‰]$/],
    hint: (example) =>
      `${example} looks like a percentage, and numbers are read without its sign; write the number alone to have it taken for one`,
  },
  {
    looks: [/^\(\d[\d.,' \u00a0\u202f]*\)$/],
    hint: (example) =>
      `${example} looks like a number below 0, and such are read with a minus sign alone; write -${example.slice(2, -2)} to have it taken for one`,
  },
  {
    looks: [
      /^[-+−]?\d[\d.,]*[ \u00a0\u202f]?([kmµ]?[gmlsVAW]|[ck]m|[cd]l|lbs?|oz|ft|in|mi|yd|min|h|°[CF]|kWh|Wh|[kMG]?Hz|[kMGT]i?B|[hk]?Pa|m?bar|psi|mph|km\/h|m\/s|[ckm]?m[²³23]|hp|PS|px|pt)$/,
    ],
    hint: (example) =>
      `${example} looks like a number with a unit, and numbers are read without one; write the number alone to have it taken for one`,
  },
  {
    looks: [
      /^\d{1,2}([./-])\d{1,2}\1(\d{4}|\d{2})([ T].*)?$/,
      /^\d{4}(\.\d{1,2}\.\d{1,2}|([-/])(\d\2\d{1,2}|\d{2}\2\d))([ T].*)?$/,
      /^\d{8}T\d{2,6}([.,]\d+)?(Z|[+-]\d{2}(:?\d{2})?)?$/,
      /^\d{4}[-/]\d{2}[-/]\d{2}[ T]\d{2}:[\d:.]+ ?[A-Z][A-Za-z/_]+$/,
      new RegExp(`^([a-z]+,? )?\\d{1,2}(st|nd|rd|th)?[ .-]+${month}[a-z]*[ .,-]+\\d{2,4}\\b`, 'i'),
      new RegExp(`^([a-z]+,? )?${month}[a-z]*[ .-]+\\d{1,2}(st|nd|rd|th)?,? +\\d{4}\\b`, 'i'),
    ],
    hint: (example) =>
      `${example} looks like a date, and dates are read as 2026-01-31 or 2026-01-31 12:30 alone; write them so`,
  },
];

/** What to do about values, most of those that are neither numbers nor dates, that look like one in another spelling. */
function spellingHint({ distinct, decimal }: ColumnProfile): string | undefined {
  const texts = [...distinct.keys()].filter(
    (text) => parseNumber(text, decimal) === undefined && parseDate(text) === undefined,
  );
  for (const { looks, hint } of spellings) {
    const alike = texts.filter((text) => looks.some((look) => look.test(text)));
    if (alike.length > 0 && alike.length >= texts.length / 2)
      return hint(JSON.stringify(alike[0]!.slice(0, 30)));
  }
  return undefined;
}
