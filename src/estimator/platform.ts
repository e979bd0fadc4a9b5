import type { ProgramForm, Session } from '../runtime/backend.js';
import type { JobRunner } from '../train/job.js';

/** Where a model runs: how it trains and how it infers. Node and the browser each have one. */
export interface Platform {
  readonly form: ProgramForm;
  readonly runJob: JobRunner;
  createSession(model: Uint8Array): Promise<Session>;
}
