import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/**
 * The cores of this machine, the hardware threads of one counted once, but no more than the processors that this process
 * may use; `undefined` where the system does not say, as outside Linux. ONNX Runtime asks the processor instead, and on
 * some virtual machines finds one of two.
 * @param folder where the system lists its processors
 */
export function coreCount(folder = '/sys/devices/system/cpu'): number | undefined {
  const names = readable(() => readdirSync(folder)) ?? [];
  const siblings = names
    .filter((name) => /^cpu\d+$/.test(name))
    // A processor that is switched off has no topology.
    .map((name) => readable(() => readFileSync(join(folder, name, 'topology/thread_siblings_list'), 'utf8')))
    .filter((list) => list !== undefined);
  return siblings.length === 0 ? undefined : Math.min(new Set(siblings).size, availableParallelism());
}

/** The cores of this process, counted once: each count reads a file for every processor. */
export const cores = coreCount();

/** What a file system gives, or `undefined` where it refuses: a count of cores is no reason to fail. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
