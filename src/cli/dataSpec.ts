import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type DataSpec, parseSpec } from '../data/spec.js';
import { namesTable } from '../data/table/readTable.js';

/** What a data specification asks for. A file whose name happens to look like a slice or a kind is that file. */
export function specOf(spec: string): DataSpec {
  return /[\]:]/.test(spec) && existsSync(spec) ? { kind: 'file', path: spec } : parseSpec(spec);
}

/** Whether a specification names a table. */
export function isTableSpec(spec: string): boolean {
  const parsed = specOf(spec);
  return parsed.kind === 'file' && parsed.range === undefined && namesTable(parsed.path);
}

/** A data specification that means the same in any folder. */
export function portableSpec(spec: string): string {
  return spec !== '-' && specOf(spec).kind === 'file' ? resolve(spec) : spec;
}
