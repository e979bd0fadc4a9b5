import process from 'node:process';

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

/** Ends the program as a closed pipe ends others, but lets training that is under way stop in good order first. */
export function pipeClosed(): void {
  if (!process.emit('SIGPIPE', 'SIGPIPE')) process.exit(statuses.SIGPIPE);
}
