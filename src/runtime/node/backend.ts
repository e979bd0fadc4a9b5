import type { Backend } from '../backend.js';
import { createNodeSession } from './session.js';
import { SessionCache } from './sessionCache.js';
import { NodeTrainer } from './trainer.js';

/** Training keeps two programs and validation two more: this is room for a few architectures in turn. */
const sessions = new SessionCache(16);

/** ONNX Runtime on the CPU of this process, in the calling thread. */
export const nodeBackend: Backend = {
  name: 'node',
  programForm: 'gradients',
  createSession: createNodeSession,
  async createTrainer(spec) {
    await sessions.trim();
    return NodeTrainer.create(spec, sessions);
  },
};
