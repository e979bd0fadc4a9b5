import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { assertClose, readFixture } from '../testing/fixtures.js';
import { type Schedule, scheduleFactor } from './schedules.js';

interface ScheduleCase {
  readonly name: string;
  readonly options: Readonly<Record<string, number | boolean>> & { readonly learningRate: number };
  readonly values: readonly number[];
}

/** Reduce-on-plateau answers to a metric and is a callback of training. */
const cases = readFixture<{ schedules: ScheduleCase[] }>('layers').schedules.filter(
  ({ name }) => name !== 'reduceOnPlateau',
);

function scheduleOf({ name, options }: ScheduleCase): Schedule {
  const number = (key: string) => Number(options[key]);
  switch (name) {
    case 'step':
      return { type: 'step', size: number('stepSize'), gamma: number('gamma') };
    case 'exponential':
      return { type: 'exponential', gamma: number('gamma') };
    case 'cosine':
      return {
        type: 'cosine',
        duration: number('steps'),
        minimum: number('minimum') / options.learningRate,
      };
    default:
      return { type: 'warmup', from: number('startFactor'), duration: number('steps') };
  }
}

describe("schedules against PyTorch's", () => {
  for (const given of cases) {
    it(`${given.name} ${JSON.stringify(given.options)}`, () => {
      const schedule = scheduleOf(given);
      // PyTorch's cosine rises again after its end; ours stays at its minimum.
      const end = given.options.risesAgain ? Number(given.options.steps) + 1 : given.values.length;
      for (const stepsPerEpoch of [1, 7]) {
        const ours = given.values.map(
          (_, epoch) =>
            given.options.learningRate * scheduleFactor(schedule, epoch * stepsPerEpoch, stepsPerEpoch),
        );
        assertClose(ours.slice(0, end), given.values.slice(0, end), 1e-8, 'learning rate');
        for (const late of ours.slice(end))
          assertClose([late], [Number(given.options.minimum)], 1e-12, 'after the end');
      }
    });
  }
});

describe('schedules', () => {
  it('constant is 1 at every step', () => {
    for (const step of [0, 1, 1000]) assert.equal(scheduleFactor({ type: 'constant' }, step, 10), 1);
  });

  it('step and exponential change at the first step of an epoch and at no other', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 999 }),
        fc.nat(50),
        fc.integer({ min: 1, max: 5 }),
        (n, epoch, size) => {
          for (const step of [epoch * n, epoch * n + n - 1]) {
            assert.equal(
              scheduleFactor({ type: 'step', size, gamma: 0.5 }, step, n),
              0.5 ** Math.floor(epoch / size),
            );
            assert.equal(scheduleFactor({ type: 'exponential', gamma: 0.9 }, step, n), 0.9 ** epoch);
          }
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it('count in steps where asked, whatever an epoch is', () => {
    const schedule: Schedule = { type: 'cosine', duration: 10, unit: 'step' };
    assert.equal(scheduleFactor(schedule, 5, 3), scheduleFactor(schedule, 5, 100));
    assert.ok(Math.abs(scheduleFactor(schedule, 5, 3) - 0.5) < 1e-12);
  });

  it('move within an epoch: warm-up and cosine', () => {
    assert.equal(scheduleFactor({ type: 'warmup', duration: 2 }, 5, 10), 0.25);
    const cosine = scheduleFactor({ type: 'cosine', duration: 2 }, 5, 10);
    assert.ok(Math.abs(cosine - (1 + Math.cos(Math.PI / 4)) / 2) < 1e-12);
  });

  it('warm-up goes on with another schedule that starts when it ends', () => {
    const then: Schedule = { type: 'cosine', duration: 4, minimum: 0.1 };
    const schedule: Schedule = { type: 'warmup', duration: 2, then };
    for (let step = 20; step < 80; step++)
      assert.equal(scheduleFactor(schedule, step, 10), scheduleFactor(then, step - 20, 10));
    assert.equal(scheduleFactor(schedule, 0, 10), 0);
    assert.equal(scheduleFactor(schedule, 1000, 10), 0.1);
  });

  it('warm-up of any length never starts the next schedule before its beginning', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 200 }), (tenths, n) => {
        const then: Schedule = { type: 'exponential', gamma: 0.5 };
        const schedule: Schedule = { type: 'warmup', duration: tenths / 10, then };
        let before = -1;
        let first: number | undefined;
        for (let step = 0; step <= Math.ceil((tenths / 10) * n) + 1; step++) {
          const factor = scheduleFactor(schedule, step, n);
          assert.ok(factor <= 1, `step ${step}: a factor of ${factor}`);
          if (step / n < tenths / 10) assert.ok(factor > before);
          else first ??= factor;
          before = factor;
        }
        assert.equal(first, 1, 'the first step after warm-up has the full rate');
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it('cyclic rises over half of each period, then stays', () => {
    const schedule: Schedule = { type: 'cyclic', duration: 4 };
    const factors = Array.from({ length: 9 }, (_, epoch) => scheduleFactor(schedule, epoch * 3, 3));
    assert.deepEqual(factors, [0, 0.5, 1, 1, 0, 0.5, 1, 1, 0]);
  });

  it('stay within 0 and 1 at every step', () => {
    const then: Schedule = { type: 'step', size: 2, gamma: 0.1 };
    const all: Schedule[] = [
      { type: 'step', size: 3, gamma: 0.5 },
      { type: 'exponential', gamma: 0.95 },
      { type: 'cosine', duration: 5 },
      { type: 'warmup', duration: 3, from: 0.2, then },
      { type: 'cyclic', duration: 2.5 },
    ];
    for (const schedule of all)
      for (let step = 0; step < 200; step++) {
        const factor = scheduleFactor(schedule, step, 7);
        assert.ok(factor >= 0 && factor <= 1, `${schedule.type} at ${step}: ${factor}`);
      }
  });
});
