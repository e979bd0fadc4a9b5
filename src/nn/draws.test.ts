import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { input, toOnnx } from '../graph/index.js';
import { evaluate, runModel } from '../testing/evaluate.js';
import { assertClose } from '../testing/fixtures.js';
import { drawNormal, flattenDraws, logStandardNormal, repeatRows } from './draws.js';
import { Scope } from './scope.js';

describe('draws', () => {
  it('repeats rows one after the other, of a batch of any size', async () => {
    const x = input('x', ['batch', 2]);
    const repeated = repeatRows(x, 3);
    assert.deepEqual(repeated.shape, ['3·batch', 2]);
    const model = toOnnx({ name: 'repeat', outputs: { repeated } });
    const found = await runModel(model, { x: { data: Float32Array.of(1, 2, 3, 4), dims: [2, 2] } });
    assert.deepEqual(Array.from(found.repeated!.data), [1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4]);
  });

  it('puts draws in the order of repeated rows', async () => {
    const data = Float32Array.from({ length: 12 }, (_, i) => i);
    const { flat } = await evaluate({ flat: flattenDraws(input('x', [2, 3, 2])) }, { x: data });
    assert.deepEqual(flat, Array.from(data));
    assert.deepEqual(flattenDraws(input('x', ['batch', 3, 2])).shape, ['3·batch', 2]);
  });

  it('draws from the normal distribution asked for, and gives its density there', async () => {
    const scope = Scope.root({ training: false });
    const { code, logDensity } = drawNormal(input('mean', [1, 2]), input('logVar', [1, 2]), 2, scope);
    const [noise, mean, logVar] = [
      [0.5, -1, 2, 0],
      [1, -2],
      [0.2, -0.6],
    ] as const;
    const found = await evaluate(
      { code, logDensity, prior: logStandardNormal(code) },
      {
        mean: Float32Array.from(mean),
        logVar: Float32Array.from(logVar),
        'noise.draws': Float32Array.from(noise),
      },
    );
    const z = noise.map((e, i) => mean[i % 2]! + Math.exp(logVar[i % 2]! / 2) * e);
    const log = (x: number, center: number, variance: number) =>
      -0.5 * ((x - center) ** 2 / variance + Math.log(2 * Math.PI * variance));
    const pair = (f: (i: number) => number) => [f(0) + f(1), f(2) + f(3)];
    assertClose(found.code, z, 1e-6, 'z');
    assertClose(
      found.logDensity,
      pair((i) => log(z[i]!, mean[i % 2]!, Math.exp(logVar[i % 2]!))),
      1e-6,
      'log q',
    );
    assertClose(
      found.prior,
      pair((i) => log(z[i]!, 0, 1)),
      1e-6,
      'log p',
    );
  });
});
