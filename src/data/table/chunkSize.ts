import { chunkRows } from './table.js';

/** Text cells take some tens of bytes each, so a chunk takes some tens of megabytes at most. */
const maxChunkCells = 2 ** 20;

/** Rows of a chunk of so many columns: {@link chunkRows}, and fewer where columns are many, so that memory stays flat. */
export function rowsOfChunk(columns: number): number {
  return Math.max(1, Math.min(chunkRows, Math.floor(maxChunkCells / columns)));
}
