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
    const shown = value === undefined ? '' : ` (given ${JSON.stringify(value)})`;
    return `${path === '' ? '' : `${path}: `}${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}${shown}`;
  });
  throw new UserError(`${what}: ${lines.join('; ')}`);
}
