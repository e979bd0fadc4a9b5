import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { constant, type Expr, input, mul, sum } from '../graph/index.js';

/** A tensor as the fixtures hold it, row-major. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Reads `test/fixtures/<name>.json`. */
export function readFixture<T>(name: string): T {
  const path = new URL(`../../test/fixtures/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

/** An input with the shape of each stored tensor. */
export function inputsLike<K extends string>(stored: Readonly<Record<K, StoredTensor>>): Record<K, Expr> {
  return mapped(stored, ({ shape }, name) => input(name, shape));
}

/** The numbers of stored tensors, to be fed. */
export function valuesOf<K extends string>(
  stored: Readonly<Record<K, StoredTensor>>,
): Record<K, Float32Array> {
  return mapped(stored, ({ data }) => Float32Array.from(data));
}

/** Σ output · weights: the scalar whose gradients the fixtures hold. */
export function weightedBy(output: Expr, weights: StoredTensor): Expr {
  return sum(mul(output, constant(weights.data, weights.shape)));
}

/** Fails unless all numbers agree within `tolerance` · (1 + |expected|). */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  assert.equal(actual.length, expected.length, `${what}: the number of elements`);
  for (let i = 0; i < expected.length; i++) {
    const [got, wanted] = [actual[i]!, expected[i]!];
    // Written so that NaN fails.
    const near = Math.abs(got - wanted) <= tolerance * (1 + Math.abs(wanted));
    assert.ok(near, `${what}[${i}]: ${got}, expected ${wanted}`);
  }
}

function mapped<K extends string, T, U>(
  record: Readonly<Record<K, T>>,
  f: (value: T, name: K) => U,
): Record<K, U> {
  return Object.fromEntries(
    (Object.entries(record) as [K, T][]).map(([name, value]) => [name, f(value, name)]),
  ) as Record<K, U>;
}
