import type { z } from 'zod';
import { UserError } from '../errors.js';

/**
 * Checks options against a schema and fills in defaults.
 * @param what names them in the message: `autoencoder`
 * @throws {UserError} that names every option that is wrong, with what was given and what is expected
 */
export function parseOptions<T>(schema: z.ZodType<T>, given: unknown, what: string): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => {
    const path = issue.path.join('.');
    const value = issue.path.reduce<unknown>(
      (node, key) => (node as Record<PropertyKey, unknown> | undefined)?.[key],
      given,
    );
    const shown = value === undefined ? '' : ` (given ${givenText(value)})`;
    return `${path === '' ? '' : `${path}: `}${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}${shown}`;
  });
  throw new UserError(`${what}: ${lines.join('; ')}`);
}

/** A value as a message shows it, also those that JSON does not have. */
export function givenText(value: unknown): string {
  const shown = (_key: string, each: unknown) => {
    if (typeof each === 'number' && !Number.isFinite(each)) return String(each);
    return typeof each === 'bigint' ? `${each}n` : each;
  };
  if (typeof value === 'number' || typeof value === 'function') return String(value);
  return JSON.stringify(value, shown) ?? String(value);
}
