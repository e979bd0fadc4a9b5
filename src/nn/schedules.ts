/**
 * How a number changes while training runs: plain data, so that it can be saved and resumed. Times count in epochs
 * or, with `unit: 'step'`, in steps; fractions of an epoch count.
 */
export type Schedule =
  | { readonly type: 'constant' }
  /** Times `gamma` after every `size` epochs (PyTorch's StepLR). */
  | { readonly type: 'step'; readonly size: number; readonly gamma: number; readonly unit?: ScheduleUnit }
  /** Times `gamma` after every epoch (ExponentialLR). */
  | { readonly type: 'exponential'; readonly gamma: number; readonly unit?: ScheduleUnit }
  /** Falls along half a cosine over `duration` to the fraction `minimum` of its start (Loshchilov and Hutter 2017). */
  | {
      readonly type: 'cosine';
      readonly duration: number;
      readonly minimum?: number;
      readonly unit?: ScheduleUnit;
    }
  /** Rises in a straight line from the fraction `from` to 1 over `duration`, then goes on as `then` says. */
  | {
      readonly type: 'warmup';
      readonly duration: number;
      readonly from?: number;
      readonly then?: Schedule;
      readonly unit?: ScheduleUnit;
    }
  /** Rises from 0 to 1 over the first half of each period of `duration`, then stays (Fu et al. 2019). */
  | { readonly type: 'cyclic'; readonly duration: number; readonly unit?: ScheduleUnit };

/** In what a schedule counts. */
export type ScheduleUnit = 'epoch' | 'step';

/**
 * The factor on the base value at a step.
 * @param step steps done before this one
 * @param stepsPerEpoch steps in one epoch
 */
export function scheduleFactor(schedule: Schedule, step: number, stepsPerEpoch: number): number {
  if (schedule.type === 'constant') return 1;
  const time = schedule.unit === 'step' ? step : step / stepsPerEpoch;
  switch (schedule.type) {
    case 'step':
      return schedule.gamma ** Math.floor(time / schedule.size);
    case 'exponential':
      return schedule.gamma ** Math.floor(time);
    case 'cosine': {
      const { duration, minimum = 0 } = schedule;
      return minimum + ((1 - minimum) * (1 + Math.cos(Math.PI * Math.min(time / duration, 1)))) / 2;
    }
    case 'warmup': {
      const { duration, from = 0, then = { type: 'constant' } } = schedule;
      if (time < duration) return from + (1 - from) * (time / duration);
      // Whole steps: 1.1 epochs of ten steps are 11.000000000000002, which would start `then` before its beginning.
      const done = Math.ceil((schedule.unit === 'step' ? duration : duration * stepsPerEpoch) - 1e-9);
      return scheduleFactor(then, step - done, stepsPerEpoch);
    }
    case 'cyclic':
      return Math.min((2 * (time % schedule.duration)) / schedule.duration, 1);
  }
}
