import { readdirSync } from 'node:fs';
import { cores } from '../runtime/node/cores.js';

/** Why tests that count threads cannot run here, or `false`. */
export const threadsUnknown = cores === undefined ? 'the system does not tell its cores' : false;

/** How many threads this process has; Linux only. */
export const threadCount = (): number => readdirSync('/proc/self/task').length;
