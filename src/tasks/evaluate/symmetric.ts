/** The mean of rows, and their covariance (divided by n), row-major. */
export interface Moments {
  readonly mean: Float64Array;
  readonly covariance: Float64Array;
}

/** Mean and covariance of rows, `[n, width]` row-major. */
export function momentsOf(values: ArrayLike<number>, width: number): Moments {
  const count = values.length / width;
  const mean = new Float64Array(width);
  for (let i = 0; i < values.length; i++) mean[i % width]! += values[i]! / count;
  const covariance = new Float64Array(width * width);
  const row = new Float64Array(width);
  for (let start = 0; start < values.length; start += width) {
    for (let a = 0; a < width; a++) row[a] = values[start + a]! - mean[a]!;
    for (let a = 0; a < width; a++) {
      for (let b = 0; b <= a; b++) covariance[a * width + b]! += (row[a]! * row[b]!) / count;
    }
  }
  for (let a = 0; a < width; a++)
    for (let b = 0; b < a; b++) covariance[b * width + a] = covariance[a * width + b]!;
  return { mean, covariance };
}

/** Eigenvalues of a symmetric matrix, and the eigenvectors as its columns. */
export interface Eigen {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

/** The eigenvalues and eigenvectors of a symmetric matrix, `[width, width]` row-major, by Jacobi's rotations. */
export function eigenOf(matrix: Float64Array, width: number): Eigen {
  const a = matrix.slice();
  const vectors = new Float64Array(width * width);
  for (let i = 0; i < width; i++) vectors[i * width + i] = 1;
  const size = Math.hypot(...a) || 1;
  // Convergence is quadratic: some ten sweeps are enough for any matrix.
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < width; p++) for (let q = 0; q < p; q++) off += a[p * width + q]! ** 2;
    if (Math.sqrt(off) <= 1e-14 * size) break;
    for (let p = 0; p < width; p++) for (let q = p + 1; q < width; q++) rotate(a, vectors, width, p, q);
  }
  return { values: Float64Array.from({ length: width }, (_, i) => a[i * width + i]!), vectors };
}

/** The rotation of the axes p and q that makes their entry 0. */
function rotate(a: Float64Array, vectors: Float64Array, width: number, p: number, q: number): void {
  const entry = a[p * width + q]!;
  if (entry === 0) return;
  const theta = (a[q * width + q]! - a[p * width + p]!) / (2 * entry);
  const tangent = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  const turn = (values: Float64Array, i: number, j: number) => {
    const [x, y] = [values[i]!, values[j]!];
    values[i] = cosine * x - sine * y;
    values[j] = sine * x + cosine * y;
  };
  for (let k = 0; k < width; k++) turn(a, p * width + k, q * width + k);
  for (let k = 0; k < width; k++) turn(a, k * width + p, k * width + q);
  for (let k = 0; k < width; k++) turn(vectors, k * width + p, k * width + q);
}
