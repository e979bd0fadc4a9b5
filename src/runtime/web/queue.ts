/** How long work may keep the event loop waiting, in milliseconds: less than a frame of the screen. */
const patience = 12;

/**
 * Does one thing at a time, in the order of asking. ONNX Runtime's WebAssembly module must not be entered twice, and
 * computes without letting go of its thread: so the event loop gets its turn here, between two things.
 */
export class Queue {
  private last: Promise<unknown> = Promise.resolve();
  private turned = 0;

  /** Does `task` when all that was asked for before is done. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.last.then(async () => {
      if (performance.now() - this.turned > patience) {
        await eventLoopTurn();
        this.turned = performance.now();
      }
      return task();
    });
    this.last = result.catch(() => undefined);
    return result;
  }
}

/** Lets everything that waits (input, painting, timers) go first. Timers would wait 4 ms; messages do not. */
function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
