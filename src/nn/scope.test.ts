import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { add, constant, mul, ShapeError } from '../graph/index.js';
import { evaluate } from '../testing/evaluate.js';
import { initializers } from './initializers.js';
import { Scope } from './scope.js';

const { zeros, ones } = initializers;

describe('a scope', () => {
  it('names variables by the path at which they are asked for', () => {
    const scope = Scope.root({ training: true });
    scope.in('encoder', (encoder) => {
      encoder.in('0', (layer) => layer.parameter('kernel', [2, 3], zeros));
      encoder.parameter('scale', [], ones);
    });
    scope.state('count', [], zeros);
    assert.deepEqual([...scope.variables.keys()], ['encoder.0.kernel', 'encoder.scale', 'count']);
    assert.deepEqual(
      [...scope.variables.values()].map(({ trainable }) => trainable),
      [true, true, false],
    );
  });

  it('gives the same expression for the same name, so that a part built twice shares its weights', () => {
    const scope = Scope.root({ training: true });
    const build = () =>
      scope.in('decoder', (inner) => [
        inner.parameter('kernel', [2, 3], zeros),
        inner.state('mean', [3], zeros),
        inner.noise('epsilon', 'normal', [4, 3]),
        inner.scalar('beta'),
      ]);
    const [first, second] = [build(), build()];
    first.forEach((expr, i) => {
      assert.equal(expr, second[i]);
    });
    assert.deepEqual([scope.variables.size, scope.noises.size, scope.scalars.size], [2, 1, 1]);
  });

  it('means the same weights in another scope by the same names', async () => {
    const build = (training: boolean) =>
      Scope.root({ training }).in('encoder', (scope) => scope.parameter('w', [2], zeros));
    const found = await evaluate(
      { both: add(build(true), build(false)) },
      { 'encoder.w': Float32Array.of(1, 2) },
    );
    assert.deepEqual(found.both, [2, 4]);
  });

  it('refuses one name for two shapes', () => {
    const scope = Scope.root({ training: true });
    scope.in('encoder', (inner) => inner.parameter('kernel', [2, 3], zeros));
    scope.noise('epsilon', 'normal', [4, 3]);
    assert.throws(
      () => scope.in('encoder', (inner) => inner.parameter('kernel', [5, 3], zeros)),
      (error) => error instanceof ShapeError && /'encoder\.kernel'.*\[2, 3\].*\[5, 3\]/.test(error.message),
    );
    assert.throws(() => scope.noise('epsilon', 'normal', [5, 3]), ShapeError);
  });

  it('records noise with its kind and shape under a name that no weight can have', () => {
    const scope = Scope.root({ training: true });
    scope.in('0', (inner) => inner.noise('dropout', 'uniform', ['batch', 3]));
    const { kind, shape } = scope.noises.get('noise.0.dropout')!;
    assert.deepEqual([kind, shape], ['uniform', ['batch', 3]]);
    assert.equal(scope.variables.size, 0);
  });

  it('knows scalars by one name everywhere', () => {
    const scope = Scope.root({ training: true });
    const beta = scope.scalar('beta');
    assert.equal(
      scope.in('deep', (inner) => inner.scalar('beta')),
      beta,
    );
    assert.deepEqual(beta.shape, []);
  });

  it('hands training, updates and penalties through all its parts', async () => {
    for (const training of [true, false])
      Scope.root({ training }).in('a', (a) => a.in('b', (b) => assert.equal(b.training, training)));
    const scope = Scope.root({ training: true });
    scope.in('norm', (inner) => inner.update('mean', constant(3)));
    assert.deepEqual([...scope.updates.keys()], ['norm.mean']);
    assert.equal(scope.penalties, null);
    scope.in('x', (inner) => inner.penalty('a', constant(2)));
    scope.penalty('a', mul(constant(2), 4));
    // Applied again, and frozen.
    scope.penalty('a', constant(100));
    scope.frozen.penalty('b', constant(100));
    assert.deepEqual(await evaluate({ total: scope.penalties! }), { total: [10] });
  });

  it('gives what is built in it its place, for errors and node names', () => {
    const scope = Scope.root({ training: true });
    const expr = scope.in('encoder', (outer) => outer.in('1', () => mul(constant(1), 2)));
    assert.equal(expr.place, 'encoder.1');
    assert.throws(
      () => scope.in('decoder', (inner) => add(inner.parameter('w', [2], zeros), constant(0, [3]))),
      /add in decoder: /,
    );
  });
});
