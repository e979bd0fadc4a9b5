import { UserError } from '../../errors.js';

/** What is asked of {@link nearestNeighbours}. */
export interface NeighbourQuestion {
  /** Row-major, `[n, width]`. */
  readonly references: Float32Array;
  /** Row-major, `[m, width]`; the references themselves unless given. */
  readonly queries?: Float32Array;
  /** How many values a row has. */
  readonly width: number;
  /** How many neighbours of every query. */
  readonly k: number;
  /** Query `i` is reference `i`, and is no neighbour of itself (an equal row elsewhere is). */
  readonly excludeSelf?: boolean;
}

/** The neighbours of every query, the nearest first. */
export interface Neighbours {
  readonly k: number;
  /** Places among the references, `[m, k]`. */
  readonly indices: Uint32Array;
  /** Euclidean distances, `[m, k]`. */
  readonly distances: Float64Array;
}

/** Values of references that are compared with a block of queries at a time: 16 KiB, which stay in the cache. */
const blockValues = 2048;
const blockQueries = 128;

/** So many differences are added between two looks at whether a reference is already too far. */
const stride = 8;

/**
 * The exact k nearest references of every query by Euclidean distance, by comparing each with each. Sums are of
 * float64; of references that are equally far the first come first.
 * @throws {UserError} when the values do not fill whole rows or are not all finite, and when there are fewer than
 *   `k` references to choose from.
 */
export function nearestNeighbours(question: NeighbourQuestion): Neighbours {
  const { references, queries = references, width, k, excludeSelf = false } = question;
  const count = rowsOf(references, width, 'references');
  const asked = rowsOf(queries, width, 'queries');
  const choice = count - (excludeSelf ? 1 : 0);
  if (!Number.isInteger(k) || k < 1 || k > choice) {
    throw new UserError(
      `${k} neighbours were asked for among ${Math.max(choice, 0)} rows; ask for a whole number of 1 to ${Math.max(choice, 1)}, or give more rows`,
    );
  }
  const padded = Math.ceil(width / stride) * stride;
  const perBlock = Math.max(1, Math.floor(blockValues / padded));
  const near = new Float64Array(perBlock * padded);
  const block = new Float64Array(blockQueries * padded);
  const indices = new Uint32Array(asked * k);
  const squares = new Float64Array(asked * k).fill(Number.POSITIVE_INFINITY);
  for (let q = 0; q < asked; q += blockQueries) {
    const ends = Math.min(asked, q + blockQueries);
    widen(queries, q, ends, width, padded, block);
    for (let r = 0; r < count; r += perBlock) {
      const end = Math.min(count, r + perBlock);
      widen(references, r, end, width, padded, near);
      for (let i = q; i < ends; i++) {
        const self = excludeSelf ? i : -1;
        compare(block, (i - q) * padded, near, padded, r, end, self, k, i * k, indices, squares);
      }
    }
  }
  for (let i = 0; i < squares.length; i++) squares[i] = Math.sqrt(squares[i]!);
  return { k, indices, distances: squares };
}

/** Merges references `from` to `to` into the neighbours found so far of one query. */
function compare(
  query: Float64Array,
  at: number,
  near: Float64Array,
  padded: number,
  from: number,
  to: number,
  self: number,
  k: number,
  first: number,
  indices: Uint32Array,
  squares: Float64Array,
): void {
  const last = first + k - 1;
  let farthest = squares[last]!;
  for (let r = from; r < to; r++) {
    const place = (r - from) * padded;
    let square = 0;
    // Most references are ruled out by their first values. Beyond a `farthest` sums only grow.
    for (let d = 0; d < padded && square < farthest; d += stride) {
      const a = query[at + d]! - near[place + d]!;
      const b = query[at + d + 1]! - near[place + d + 1]!;
      const c = query[at + d + 2]! - near[place + d + 2]!;
      const e = query[at + d + 3]! - near[place + d + 3]!;
      const f = query[at + d + 4]! - near[place + d + 4]!;
      const g = query[at + d + 5]! - near[place + d + 5]!;
      const h = query[at + d + 6]! - near[place + d + 6]!;
      const i = query[at + d + 7]! - near[place + d + 7]!;
      square += a * a + b * b + (c * c + e * e) + (f * f + g * g + (h * h + i * i));
    }
    if (square >= farthest || r === self) continue;
    let slot = last;
    // A tie stays behind what was there, which has the lower index.
    while (slot > first && squares[slot - 1]! > square) {
      squares[slot] = squares[slot - 1]!;
      indices[slot] = indices[slot - 1]!;
      slot--;
    }
    squares[slot] = square;
    indices[slot] = r;
    farthest = squares[last]!;
  }
}

/** Rows as float64, each filled up with zeros, which add nothing to a distance, to whole strides. */
function widen(
  rows: Float32Array,
  from: number,
  to: number,
  width: number,
  padded: number,
  target: Float64Array,
): void {
  for (let r = from; r < to; r++) {
    const [source, place] = [r * width, (r - from) * padded];
    for (let d = 0; d < width; d++) target[place + d] = rows[source + d]!;
  }
}

function rowsOf(values: Float32Array, width: number, what: string): number {
  if (!Number.isInteger(width) || width < 1 || values.length % width !== 0) {
    throw new UserError(
      `${values.length} values of ${what} do not make rows of ${width}; give whole rows, one after the other`,
    );
  }
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!)) {
      throw new UserError(
        `row ${Math.floor(i / width)} of the ${what} has the value ${values[i]}; distances need finite values, leave such rows out`,
      );
    }
  }
  return values.length / width;
}
