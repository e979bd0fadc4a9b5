import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type DataSpec, parseSpec } from '../data/spec.js';
import { namesTable } from '../data/table/readTable.js';
import { UserError } from '../errors.js';

/** What a data specification asks for. A file whose name happens to look like a slice or a kind is that file. */
export function specOf(spec: string): DataSpec {
  return /[\]:]/.test(spec) && existsSync(spec) ? { kind: 'file', path: spec } : parseSpec(spec);
}

/**
 * Whether a specification names a table.
 * @throws {UserError} when it asks for a slice of one
 */
export function isTableSpec(spec: string): boolean {
  const parsed = specOf(spec);
  if (parsed.kind !== 'file' || !namesTable(parsed.path)) return false;
  if (parsed.range === undefined) return true;
  throw new UserError(
    `${spec}: a slice is of arrays and pictures, and ${parsed.path} is a table, which is read whole; give its name alone`,
  );
}

/** A data specification that means the same in any folder. */
export function portableSpec(spec: string): string {
  return spec !== '-' && specOf(spec).kind === 'file' ? resolve(spec) : spec;
}
