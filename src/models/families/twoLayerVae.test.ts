import assert from 'node:assert/strict';
import { test } from 'node:test';
import { input } from '../../graph/expr.js';
import { Scope } from '../../nn/scope.js';
import { twoLayerVaeFamily } from './twoLayerVae.js';

/** The scope of an objective in training. */
function trained(options: object): Scope {
  const config = twoLayerVaeFamily.schema.parse({ hidden: [6], latent: 3, topHidden: [5], ...options });
  const definition = twoLayerVaeFamily.define(config, { features: 4, shape: [4] });
  const scope = Scope.root({ training: true });
  definition.objective(input('x', [8, 4]), scope);
  return scope;
}

const inTop = (names: Iterable<string>) => [...names].filter((name) => name.includes('.top.'));

test('the layers between the two codes are normalised as the others are', () => {
  const gammas = (options: object) =>
    inTop(trained(options).variables.keys()).filter((name) => name.endsWith('gamma'));
  assert.deepEqual(gammas({}), []);
  assert.deepEqual(
    gammas({ normalization: 'batch' }).map((name) => name.split('.')[0]),
    ['encoder', 'decoder'],
  );
});

test('the layers between the two codes are thinned as the others are, for each draw anew', () => {
  const thinned = (options: object) =>
    [...trained(options).noises].filter(([name]) => name.includes('.top.')).map(([, { shape }]) => shape);
  assert.deepEqual(thinned({}), []);
  assert.deepEqual(thinned({ dropout: 0.2, draws: 3 }), [
    [24, 5],
    [24, 5],
  ]);
});
