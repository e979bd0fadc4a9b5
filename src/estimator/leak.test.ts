import assert from 'node:assert/strict';
import { it } from 'node:test';
import { autoencoder } from '../index.js';
import { surface } from '../testing/data.js';

// LEAK_FITS=1000 for the long form.
const fits = Number(process.env.LEAK_FITS ?? 150);
const warmUp = 50;

it(`memory stays flat over ${fits} trainings of new small models`, async (test) => {
  const data = surface(64);
  let before = 0;
  for (let i = 0; i < warmUp + fits; i++) {
    if (i === warmUp) before = process.memoryUsage().rss;
    const model = autoencoder({ input: 12, hidden: [8], latent: 3 });
    await model.fit(data, { epochs: 2, batchSize: 32 });
    await model.encode(data);
  }
  const grown = (process.memoryUsage().rss - before) / 2 ** 20;
  test.diagnostic(`resident memory grew by ${grown.toFixed(1)} MiB`);
  // One compiled session is about 0.5 MiB: a session that leaks at every training would show.
  assert.ok(grown < 40, `resident memory grew by ${grown.toFixed(1)} MiB`);
});
