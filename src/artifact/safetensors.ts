import { UserError } from '../errors.js';

/** A tensor of a safetensors file. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a safetensors file holds: tensors by name, and free text by key. */
export interface StoredTensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** The largest header that is read: as large as the format allows. */
const maxHeader = 100_000_000;

/**
 * Writes float32 tensors as safetensors: https://huggingface.co/docs/safetensors
 * (8 bytes with the header's length, the header as JSON padded with spaces to 8 bytes, the numbers).
 */
export function toSafetensors({ tensors, metadata }: StoredTensors): Uint8Array<ArrayBuffer> {
  let end = 0;
  const header: Record<string, HeaderEntry | Readonly<Record<string, string>>> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, 8, 8 + headerBytes).set(text, 8);
  let position = 8 + headerBytes;
  for (const { data } of tensors.values()) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return file;
}

/**
 * Reads a safetensors file of float32 tensors.
 * @param source names the file in messages
 * @throws {UserError} when the file is cut short, damaged, or holds other dtypes
 */
export function fromSafetensors(file: Uint8Array, source: string): StoredTensors {
  const damaged = (why: string) => new UserError(`${source}: not a readable safetensors file: ${why}`);
  if (file.length < 8) throw damaged(`it has ${file.length} bytes, at least 8 are expected`);
  const length = Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true));
  if (length > maxHeader || 8 + length > file.length) {
    throw damaged(`its header should have ${length} bytes, but the file has ${file.length}`);
  }
  const header = parseHeader(file.subarray(8, 8 + length), damaged);
  // A plain array: `slice` of a Node Buffer would share its memory, at an offset that floats may not have.
  const body = new Uint8Array(file.buffer, file.byteOffset + 8 + length, file.length - 8 - length);
  const tensors = new Map<string, StoredTensor>();
  let expected = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: offsets } = entry as HeaderEntry;
    if (dtype !== 'F32') throw damaged(`the tensor '${name}' is ${String(dtype)}; F32 is expected`);
    if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2)
      throw damaged(`the entry of '${name}' is malformed`);
    const [start, end] = offsets as [number, number];
    const bytes = 4 * shape.reduce((a, b) => a * b, 1);
    if (start !== expected || end - start !== bytes)
      throw damaged(`the place of '${name}' does not fit its shape [${shape.join(', ')}]`);
    if (end > body.length)
      throw damaged(
        `it ends within '${name}': ${end} bytes of numbers are expected, ${body.length} are there`,
      );
    tensors.set(name, { shape, data: new Float32Array(body.slice(start, end).buffer) });
    expected = end;
  }
  if (expected !== body.length) throw damaged(`${body.length - expected} bytes follow the last tensor`);
  const metadata = header.__metadata__;
  return { tensors, metadata: (metadata ?? {}) as Readonly<Record<string, string>> };
}

function parseHeader(bytes: Uint8Array, damaged: (why: string) => Error): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw damaged('its header is not JSON');
  }
  const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(header) || !Object.values(header as object).every(isObject))
    throw damaged('its header is not a table of tensors');
  return header as Record<string, unknown>;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
