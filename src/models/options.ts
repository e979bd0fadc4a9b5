import type { z } from 'zod';
import { option, shown, UserError } from '../errors.js';

/** Options that are wrong of which a message tells. */
const mostTold = 10;

/**
 * Checks options against a schema and fills in defaults.
 * @param what names them in the message: `autoencoder`
 * @throws {UserError} that names every option that is wrong, with what was given and what is expected
 */
export function parseOptions<T>(schema: z.ZodType<T>, given: unknown, what: string): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const { issues } = result.error;
  const lines = issues.slice(0, mostTold).map((issue) => {
    const { path } = issue;
    const value = issue.path.reduce<unknown>(
      (node, key) => (node as Record<PropertyKey, unknown> | undefined)?.[key],
      given,
    );
    // Of an unknown option its name says all; what stands beside it is not in question.
    const seen = value === undefined || issue.code === 'unrecognized_keys' ? '' : ` (given ${shown(value)})`;
    const message = messageOf(issue);
    return `${path.length === 0 ? '' : `${named(path)}: `}${message.charAt(0).toLowerCase()}${message.slice(1)}${seen}`;
  });
  const more = issues.length > mostTold ? [`and ${issues.length - mostTold} more`] : [];
  throw new UserError(`${what}: ${[...lines, ...more].join('; ')}`);
}

/** An option, or a part of one. */
function named(path: readonly PropertyKey[]): string {
  return path.length === 1 ? option(String(path[0])) : path.join('.');
}

/** What is wrong, in words: of keys the first ones, of alternatives what each would take. */
export function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const { keys } = issue;
    const names = keys.slice(0, mostTold).map(shown).join(', ');
    const rest = keys.length > mostTold ? ` and ${keys.length - mostTold} more` : '';
    return `Unrecognized key${keys.length > 1 ? 's' : ''}: ${names}${rest}`;
  }
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue.message;
  const taken = issue.errors.map(([first]) => first && expectedBy(first));
  return `Expected ${[...new Set(taken)].filter(Boolean).join(' or ')}`;
}

function expectedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return issue.values.map((value) => shown(value)).join(' or ');
  if (issue.code !== 'invalid_type') return issue.message;
  const kind = issue.expected === 'int' ? 'whole number' : issue.expected;
  return `${/^[aeio]/.test(kind) ? 'an' : 'a'} ${kind}`;
}
