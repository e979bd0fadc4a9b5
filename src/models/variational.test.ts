import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../errors.js';
import { input } from '../graph/index.js';
import { Scope } from '../nn/scope.js';
import { Random } from '../random/random.js';
import { compile, pseudoRandom } from '../testing/evaluate.js';
import { vaeFamily } from './families/vae.js';
import { parseOptions } from './options.js';

const batch = 5;
const features = 12;

function objectiveOf(binarize: 'none' | 'dynamic', training: boolean) {
  const config = vaeFamily.schema.parse({ hidden: [6], latent: 2, binarize });
  const scope = Scope.root({ training });
  const definition = vaeFamily.define(config, { features, shape: [features] });
  const { loss } = definition.objective(input('x', [batch, features]), scope);
  return { loss, scope };
}

describe("binarize 'dynamic'", () => {
  const grey = pseudoRandom(batch * features, 3, 0, 1);
  grey[0] = 0;
  grey[1] = 1;
  const draws = pseudoRandom(batch * features, 4, 0, 0.999);
  // Also where chance is at its worst a black pixel stays black and a white one white.
  draws[0] = 0;
  draws[1] = 1 - 2 ** -24;

  it('shows the objective 0 or 1 with the value as the chance of 1, in training and in measuring', async () => {
    for (const training of [true, false]) {
      const dynamic = objectiveOf('dynamic', training);
      const weights = Object.fromEntries(
        [...dynamic.scope.variables].map(([name, { shape, initializer }]) => [
          name,
          initializer(shape, new Random(1, name)),
        ]),
      );
      const noise = { 'noise.posterior': pseudoRandom(batch * 2, 5), 'noise.binarize': draws };
      const run = await compile([dynamic.loss]);
      const plain = await compile([objectiveOf('none', training).loss]);
      const [found] = await run({ x: grey, ...weights, ...noise });
      const drawn = grey.map((value, i) => Number(draws[i]! < value));
      assert.deepEqual([drawn[0], drawn[1]], [0, 1]);
      const [expected] = await plain({ x: drawn, ...weights, ...noise });
      assert.deepEqual(found, expected);
      const [unlike] = await plain({ x: grey, ...weights, ...noise });
      assert.notDeepEqual(found, unlike);
    }
  });

  it('asks for fresh uniform noise of the size of the batch', () => {
    const { scope } = objectiveOf('dynamic', true);
    const noise = scope.noises.get('noise.binarize');
    assert.deepEqual([noise?.kind, noise?.shape], ['uniform', [batch, features]]);
    assert.equal(objectiveOf('none', true).scope.noises.has('noise.binarize'), false);
  });

  it('is refused with a likelihood that is not of 0 and 1', () => {
    const config = parseOptions(
      vaeFamily.schema,
      { latent: 2, binarize: 'dynamic', likelihood: { type: 'gaussian' } },
      'vae',
    );
    assert.throws(
      () => vaeFamily.define(config, { features, shape: [features] }),
      (error) =>
        error instanceof UserError && /vae: `binarize: 'dynamic'` .* is gaussian/.test(error.message),
    );
  });
});
