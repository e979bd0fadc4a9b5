import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { constant, type Expr } from '../graph/expr.js';
import { gradient } from '../graph/gradient.js';
import { add } from '../graph/ops/elementwise.js';
import { Scope } from '../nn/scope.js';
import { evaluate } from '../testing/evaluate.js';
import { assertClose, readFixture, type StoredTensor } from '../testing/fixtures.js';
import { type FamilyName, families, familyNamed } from './families.js';

interface FamilyCase {
  readonly name: string;
  readonly family: FamilyName;
  readonly options: Readonly<Record<string, unknown>>;
  readonly noise: Readonly<Record<string, StoredTensor>>;
  readonly scalars: Readonly<Record<string, number>>;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Of every weight that learns; of no other. */
  readonly gradients: Readonly<Record<string, StoredTensor>>;
  readonly updates: Readonly<Record<string, StoredTensor>>;
}

const fixture = readFixture<{
  features: number;
  x: StoredTensor;
  weights: Readonly<Record<string, StoredTensor>>;
  cases: readonly FamilyCase[];
}>('families');

/** Families whose objective is that of another, on other networks. */
const sameObjective: readonly FamilyName[] = ['autoencoder', 'conv-autoencoder', 'conv-vae'];
/** Those whose input is more than x have a fixture and a test of their own: `estimator/conditional.test.ts`. */
const elsewhere: readonly FamilyName[] = ['conditional-vae'];

const x = constant(Float32Array.from(fixture.x.data), fixture.x.shape);

/** A model of the fixture's size, built to learn. */
function built({ family: name, options }: Pick<FamilyCase, 'family' | 'options'>) {
  const family = familyNamed(name);
  const config = family.schema.parse(options);
  const definition = family.define(config, { features: fixture.features, shape: [fixture.features] });
  const scope = Scope.root({ training: true });
  const { loss, metrics } = definition.objective(x, scope);
  const trained = [...scope.variables].filter(([, { trainable }]) => trainable);
  const minimised = scope.rivals === null ? loss : add(loss, scope.rivals);
  const slopes = gradient(
    minimised,
    trained.map(([, { expr }]) => expr),
  );
  return { scope, loss, metrics, slopes: trained.map(([key], i) => [key, slopes[i]!] as const) };
}

const named = (prefix: string, entries: Iterable<readonly [string, Expr]>) =>
  Object.fromEntries([...entries].map(([key, expr]) => [`${prefix} ${key}`, expr]));

describe("objectives against PyTorch's numbers", () => {
  for (const given of fixture.cases) {
    it(`${given.name}: loss, metrics, next states, and the gradient of every weight`, async () => {
      const { scope, loss, metrics, slopes } = built(given);
      const values: Record<string, Float32Array> = {};
      for (const name of scope.variables.keys())
        values[name] = Float32Array.from(fixture.weights[name]!.data);
      for (const [name, { data }] of Object.entries(given.noise)) values[name] = Float32Array.from(data);
      for (const [name, value] of Object.entries(given.scalars)) values[name] = Float32Array.of(value);
      assert.deepEqual([...scope.noises.keys()].sort(), Object.keys(given.noise).sort());
      assert.deepEqual(Object.keys(metrics).sort(), Object.keys(given.metrics).sort());
      assert.deepEqual([...scope.updates.keys()].sort(), Object.keys(given.updates).sort());

      const found: Record<string, number[]> = await evaluate(
        {
          loss,
          ...named('metric', Object.entries(metrics)),
          ...named('gradient', slopes),
          ...named('next', scope.updates),
        },
        values,
      );
      assertClose(found.loss!, [given.loss], 3e-6, 'loss');
      for (const [key, value] of Object.entries(given.metrics))
        assertClose(found[`metric ${key}`]!, [value], 3e-6, key);
      for (const [key, { data }] of Object.entries(given.updates))
        assertClose(found[`next ${key}`]!, data, 3e-6, `next ${key}`);
      for (const [key] of slopes) {
        const wanted = given.gradients[key]?.data ?? fixture.weights[key]!.data.map(() => 0);
        assertClose(found[`gradient ${key}`]!, wanted, 1e-5, `gradient of ${key}`);
      }
    });
  }

  it('every family has its case', () => {
    const covered = new Set([...fixture.cases.map(({ family }) => family), ...sameObjective, ...elsewhere]);
    assert.deepEqual([...covered].sort(), Object.keys(families).sort());
  });
});
