import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Queue } from './queue.js';

describe('Queue', () => {
  it('does one thing at a time, in order, and goes on after a failure', async () => {
    const queue = new Queue();
    const events: string[] = [];
    const task =
      (name: string, fails = false) =>
      async () => {
        events.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 1));
        events.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const results = await Promise.allSettled([
      queue.run(task('first')),
      queue.run(task('second', true)),
      queue.run(task('third')),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(
      events,
      ['first', 'second', 'third'].flatMap((name) => [`${name} begins`, `${name} ends`]),
    );
  });

  it('lets the event loop turn between tasks that compute', async () => {
    const queue = new Queue();
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    try {
      for (let i = 0; i < 10; i++) {
        await queue.run(async () => {
          const end = performance.now() + 15;
          while (performance.now() < end);
        });
      }
    } finally {
      clearInterval(timer);
    }
    assert.ok(turns >= 5, `the timer ran ${turns} times`);
  });
});
