import { createHash } from 'node:crypto';
import type { InferenceSession } from 'onnxruntime-node';
import { compileTraining } from './session.js';

/**
 * Compiled models by their content, the most recently used first. Training the same architecture again finds its
 * sessions here; the number that is kept bounds memory.
 */
export class SessionCache {
  private readonly sessions = new Map<string, InferenceSession>();

  constructor(private readonly limit: number) {}

  /** The session for a model on so many threads (all cores by default), compiled if it is not at hand. */
  async get(model: Uint8Array, threads?: number): Promise<InferenceSession> {
    const key = `${createHash('sha256').update(model).digest('hex')} ${threads ?? 'all'}`;
    const session = this.sessions.get(key) ?? (await compileTraining(model, threads));
    this.sessions.delete(key);
    this.sessions.set(key, session);
    return session;
  }

  /** Releases the least recently used beyond the limit. Call it when no training is under way. */
  async trim(): Promise<void> {
    for (const [key, session] of this.sessions) {
      if (this.sessions.size <= this.limit) return;
      this.sessions.delete(key);
      await session.release();
    }
  }
}
