import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { InferenceSession } from 'onnxruntime-web/wasm';
import { SessionCache } from './sessionCache.js';

/** Stands in for ONNX Runtime: sessions are the models themselves. */
function fakeRuntime() {
  const compiled: number[][] = [];
  const released: number[][] = [];
  return {
    compiled,
    released,
    compile: async (model: Uint8Array) => {
      compiled.push([...model]);
      if (model[0] === 0) throw new Error('no model');
      return [...model] as unknown as InferenceSession;
    },
    release: async (session: InferenceSession) => {
      released.push(session as unknown as number[]);
    },
  };
}

describe('SessionCache', () => {
  it('compiles equal bytes once, and any other byte anew', async () => {
    const runtime = fakeRuntime();
    const cache = new SessionCache(runtime, 4);
    const every = Uint8Array.from({ length: 256 }, (_, i) => 255 - i);
    const [first, same] = await Promise.all([cache.borrow(every, []), cache.borrow(every.slice(), [])]);
    assert.equal(first.session, same.session);
    assert.equal(runtime.compiled.length, 1);
    for (let byte = 1; byte < 256; byte++) await cache.borrow(Uint8Array.of(byte), []);
    assert.equal(runtime.compiled.length, 256);
  });

  it('frees the least recently used, but none that is on loan', async () => {
    const runtime = fakeRuntime();
    const cache = new SessionCache(runtime, 1);
    const leases = [];
    for (const byte of [1, 2, 3]) leases.push(await cache.borrow(Uint8Array.of(byte), []));
    await cache.trim();
    assert.deepEqual(runtime.released, []);
    for (const lease of leases.slice(1)) lease.end();
    await cache.trim();
    assert.deepEqual(runtime.released, [[2], [3]]);
  });

  it('keeps no failure', async () => {
    const runtime = fakeRuntime();
    const cache = new SessionCache(runtime, 1);
    await assert.rejects(cache.borrow(Uint8Array.of(0), []), /no model/);
    await assert.rejects(cache.borrow(Uint8Array.of(0), []), /no model/);
    assert.equal(runtime.compiled.length, 2);
  });
});
