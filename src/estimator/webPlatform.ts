import { UserError } from '../errors.js';
import { webBackend } from '../runtime/web/backend.js';
import type { WebBackendName } from '../runtime/web/name.js';
import { runLoop } from '../train/loop.js';
import type { Platform } from './platform.js';

/** A browser: trains and infers in the calling thread, a page's or a web worker's. */
export function webPlatform(name: WebBackendName): Platform {
  const backend = webBackend(name);
  return {
    form: backend.programForm,
    parts: 1,
    createSession: backend.createSession,
    async runJob(job, hooks) {
      const trainer = await backend.createTrainer(job.spec);
      try {
        return await runLoop(job, trainer, hooks);
      } finally {
        await trainer.release();
      }
    },
    async writeFolder() {
      throw new UserError(
        'save: a browser has no folders; toFiles() gives the same files, to download or to store',
      );
    },
  };
}
