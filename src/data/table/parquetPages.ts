import { brotliDecompressSync, unzipSync } from 'node:zlib';
import type { ColumnMetaData, DataReader, PageHeader, SchemaElement } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { deltaBinaryUnpack, deltaByteArray, deltaLengthByteArray } from 'hyparquet/src/delta.js';
import { byteStreamSplit } from 'hyparquet/src/encoding.js';
import { readPlain } from 'hyparquet/src/plain.js';
import { compressors, decompressZstd } from 'hyparquet-compressors';
import { countText } from '../bytes.js';
import type { CellConverter, Stored } from './parquetCells.js';
import { decodeRuns } from './parquetRuns.js';
import type { ByteSource } from './parquetSource.js';
import type { Cell } from './table.js';

/** The most that one page may unpack to. Writers aim at a megabyte; a few bytes can be made to claim terabytes. */
const maxPageBytes = 2 ** 30;
/** The most rows of one page: a run of equal values can claim any number. */
const maxPageRows = 2 ** 26;
/** The most that texts written as differences may come to in a page: repeating the one before costs no byte. */
const maxRepeatedBytes = 2 ** 28;

const readAhead = 2 ** 18;

/** A column of one row group. */
export interface ColumnPart {
  readonly meta: ColumnMetaData;
  readonly element: SchemaElement;
  readonly rows: number;
  readonly convert: CellConverter;
}

/**
 * The cells of a column in one row group, page by page: of a row group of any size, no more than a page is in memory.
 * @throws {Error} a plain one for what is damaged or not supported; the caller knows how to name the column.
 */
export async function* columnPages(source: ByteSource, part: ColumnPart): AsyncGenerator<ArrayLike<Cell>> {
  const { meta, rows, convert } = part;
  const [start, end] = byteRange(meta, source.size);
  const window = windowOver(source, end);
  let dictionary: ArrayLike<Cell> | undefined;
  let seen = 0;
  for (let at = start; seen < rows; ) {
    if (at >= end) throw new Error(`only ${countText(seen)} of ${countText(rows)} rows are there`);
    const { header, length } = await readHeader(window, at, end);
    const size = header.compressed_page_size;
    at += length;
    if (!(size >= 0 && at + size <= end)) throw new Error('a page is longer than its column');
    if (header.type === 'INDEX_PAGE') {
      at += size;
      continue;
    }
    const packed = await window(at, size);
    at += size;
    if (header.type === 'DICTIONARY_PAGE') {
      dictionary = convert(dictionaryValues(packed, header, part));
      continue;
    }
    const count = (header.data_page_header ?? header.data_page_header_v2)?.num_values ?? -1;
    if (!(count >= 0 && count <= rows - seen)) throw new Error('a page has more rows than its row group');
    if (count > maxPageRows) {
      throw new Error(
        `a page of ${countText(count)} rows; at most ${countText(maxPageRows)} are read at once`,
      );
    }
    seen += count;
    if (count > 0) yield pageCells(packed, header, count, dictionary, part);
  }
}

function byteRange(meta: ColumnMetaData, size: number): [start: number, end: number] {
  const data = Number(meta.data_page_offset);
  const dictionary = Number(meta.dictionary_page_offset ?? 0);
  const start = dictionary > 0 && dictionary < data ? dictionary : data;
  const end = start + Number(meta.total_compressed_size);
  if (!(start >= 4 && end >= start && end <= size)) throw new Error('it lies outside the file');
  return [start, end];
}

type Window = (start: number, length: number) => Promise<Uint8Array<ArrayBuffer>>;

/** Reads ahead, since headers are short and pages often are. */
function windowOver(source: ByteSource, end: number): Window {
  let from = 0;
  let held = new Uint8Array(0);
  return async (start, length) => {
    if (start < from || start + length > from + held.length) {
      held = await source.read(start, Math.min(Math.max(length, readAhead), end - start));
      from = start;
    }
    return held.subarray(start - from, start - from + length);
  };
}

async function readHeader(
  window: Window,
  start: number,
  end: number,
): Promise<{ header: PageHeader; length: number }> {
  // Headers may hold the least and greatest value of the page, which may be long texts.
  for (let size = 1024; ; size *= 16) {
    const bytes = await window(start, Math.min(size, end - start));
    const reader = readerOf(bytes);
    try {
      return { header: parquetHeader(reader), length: reader.offset };
    } catch (error) {
      if (size >= end - start || size > 2 ** 24) throw error;
    }
  }
}

function readerOf(bytes: Uint8Array): DataReader {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
}

function unpack(packed: Uint8Array, size: number, codec: ColumnMetaData['codec']): Uint8Array {
  if (!(size >= 0 && size <= maxPageBytes)) {
    throw new Error(
      `a page that unpacks to ${countText(size)} bytes; at most ${countText(maxPageBytes)} are read`,
    );
  }
  const bytes = unpackAs(packed, size, codec);
  if (bytes.length !== size) {
    throw new Error(
      `a page unpacks to ${countText(bytes.length)} bytes where its header says ${countText(size)}`,
    );
  }
  return bytes;
}

function unpackAs(packed: Uint8Array, size: number, codec: ColumnMetaData['codec']): Uint8Array {
  if (size === 0) return new Uint8Array(0);
  switch (codec) {
    case 'UNCOMPRESSED':
      return packed;
    case 'GZIP':
      return unzipSync(packed, { maxOutputLength: size });
    case 'BROTLI':
      return brotliDecompressSync(packed, { maxOutputLength: size });
    case 'ZSTD':
      // Given where to write, it does not take the frame's word for how much that is.
      return decompressZstd(packed, new Uint8Array(size));
    default: {
      const decompress = compressors[codec];
      if (decompress === undefined) throw new Error(`compressed with ${String(codec)}, which is not read`);
      return decompress(packed, size);
    }
  }
}

function dictionaryValues(packed: Uint8Array, header: PageHeader, { meta, element }: ColumnPart): Stored {
  const count = header.dictionary_page_header?.num_values ?? -1;
  const bytes = unpack(packed, header.uncompressed_page_size, meta.codec);
  // Every value takes at least a bit.
  if (!(count >= 0 && count <= bytes.length * 8)) throw new Error('a dictionary is longer than its page');
  return plainValues(readerOf(bytes), count, meta.type, element);
}

/** hyparquet also reads past the end of a page, into what lies behind it in memory. */
function plainValues(
  reader: DataReader,
  count: number,
  type: ColumnMetaData['type'],
  element: SchemaElement,
): Stored {
  const values = readPlain(reader, type, count, element.type_length);
  if (reader.offset > reader.view.byteLength) throw endsTooEarly();
  return values;
}

function endsTooEarly(): Error {
  return new Error('a page ends before its values do');
}

function pageCells(
  packed: Uint8Array,
  header: PageHeader,
  count: number,
  dictionary: ArrayLike<Cell> | undefined,
  { meta, element, convert }: ColumnPart,
): ArrayLike<Cell> {
  const optional = element.repetition_type !== 'REQUIRED';
  const { levels, body } = splitPage(packed, header, optional, meta.codec);
  let present = count;
  let levelOf: Uint8Array | undefined;
  if (optional) {
    levelOf = new Uint8Array(count);
    decodeRuns(levels, 1, levelOf);
    present = 0;
    for (let i = 0; i < count; i++) present += levelOf[i]!;
  }
  const encoding = (header.data_page_header ?? header.data_page_header_v2)?.encoding;
  const cells = encoding?.endsWith('_DICTIONARY')
    ? lookUp(body, present, dictionary)
    : present === 0
      ? []
      : convert(pageValues(body, present, String(encoding), meta.type, element, header.type));
  if (cells.length !== present) throw new Error('a page has another number of values than it says');
  if (present === count) return cells;
  const all = new Array<Cell>(count);
  for (let i = 0, next = 0; i < count; i++) all[i] = levelOf![i] === 1 ? cells[next++]! : null;
  return all;
}

/** Which values are there (levels), and the values. */
function splitPage(
  packed: Uint8Array,
  header: PageHeader,
  optional: boolean,
  codec: ColumnMetaData['codec'],
): { levels: Uint8Array; body: Uint8Array } {
  const second = header.data_page_header_v2;
  if (header.type === 'DATA_PAGE_V2' && second !== undefined) {
    // Here, levels are not compressed.
    const size = second.definition_levels_byte_length;
    const before = second.repetition_levels_byte_length;
    if (!(size >= 0 && before >= 0 && size + before <= packed.length)) throw new Error('a page has no room');
    const rest = packed.subarray(before + size);
    const unpackedSize = header.uncompressed_page_size - size - before;
    const body = second.is_compressed === false ? rest : unpack(rest, unpackedSize, codec);
    return { levels: packed.subarray(before, before + size), body };
  }
  if (header.type !== 'DATA_PAGE') throw new Error(`a page of the unknown type ${String(header.type)}`);
  const page = unpack(packed, header.uncompressed_page_size, codec);
  if (!optional) return { levels: page.subarray(0, 0), body: page };
  if (header.data_page_header?.definition_level_encoding !== 'RLE') {
    throw new Error('levels in an encoding that is no longer in use');
  }
  const size = readerOf(page).view.getUint32(0, true);
  if (4 + size > page.length) throw new Error('a page is shorter than its levels');
  return { levels: page.subarray(4, 4 + size), body: page.subarray(4 + size) };
}

type NumberArray = Float64Array | Float32Array | Int32Array | Uint32Array;

function lookUp(body: Uint8Array, count: number, dictionary: ArrayLike<Cell> | undefined): ArrayLike<Cell> {
  if (count === 0) return [];
  if (dictionary === undefined) throw new Error('a page needs a dictionary, and there is none');
  if (body.length === 0) throw new Error('a page ends too early');
  const places = new Uint32Array(count);
  decodeRuns(body.subarray(1), body[0]!, places);
  const size = dictionary.length;
  const cells = ArrayBuffer.isView(dictionary)
    ? new ((dictionary as unknown as NumberArray).constructor as Float64ArrayConstructor)(count)
    : new Array<Cell>(count);
  for (let i = 0; i < count; i++) {
    const place = places[i]!;
    if (place >= size) throw new Error('a page points beyond its dictionary');
    cells[i] = dictionary[place] as number;
  }
  return cells;
}

function pageValues(
  body: Uint8Array,
  count: number,
  encoding: string,
  type: ColumnMetaData['type'],
  element: SchemaElement,
  page: PageHeader['type'],
): Stored {
  const reader = readerOf(body);
  switch (encoding) {
    case 'PLAIN':
      return plainValues(reader, count, type, element);
    case 'RLE': {
      if (type !== 'BOOLEAN') break;
      const bits = new Uint8Array(count);
      // The length comes first, in pages of both versions; some writers leave it out in the second.
      const length = body.length >= 4 ? reader.view.getUint32(0, true) : -1;
      const withLength = page === 'DATA_PAGE' || length === body.length - 4;
      decodeRuns(withLength ? body.subarray(4) : body, 1, bits);
      return Array.from(bits, (bit) => bit === 1);
    }
    case 'DELTA_BINARY_PACKED': {
      if (type !== 'INT32' && type !== 'INT64') break;
      const values = type === 'INT32' ? new Int32Array(count) : new BigInt64Array(count);
      deltaBinaryUnpack(reader, count, values);
      return values;
    }
    case 'DELTA_LENGTH_BYTE_ARRAY':
    case 'DELTA_BYTE_ARRAY': {
      const values = new Array<Uint8Array>(count);
      if (encoding === 'DELTA_BYTE_ARRAY') {
        checkRepeated(body, count);
        deltaByteArray(reader, count, values);
      } else {
        deltaLengthByteArray(reader, count, values);
      }
      if (reader.offset > body.length) throw endsTooEarly();
      return values;
    }
    case 'BYTE_STREAM_SPLIT':
      return byteStreamSplit(reader, count, type, element.type_length);
  }
  throw new Error(`values of type ${type} in the encoding ${encoding}, which is not read`);
}

/** Every value is a beginning of the one before and some bytes more: a page of kilobytes could take all memory. */
function checkRepeated(body: Uint8Array, count: number): void {
  const lengths = new Int32Array(count);
  deltaBinaryUnpack(readerOf(body), count, lengths);
  // One below zero would make room in the sum, and fails only when it is reached.
  const repeated = lengths.reduce((sum, length) => sum + Math.max(0, length), 0);
  if (repeated > maxRepeatedBytes) {
    throw new Error(
      `a page whose texts repeat ${countText(repeated)} bytes; at most ${countText(maxRepeatedBytes)} are read`,
    );
  }
}
