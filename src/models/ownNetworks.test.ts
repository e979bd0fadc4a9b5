import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { UserError } from '../errors.js';
import { createModel, deterministicFamily, load } from '../index.js';
import {
  averagePool,
  conv,
  dense,
  flatten,
  type Layer,
  maxPool,
  reshapeTo,
  sequential,
  upsample,
} from '../nn/index.js';
import { pseudoRandom } from '../testing/evaluate.js';

/** A family with these layers as its networks, for pictures of 6 × 4. */
const familyOf = (encoder: readonly Layer[], decoder: readonly Layer[]) =>
  deterministicFamily({
    ...{ name: 'pooled', title: 'Pooled', summary: 'pools', source: 'a test', options: {} },
    networks: () => ({
      encode: (x, scope) => scope.in('encoder', (inner) => sequential(...encoder)(x, inner)),
      decode: (code, scope) => scope.in('decoder', (inner) => sequential(...decoder)(code, inner)),
    }),
  });

const same = { padding: 'same', activation: 'relu' } as const;
const encoder = [reshapeTo(1, 6, 4), conv(3, same), maxPool(), conv(2, same), averagePool(), flatten()];
const decoder = [
  reshapeTo(2, 1, 1),
  upsample([3, 2]),
  conv(3, same),
  upsample(),
  conv(1, { padding: 'same' }),
  flatten(),
];
const options = { input: [6, 4], latent: 2, loss: 'mse', output: 'linear' } as const;
const data = { data: pseudoRandom(40 * 24, 1).map((value) => (value + 1) / 2), shape: [40, 6, 4] };

describe('a family with networks of its own', () => {
  it('learns, and is after saving and loading what it was', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'own-networks-'));
    try {
      const family = familyOf(encoder, decoder);
      const model = createModel(family, { ...options, seed: 3 });
      const { rows } = await model.fit(data, { epochs: 8, batchSize: 10 });
      assert.ok(rows.at(-1)!.loss! < rows[0]!.loss!, `${rows[0]!.loss} → ${rows.at(-1)!.loss}`);
      await model.save(folder);
      const [before, after] = [
        await model.encode(data),
        await (await load(folder, { families: [family] })).encode(data),
      ];
      assert.deepEqual(after.shape, [40, 2]);
      assert.deepEqual(after.data, before.data);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is refused where codes or outputs have another shape than the model needs', () => {
    const refused = (family: ReturnType<typeof familyOf>, message: RegExp) =>
      assert.throws(
        () => createModel(family, options),
        (error) => error instanceof UserError && message.test(error.message),
      );
    refused(
      familyOf([...encoder, dense(5)], decoder),
      /^pooled: the encoder, with a latent of 2, gives \[1, 5\], but \[1, 2\] is expected; end it with flatten\(\) or with dense\(2\)$/,
    );
    refused(familyOf(encoder.slice(0, -1), decoder), /the encoder.* gives \[1, 2, 1, 1\]/);
    refused(
      familyOf(encoder, decoder.slice(0, -1)),
      /the decoder gives \[1, 1, 6, 4\], but \[1, 24\] is expected/,
    );
    refused(familyOf(encoder, [dense(7)]), /the decoder gives \[1, 7\]/);
  });
});
