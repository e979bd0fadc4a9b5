import type { Backend } from '../backend.js';
import type { WebBackendName } from './name.js';
import { Runtime } from './runtime.js';
import { createWebSession } from './session.js';
import { SessionCache } from './sessionCache.js';
import { WebTrainer } from './trainer.js';

/** As many as in Node: training keeps two programs and validation two more. */
const keptSessions = 16;

interface Home {
  readonly runtime: Runtime;
  readonly sessions: SessionCache;
}

const homes = new Map<WebBackendName, Promise<Home>>();

/** ONNX Runtime of this page or web worker. It is loaded at the first use. */
export function webBackend(name: WebBackendName): Backend {
  return {
    name,
    programForm: 'update',
    async createSession(model) {
      const { runtime } = await home(name);
      return createWebSession(runtime, model);
    },
    async createTrainer(spec) {
      const { runtime, sessions } = await home(name);
      await sessions.trim();
      return WebTrainer.create(spec, runtime, sessions);
    },
  };
}

/** There is one of each: a page has one WebAssembly module, and one queue must lead to it. */
function home(name: WebBackendName): Promise<Home> {
  const known = homes.get(name) ?? open(name);
  homes.set(name, known);
  // Whoever could not load it may try again, say once the network is back.
  known.catch(() => homes.delete(name));
  return known;
}

async function open(name: WebBackendName): Promise<Home> {
  const runtime = await Runtime.load(name);
  return { runtime, sessions: new SessionCache(runtime, keptSessions) };
}
