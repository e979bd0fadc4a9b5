/**
 * Decodes Parquet's hybrid of runs and packed bits, in which levels and places in a dictionary are written. hyparquet
 * has such a function too, but it writes as many values as a run claims: one damaged byte makes it take all memory.
 * @param out is filled whole; runs that claim more are cut.
 * @throws {Error} when the bytes end before `out` is full
 */
export function decodeRuns(bytes: Uint8Array, width: number, out: Uint8Array | Uint32Array): void {
  if (width > 32) throw new Error(`values of ${width} bits`);
  if (width === 0) return;
  let at = 0;
  let seen = 0;
  while (seen < out.length) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= bytes.length || shift > 28) throw new Error('runs of values end too early');
      const byte = bytes[at++]!;
      header += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    if (header % 2 === 1) {
      const count = Math.min(((header - 1) / 2) * 8, out.length - seen);
      unpackBits(bytes, at, width, out, seen, count);
      seen += count;
      at += ((header - 1) / 2) * width;
    } else {
      let value = 0;
      for (let shift = 0; shift < width; shift += 8) {
        if (at >= bytes.length) throw new Error('runs of values end too early');
        value += bytes[at++]! * 2 ** shift;
      }
      const end = Math.min(seen + header / 2, out.length);
      out.fill(value, seen, end);
      seen = end;
    }
  }
}

function unpackBits(
  bytes: Uint8Array,
  start: number,
  width: number,
  out: Uint8Array | Uint32Array,
  first: number,
  count: number,
): void {
  if (start + Math.ceil((count * width) / 8) > bytes.length) throw new Error('packed values end too early');
  let at = start;
  let held = 0;
  let bits = 0;
  if (width <= 24) {
    const mask = 2 ** width - 1;
    for (let i = first; i < first + count; i++) {
      for (; bits < width; bits += 8) held |= bytes[at++]! << bits;
      out[i] = held & mask;
      held >>>= width;
      bits -= width;
    }
    return;
  }
  // More bits than integers of 32 hold at once: in floats, which are exact up to 53.
  const size = 2 ** width;
  for (let i = first; i < first + count; i++) {
    for (; bits < width; bits += 8) held += bytes[at++]! * 2 ** bits;
    out[i] = held % size;
    held = Math.floor(held / size);
    bits -= width;
  }
}
