import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { input } from '../graph/expr.js';
import { evaluate } from '../testing/evaluate.js';
import { joinCondition } from './condition.js';
import { Scope } from './scope.js';

const classes = Float32Array.of(0, 1, 1, 0);

async function joined(shape: readonly number[], samples = 2): Promise<{ y: number[]; shape: unknown }> {
  const scope = Scope.root({ training: false, condition: input('condition', [samples, 2]) });
  const y = joinCondition()(input('x', shape), scope);
  const size = shape.reduce((a, b) => a * b, 1);
  const found = await evaluate(
    { y },
    { x: Float32Array.from({ length: size }, (_, i) => i + 2), condition: classes.slice(0, 2 * samples) },
  );
  return { y: found.y, shape: y.shape };
}

describe('joining a condition', () => {
  it('puts the class of each sample behind its numbers', async () => {
    assert.deepEqual(await joined([2, 3]), { y: [2, 3, 4, 0, 1, 5, 6, 7, 1, 0], shape: [2, 5] });
  });

  it('gives all rows of a sample its class', async () => {
    assert.deepEqual((await joined([4, 1])).y, [2, 0, 1, 3, 0, 1, 4, 1, 0, 5, 1, 0]);
  });

  it('puts a map for each class behind the channels of a picture', async () => {
    const found = await joined([1, 1, 2, 3], 1);
    assert.deepEqual(found.shape, [1, 3, 2, 3]);
    assert.deepEqual(found.y, [2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
  });

  it('leaves the batch symbolic', () => {
    const scope = Scope.root({ training: false, condition: input('condition', ['batch', 2]) });
    assert.deepEqual(joinCondition()(input('x', ['batch', 3]), scope).shape, ['batch', 5]);
  });

  it('is a fault of the program where there is no condition', () => {
    const scope = Scope.root({ training: false });
    assert.throws(() => joinCondition()(input('x', [2, 3]), scope), /built without a condition/);
  });
});
