import process from 'node:process';
import { removeTemporary, watchTemporary } from '../temporary.js';

/** The status that a shell gives a program which a signal ended. */
const statuses = { SIGINT: 130, SIGTERM: 143, SIGPIPE: 141 } as const;

type Signal = keyof typeof statuses;

/** npm and the terminal may both deliver one press of Ctrl-C; what comes within so many milliseconds is the same. */
const samePress = 300;

/** Turns the first Ctrl-C (or `kill`, or a closed pipe) into an abort, and the second into the end of the process. */
export class Interrupt {
  private readonly controller = new AbortController();
  private first: { readonly signal: Signal; readonly time: number } | undefined;

  /**
   * @param onFirst tells the user that it was heard
   * @param onSecond puts the terminal in order, just before the process ends
   */
  constructor(
    private readonly onFirst: () => void,
    private readonly onSecond: () => void,
  ) {
    for (const signal of signals) process.on(signal, this.hear);
  }

  /** Aborts at the first signal. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The exit status after an interruption. */
  get exitCode(): number {
    return statuses[this.first?.signal ?? 'SIGINT'];
  }

  /** From here on signals end the process as usual. */
  release(): void {
    for (const signal of signals) process.off(signal, this.hear);
  }

  private readonly hear = (signal: Signal): void => {
    if (this.first === undefined) {
      this.first = { signal, time: Date.now() };
      this.controller.abort();
      this.onFirst();
    } else if (signal !== 'SIGPIPE' && Date.now() - this.first.time > samePress) {
      this.onSecond();
      this.release();
      // The signal itself, not `process.exit`: that would wait for the training thread, or make it crash.
      process.kill(process.pid, signal);
    }
  };
}

const signals = Object.keys(statuses) as Signal[];

/** What ends a process from outside. */
const ending = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Has Ctrl-C and `kill` remove what is half written. Signals are heard only while there is something to remove: heard, they
 * wait for the work of the moment, and unheard they end the process at once.
 */
export function leaveNothingBehind(): void {
  const hear = (signal: (typeof ending)[number]): void => {
    // Whoever else listens has a better idea; training ends in good order.
    if (process.listenerCount(signal) > 1) return;
    removeTemporary();
    for (const each of ending) process.off(each, hear);
    process.kill(process.pid, signal);
  };
  watchTemporary((any) => {
    for (const each of ending) {
      if (any) process.on(each, hear);
      else process.off(each, hear);
    }
  });
}

/** Ends the program as a closed pipe ends others, but lets training that is under way stop in good order first. */
export function pipeClosed(): void {
  if (!process.emit('SIGPIPE', 'SIGPIPE')) process.exit(statuses.SIGPIPE);
}
