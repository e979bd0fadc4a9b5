import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createModel, deterministicFamily, UserError } from '../index.js';

const refused = (make: () => unknown, message: RegExp) =>
  assert.throws(make, (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    return true;
  });

describe('a model', () => {
  it('is refused without the shape of its samples, or with what is none', () => {
    refused(
      () => createModel('vae', { latent: 2 } as never),
      /^input: the number of features, or the shape of a sample, is expected, such as 784 .*; got undefined$/,
    );
    for (const input of [null, 'mnist', {}, [], [28, '28'], 0, 1.5, [[28, 28]]])
      refused(() => createModel('vae', { input, latent: 2 } as never), /^input: /);
  });

  it('is refused without options', () => {
    refused(() => (createModel as (name: string) => unknown)('vae'), /^vae: `latent`: /);
  });

  it('of a family that asks for a number it does not have is refused by both names, before it is trained', () => {
    const family = deterministicFamily({
      ...{ name: 'annealed', title: 'Annealed', summary: 'with a weight that changes', source: 'here' },
      options: {},
      regularize: ({ scope }) => ({ loss: scope.scalar('foo') }),
    });
    refused(
      () => createModel(family, { input: 4, latent: 2 }),
      /^annealed: scope\.scalar\('foo'\) .* add foo: /,
    );
  });
});
