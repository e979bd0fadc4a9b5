import type { DataArray } from '../data/dataset.js';

/** An array of a kind, shared so that a worker need not be sent a copy; pages have shared memory only when isolated. */
export function sharedArray(bytes: boolean, length: number): DataArray {
  const memory = typeof SharedArrayBuffer === 'undefined' ? ArrayBuffer : SharedArrayBuffer;
  return bytes ? new Uint8Array(new memory(length)) : new Float32Array(new memory(length * 4));
}
