import { isUtf8 } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { shown, UserError } from '../../errors.js';
import { countText } from '../bytes.js';
import { explainReadError, openDataFile } from '../file.js';

/** How {@link readText} reads. */
export interface TextOptions {
  /** The encoding of the text, a label that `TextDecoder` knows; UTF-8 unless given. A byte order mark outranks it. */
  readonly encoding?: string;
  /** The most bytes that a gzipped file may unpack to: 64 GiB unless given. Nothing is held, but all would be read. */
  readonly maxBytes?: number;
}

const defaultMaxBytes = 64 * 2 ** 30;

const pieceBytes = 256 * 1024;

/**
 * A text file as pieces of text, one after the other, without ever holding more than a piece: gzipped files (known
 * by their first bytes, whatever their name) unpacked, the encoding told by a byte order mark, which is dropped.
 * Pieces end anywhere, none is empty, and there is at least one.
 * @throws {UserError} while it is read: when the file is missing, empty, no file or not readable, damaged or truncated
 *   gzip, unpacks to more than the limit, is not text, or is text in another encoding; for an unknown encoding.
 */
export async function* readText(path: string, options: TextOptions = {}): AsyncGenerator<string> {
  const encoding = options.encoding ?? 'utf-8';
  let decoder = decoderOf(encoding);
  let started = false;
  let line = 1;
  for await (const bytes of wholeStart(readUnpacked(path, options.maxBytes ?? defaultMaxBytes))) {
    if (!started) {
      refuseKnownBinary(bytes, path);
      decoder = markedDecoder(bytes) ?? decoder;
      started = true;
    }
    const text = decode(decoder, bytes, path, line);
    if (text === '') continue;
    if (text.includes('\0')) throw notText(path, lineOf(text, text.indexOf('\0'), line));
    yield text;
    line = lineOf(text, text.length, line);
  }
  if (!started) throw new UserError(`${path} is gzipped, but holds nothing; copy or download it again`);
  const rest = decode(decoder, undefined, path, line);
  if (rest !== '') yield rest;
}

/**
 * Refuses web pages, which is what a download often gives in place of the data.
 * @param text The beginning of the file.
 * @throws {UserError} when it is HTML or XML.
 */
export function refuseMarkup(text: string, path: string): void {
  const found = /^\s*<(!doctype|html|\?xml)/i.exec(text);
  if (!found) return;
  const kind = found[1] === '?xml' ? 'an XML document' : 'a web page (HTML)';
  throw new UserError(
    `${path} is ${kind}, not a table; open it to see what it says, and download the data file itself`,
  );
}

/** Unpacked bytes; the file is closed when the reader is done with them or gives up. */
async function* readUnpacked(path: string, limit: number): AsyncGenerator<Uint8Array> {
  const { file, gzipped, size } = await openFile(path);
  const packed = file.createReadStream({ start: 0, highWaterMark: pieceBytes });
  const unpacked: Readable = gzipped
    ? pipeline(packed, createGunzip({ chunkSize: pieceBytes }), () => {
        // Reading from the stream gives the same error.
      })
    : packed;
  try {
    let total = 0;
    for await (const bytes of unpacked as AsyncIterable<Uint8Array>) {
      total += bytes.length;
      if (gzipped && total > limit) {
        throw new UserError(
          `${path} (${countText(size)} bytes, gzipped) unpacks to more than the limit of ${countText(limit)} bytes; if it is genuine, unpack it first with gunzip`,
        );
      }
      yield bytes;
    }
  } catch (error) {
    throw explainGunzip(explainReadError(error, path), path, size);
  } finally {
    packed.destroy();
    unpacked.destroy();
  }
}

async function openFile(path: string): Promise<{ file: FileHandle; gzipped: boolean; size: number }> {
  const { file, size } = await openDataFile(path);
  try {
    const head = new Uint8Array(2);
    await file.read(head, 0, 2, 0);
    return { file, gzipped: head[0] === 0x1f && head[1] === 0x8b, size };
  } catch (error) {
    await file.close();
    throw explainReadError(error, path);
  }
}

function explainGunzip(error: unknown, path: string, size: number): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR') {
    return new UserError(
      `${path} is a gzipped file that ends too early, after ${countText(size)} bytes; copy or download it again`,
    );
  }
  if (!code?.startsWith('Z_')) return error;
  return new UserError(
    `${path} starts like a gzipped file but is damaged (${message}); copy or download it again`,
  );
}

/** The same bytes, with at least 16 in the first piece where there are so many: enough to tell what they are. */
async function* wholeStart(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let start: Uint8Array | undefined = new Uint8Array(0);
  for await (const piece of pieces) {
    if (start === undefined) {
      yield piece;
      continue;
    }
    start = start.length === 0 ? piece : Buffer.concat([start, piece]);
    if (start.length < 16) continue;
    yield start;
    start = undefined;
  }
  if (start !== undefined && start.length > 0) yield start;
}

function decoderOf(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch {
    throw new UserError(
      `there is no encoding ${shown(encoding)}; give one such as utf-8, utf-16le, windows-1252, iso-8859-2, shift_jis or gb18030`,
    );
  }
}

function markedDecoder(bytes: Uint8Array): TextDecoder | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return decoderOf('utf-8');
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decoderOf('utf-16le');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decoderOf('utf-16be');
  return undefined;
}

function decode(decoder: TextDecoder, bytes: Uint8Array | undefined, path: string, line: number): string {
  try {
    return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
  } catch {
    if (decoder.encoding !== 'utf-8') {
      throw new UserError(
        `${path} is not text in ${decoder.encoding} (after line ${line}); give its encoding, such as --encoding windows-1252`,
      );
    }
    throw new UserError(
      `${path}, line ${line + (bytes ? brokenLine(bytes) : 0)}: this is not text in UTF-8; give its encoding, such as --encoding windows-1252 (Western Europe), iso-8859-2 or shift_jis`,
    );
  }
}

/** How many lines into `bytes` the first is that is not UTF-8. No character spans the end of a line. */
function brokenLine(bytes: Uint8Array): number {
  // The end of a character that began in the piece before is no fault here.
  let start = 0;
  while (start < 3 && (bytes[start]! & 0xc0) === 0x80) start++;
  for (let line = 0; ; line++) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}

/** The line of a place in `text`, which begins in line `first`. */
function lineOf(text: string, place: number, first: number): number {
  let line = first;
  for (let at = text.indexOf('\n'); at >= 0 && at < place; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

const signatures: readonly [name: string, bytes: readonly number[], advice: string][] = [
  ['a ZIP archive or an Excel workbook (.xlsx)', [0x50, 0x4b, 3, 4], 'save it as CSV, or unpack it'],
  ['an old Excel workbook (.xls)', [0xd0, 0xcf, 0x11, 0xe0], 'save it as CSV'],
  ['a Parquet file', [0x50, 0x41, 0x52, 0x31], 'name it .parquet'],
  ['a PNG picture', [0x89, 0x50, 0x4e, 0x47], 'give a text file'],
  ['a JPEG picture', [0xff, 0xd8, 0xff], 'give a text file'],
  ['a PDF document', [0x25, 0x50, 0x44, 0x46, 0x2d], 'give a text file'],
  ['a NumPy array (.npy)', [0x93, 0x4e, 0x55, 0x4d], 'name it .npy'],
  ['a Zstandard archive', [0x28, 0xb5, 0x2f, 0xfd], 'unpack it, or compress it with gzip'],
  ['an xz archive', [0xfd, 0x37, 0x7a, 0x58, 0x5a], 'unpack it, or compress it with gzip'],
  ['a bzip2 archive', [0x42, 0x5a, 0x68], 'unpack it, or compress it with gzip'],
];

function refuseKnownBinary(bytes: Uint8Array, path: string): void {
  for (const [name, signature, advice] of signatures) {
    // Three letters might begin a text.
    const ascii = signature.every((byte) => byte >= 0x20 && byte < 0x7f) && signature.length < 4;
    const begins = signature.every((byte, i) => bytes[i] === byte);
    if (begins && !(ascii && isUtf8(bytes))) throw new UserError(`${path} is ${name}, not text; ${advice}`);
  }
}

function notText(path: string, line: number): UserError {
  return new UserError(
    `${path}, line ${line}: found a NUL character; the file is binary, or text in UTF-16 without a byte order mark (then give --encoding utf-16le)`,
  );
}
