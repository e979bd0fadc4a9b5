import type { InferenceSession } from 'onnxruntime-web/wasm';
import type { Runtime } from './runtime.js';

/** A compiled model on loan. */
export interface Lease {
  readonly session: InferenceSession;
  /** Gives it back: it may be freed from now on. */
  end(): void;
}

interface Entry {
  readonly session: Promise<InferenceSession>;
  users: number;
}

/**
 * Compiled models by their content: training the same architecture again finds its sessions here. Making and freeing
 * sessions leaks memory in ONNX Runtime, so few are made; a bounded number is kept beside those in use.
 */
export class SessionCache {
  /** The least recently used first. */
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly runtime: Pick<Runtime, 'compile' | 'release'>,
    private readonly limit: number,
  ) {}

  /** The session for a model, compiled if it is not at hand. Outputs that `onDevice` names stay there. */
  async borrow(model: Uint8Array, onDevice: readonly string[]): Promise<Lease> {
    // Every byte becomes one character, so the key is the content itself: pages without https have no hashing.
    const key = new TextDecoder('latin1').decode(model);
    const entry = this.entries.get(key) ?? { session: this.runtime.compile(model, onDevice), users: 0 };
    this.entries.delete(key);
    this.entries.set(key, entry);
    entry.users++;
    try {
      const session = await entry.session;
      return { session, end: () => entry.users-- };
    } catch (error) {
      this.entries.delete(key);
      throw error;
    }
  }

  /** Frees the least recently used that are too many and not on loan. */
  async trim(): Promise<void> {
    for (const [key, { session, users }] of this.entries) {
      if (this.entries.size <= this.limit) return;
      if (users > 0) continue;
      this.entries.delete(key);
      await this.runtime.release(await session);
    }
  }
}
