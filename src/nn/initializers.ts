import { sizeOf } from '../graph/shape.js';
import { normal } from '../random/normal.js';
import type { Random } from '../random/random.js';

/** Gives the first values of a weight tensor of this shape, row-major. */
export type Initializer = (shape: readonly number[], random: Random) => Float32Array;

/**
 * How many inputs feed one unit of a kernel, and how many outputs one input feeds. A kernel of a dense layer is
 * [in, out], of a convolution [out, in, …space].
 */
function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  if (shape.length === 2) return { fanIn: shape[0]!, fanOut: shape[1]! };
  const taps = sizeOf(shape.slice(2));
  return { fanIn: shape[1]! * taps, fanOut: shape[0]! * taps };
}

type Variance = (fanIn: number, fanOut: number) => number;

function uniformOf(variance: Variance): Initializer {
  return (shape, random) => {
    const { fanIn, fanOut } = fans(shape);
    const limit = Math.sqrt(3 * variance(fanIn, fanOut));
    return fill(shape, () => (2 * random.uniform() - 1) * limit);
  };
}

function normalOf(variance: Variance): Initializer {
  return (shape, random) => {
    const { fanIn, fanOut } = fans(shape);
    const deviation = Math.sqrt(variance(fanIn, fanOut));
    return fill(shape, () => normal(random) * deviation);
  };
}

function fill(shape: readonly number[], draw: () => number): Float32Array {
  return Float32Array.from({ length: sizeOf(shape) }, draw);
}

/** Normal numbers of this standard deviation, whatever the shape. */
export function normalInitializer(deviation: number): Initializer {
  return (shape, random) => fill(shape, () => normal(random) * deviation);
}

const glorot: Variance = (fanIn, fanOut) => 2 / (fanIn + fanOut);
const he: Variance = (fanIn) => 2 / fanIn;
const lecun: Variance = (fanIn) => 1 / fanIn;

/**
 * A matrix with orthonormal rows or columns, whichever are fewer (Saxe et al. 2014), by Gram-Schmidt. The kernel of
 * a convolution counts as the matrix [out, in · taps].
 */
const orthogonal: Initializer = (shape, random) => {
  const rows = shape[0] ?? 1;
  const columns = sizeOf(shape.slice(1));
  const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
  const basis: Float64Array[] = [];
  while (basis.length < count) {
    const vector = Float64Array.from({ length }, () => normal(random));
    // Twice, since once leaves a rounding error that grows with the number of vectors.
    for (const other of [...basis, ...basis]) {
      const overlap = other.reduce((total, value, i) => total + value * vector[i]!, 0);
      for (let i = 0; i < length; i++) vector[i]! -= overlap * other[i]!;
    }
    const norm = Math.sqrt(vector.reduce((total, value) => total + value * value, 0));
    if (norm > 1e-6) basis.push(vector.map((value) => value / norm));
  }
  const at = (row: number, column: number) => (rows < columns ? basis[row]![column]! : basis[column]![row]!);
  return Float32Array.from({ length: rows * columns }, (_, i) => at(Math.floor(i / columns), i % columns));
};

/** The initializers by name. Glorot and Bengio 2010; He et al. 2015; LeCun et al. 1998; Saxe et al. 2014. */
export const initializers = {
  zeros: (shape) => fill(shape, () => 0),
  ones: (shape) => fill(shape, () => 1),
  glorotUniform: uniformOf(glorot),
  glorotNormal: normalOf(glorot),
  heUniform: uniformOf(he),
  heNormal: normalOf(he),
  lecunUniform: uniformOf(lecun),
  lecunNormal: normalOf(lecun),
  orthogonal,
} satisfies Record<string, Initializer>;

/** The name of an initializer. */
export type InitializerName = keyof typeof initializers;
