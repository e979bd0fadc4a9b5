import { shown, UserError } from '../errors.js';
import type { MnistPart } from './mnist.js';

/** Samples from `start` up to but not including `end`, counted as Python does; either may be left out. */
export interface SliceRange {
  readonly start?: number;
  readonly end?: number;
}

/** Which data a specification asks for. */
export type DataSpec =
  | { readonly kind: 'mnist'; readonly part: MnistPart; readonly range?: SliceRange }
  | { readonly kind: 'shapes'; readonly range?: SliceRange }
  | { readonly kind: 'file'; readonly path: string; readonly range?: SliceRange };

/** What may stand where data are expected, for help texts and messages. */
export const supportedData =
  'mnist, mnist:train, mnist:test, shapes, or the path of an IDX or .npy file (gzipped too) or of a folder of pictures, each with a slice such as [0:1000] if wanted';

/**
 * Reads a data specification: `mnist` (the same as `mnist:train`), `mnist:test`, `shapes`, or a file's path, each
 * followed by a slice if wanted: `[0:1000]`, `[:1000]`, `[-500:]`, `[100:]`.
 * @throws {UserError} for an empty specification, an unknown kind or part, a web address and a slice that is
 *   not of the form `[start:end]`.
 */
export function parseSpec(spec: string): DataSpec {
  const { name, range } = splitSlice(spec);
  const rest = range && { range };
  if (name.trim() === '')
    throw new UserError(`no data were named (got ${shown(spec)}); give ${supportedData}`);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(name)) {
    throw new UserError(
      `${name} is a web address, and nothing is downloaded; save the file first and give its path`,
    );
  }
  // At least two characters: a single one before the colon is a Windows drive.
  const kind = /^([a-z][a-z0-9_-]+)(?::([^/\\]*))?$/i.exec(name);
  if (kind?.[1] === 'mnist') return { kind: 'mnist', part: mnistPart(kind[2], name), ...rest };
  if (kind?.[1] === 'shapes' && kind[2] === undefined) return { kind: 'shapes', ...rest };
  if (kind?.[2] !== undefined) {
    throw new UserError(
      `unknown data ${shown(name)}: there is no kind ${shown(kind[1])}; give ${supportedData}`,
    );
  }
  return { kind: 'file', path: name, ...rest };
}

function mnistPart(part: string | undefined, name: string): MnistPart {
  if (part === undefined || part === 'train') return 'train';
  if (part === 'test') return 'test';
  throw new UserError(`unknown part of MNIST in ${shown(name)}; expected mnist:train or mnist:test`);
}

function splitSlice(spec: string): { name: string; range?: SliceRange } {
  // Only brackets that hold nothing but digits, signs, colons and spaces are meant as a slice.
  const found = /^(.*)\[([\d+\-:\s]*)\]$/s.exec(spec);
  if (!found) return { name: spec };
  const [, name, inside] = found as unknown as [string, string, string];
  const bounds = /^\s*([+-]?\d+)?\s*:\s*([+-]?\d+)?\s*$/.exec(inside);
  if (!bounds) {
    throw new UserError(
      `the slice [${inside}] of ${name} is not understood; expected [start:end] with either left out, as in [0:1000], [:1000], [100:] or [-500:]`,
    );
  }
  return {
    name,
    range: {
      ...(bounds[1] !== undefined && { start: Number(bounds[1]) }),
      ...(bounds[2] !== undefined && { end: Number(bounds[2]) }),
    },
  };
}
