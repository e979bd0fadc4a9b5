/** The lower triangle L with L · Lᵀ the matrix, of which the lower triangle is read. */
export function cholesky(matrix: readonly Float64Array[]): Float64Array[] {
  const lower = matrix.map((row) => new Float64Array(row.length));
  for (let a = 0; a < matrix.length; a++) {
    for (let b = 0; b <= a; b++) {
      let rest = matrix[a]![b]!;
      for (let k = 0; k < b; k++) rest -= lower[a]![k]! * lower[b]![k]!;
      lower[a]![b] = a === b ? Math.sqrt(Math.max(rest, 1e-12)) : rest / lower[b]![b]!;
    }
  }
  return lower;
}

/** The inverse of a lower triangle, which is one too. */
export function invertLower(lower: readonly Float64Array[]): Float64Array[] {
  const inverse = lower.map((row) => new Float64Array(row.length));
  for (let column = 0; column < lower.length; column++) {
    for (let a = column; a < lower.length; a++) {
      let sum = a === column ? 1 : 0;
      for (let k = column; k < a; k++) sum -= lower[a]![k]! * inverse[k]![column]!;
      inverse[a]![column] = sum / lower[a]![a]!;
    }
  }
  return inverse;
}
