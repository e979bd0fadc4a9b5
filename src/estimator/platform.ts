import type { ManifestDraft } from '../artifact/folder.js';
import type { ProgramForm, Session } from '../runtime/backend.js';
import type { JobRunner } from '../train/job.js';

/** Where a model runs: how it trains, how it infers and how it is saved. Node and the browser each have one. */
export interface Platform {
  readonly form: ProgramForm;
  /** How many parts of a batch it computes side by side. */
  readonly parts: number;
  readonly runJob: JobRunner;
  createSession(model: Uint8Array): Promise<Session>;
  /** Writes a model's folder; a platform without folders refuses. */
  writeFolder(
    folder: string,
    draft: ManifestDraft,
    files: ReadonlyMap<string, Uint8Array | string>,
  ): Promise<void>;
}
