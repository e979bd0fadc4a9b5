import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/**
 * The cores that this process may use, the hardware threads of one core counted once; `undefined` where the system does
 * not say, as outside Linux. ONNX Runtime asks the processor instead, and on some virtual machines finds one of two.
 * @param folder where the system lists its processors
 */
export function coreCount(folder = '/sys/devices/system/cpu'): number | undefined {
  if (!existsSync(folder)) return undefined;
  const siblings = readdirSync(folder)
    .filter((name) => /^cpu\d+$/.test(name))
    .map((name) => join(folder, name, 'topology', 'thread_siblings_list'))
    // A processor that is switched off has no topology.
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'));
  return siblings.length === 0 ? undefined : Math.min(new Set(siblings).size, availableParallelism());
}
