import { availableParallelism } from 'node:os';
import { writeFolder } from '../artifact/folder.js';
import { nodeBackend } from '../runtime/node/backend.js';
import { cores } from '../runtime/node/cores.js';
import { runInWorker } from '../train/node/runner.js';
import type { Platform } from './platform.js';

/** Node: trains in a worker thread, infers in the calling one. */
export const nodePlatform: Platform = {
  form: nodeBackend.programForm,
  parts: cores ?? availableParallelism(),
  runJob: runInWorker,
  createSession: nodeBackend.createSession,
  writeFolder,
};
