import type { Session } from '../runtime/backend.js';

interface Entry {
  readonly session: Promise<Session>;
  users: number;
  dropped: boolean;
}

/**
 * Compiled graphs by name, made when they are first used. Dropping them, since the weights have changed, lets calls
 * that are under way end with what they began with: a session is released when its last user is done.
 */
export class Sessions<Name extends string> {
  private readonly entries = new Map<Name, Entry>();

  constructor(private readonly make: (name: Name) => Promise<Session>) {}

  /** Does work with a session. */
  async use<T>(name: Name, work: (session: Session) => Promise<T>): Promise<T> {
    const entry = this.entries.get(name) ?? { session: this.make(name), users: 0, dropped: false };
    this.entries.set(name, entry);
    entry.users++;
    try {
      return await work(await entry.session);
    } catch (error) {
      // A session that could not be made must not be offered again.
      if (this.entries.get(name) === entry) await entry.session.catch(() => this.entries.delete(name));
      throw error;
    } finally {
      entry.users--;
      await this.releaseIfIdle(entry);
    }
  }

  /** Forgets all sessions: the next use makes new ones. */
  async drop(): Promise<void> {
    const old = [...this.entries.values()];
    this.entries.clear();
    for (const entry of old) {
      entry.dropped = true;
      await this.releaseIfIdle(entry);
    }
  }

  private async releaseIfIdle(entry: Entry): Promise<void> {
    if (!entry.dropped || entry.users > 0) return;
    await entry.session.then((session) => session.release()).catch(() => undefined);
  }
}
