import { UserError } from '../errors.js';
import { countText, hexOf } from './bytes.js';

/** What the header of a .npy file says. */
export interface NpyHeader {
  /** NumPy's name of the element type without its byte order: `f4`, `u1`, `b1`. */
  readonly type: string;
  readonly littleEndian: boolean;
  /** The first axis varies fastest, as in Fortran. */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the values begin, in bytes. */
  readonly dataStart: number;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** NumPy itself refuses longer ones; a plain array needs some 100 bytes. */
const maxHeaderBytes = 10_000;

/** Whether bytes begin as a .npy file does. */
export function looksLikeNpy(bytes: Uint8Array): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

/**
 * Reads the header of a .npy file of format version 1, 2 or 3.
 * @throws {UserError} for a wrong magic number, another version, a header that is cut short, longer than
 *   10,000 bytes or not as NumPy writes it, and for elements that are Python objects or records.
 */
export function parseNpyHeader(bytes: Uint8Array, source: string): NpyHeader {
  if (!looksLikeNpy(bytes)) {
    throw new UserError(
      `${source} is not a .npy file: it starts with ${hexOf(bytes, 6) || 'nothing'}; expected 93 4e 55 4d 50 59`,
    );
  }
  const version = bytes[6];
  if (version !== undefined && (version < 1 || version > 3)) {
    throw new UserError(`${source} has .npy format version ${version}; versions 1, 2 and 3 are read`);
  }
  const lengthBytes = version === 1 ? 2 : 4;
  const headerStart = 8 + lengthBytes;
  if (bytes.length < headerStart) throw cutShort(source, bytes.length, headerStart);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maxHeaderBytes) {
    throw new UserError(
      `${source} has a header of ${countText(length)} bytes; at most ${countText(maxHeaderBytes)} are read. Save a plain array of numbers with numpy.save`,
    );
  }
  const dataStart = headerStart + length;
  if (bytes.length < dataStart) throw cutShort(source, bytes.length, dataStart);
  const text = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(
    bytes.subarray(headerStart, dataStart),
  );
  return { ...parseDictionary(text, source), dataStart };
}

function cutShort(source: string, found: number, expected: number): UserError {
  return new UserError(
    `${source} is cut short: ${countText(found)} bytes, but the header alone has ${countText(expected)}; copy or download it again`,
  );
}

/** The header is a Python dictionary of exactly three entries; only the forms that NumPy writes are read. */
function parseDictionary(text: string, source: string): Omit<NpyHeader, 'dataStart'> {
  if (/'descr'\s*:\s*\[/.test(text)) {
    throw new UserError(
      `${source} holds records (a structured dtype); expected one numeric dtype. Save the columns as a plain array, for example numpy.save(path, numpy.column_stack([a['x'], a['y']]))`,
    );
  }
  const descr = /'descr'\s*:\s*'([<>|=]?)([A-Za-z]\w*)(?:\[\w+\])?'/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const shape = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text);
  if (!descr || !order || !shape) {
    throw new UserError(
      `${source} has a damaged header: expected 'descr', 'fortran_order' and 'shape', got ${JSON.stringify(text.trim().slice(0, 100))}`,
    );
  }
  return {
    type: descr[2]!,
    littleEndian: descr[1] !== '>',
    fortranOrder: order[1] === 'True',
    // Python 2 wrote lengths as 10L.
    shape: (shape[1]!.match(/\d+/g) ?? []).map(Number),
  };
}
