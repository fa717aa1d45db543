import { createHash, randomBytes } from 'node:crypto';

/** A signed-in browser. */
export type Session = { readonly user: string; readonly startedAt: number; usedAt: number };

export const idleMillis = 30 * 60_000;
export const absoluteMillis = 12 * 3_600_000;

/**
 * Who is signed in, in memory only: a restart signs everybody out. Ids are 256 random bits and are kept as their SHA-256, so that a
 * look-up leaks nothing by its time. At most `max` sessions; a new one ends the one that was idle longest.
 */
export class Sessions {
  static readonly max = 64;
  readonly #sessions = new Map<string, Session>();

  /** Starts a session and returns its id, the secret of the cookie. */
  start(user: string, now: number): string {
    this.#expire(now);
    if (this.#sessions.size >= Sessions.max) this.#endIdlest();
    const id = randomBytes(32).toString('base64url');
    this.#sessions.set(keyOf(id), { user, startedAt: now, usedAt: now });
    return id;
  }

  /** The session of an id, counted as used; undefined when it is unknown, idle too long or too old. */
  use(id: string, now: number): Session | undefined {
    const session = this.peek(id, now);
    if (session !== undefined) session.usedAt = now;
    return session;
  }

  /** The same without counting it as used: an open live stream alone keeps nobody signed in. */
  peek(id: string, now: number): Session | undefined {
    const key = keyOf(id);
    const session = this.#sessions.get(key);
    if (session === undefined || isLive(session, now)) return session;
    this.#sessions.delete(key);
    return undefined;
  }

  end(id: string): void {
    this.#sessions.delete(keyOf(id));
  }

  /** Ends whatever a user has open. */
  endAllOf(user: string): void {
    for (const [key, session] of this.#sessions) if (session.user === user) this.#sessions.delete(key);
  }

  get size(): number {
    return this.#sessions.size;
  }

  #expire(now: number): void {
    for (const [key, session] of this.#sessions) if (!isLive(session, now)) this.#sessions.delete(key);
  }

  #endIdlest(): void {
    const idlest = [...this.#sessions].toSorted((a, b) => a[1].usedAt - b[1].usedAt)[0];
    if (idlest !== undefined) this.#sessions.delete(idlest[0]);
  }
}

const keyOf = (id: string): string => createHash('sha256').update(id).digest('base64');
const isLive = (session: Session, now: number): boolean => now - session.usedAt < idleMillis && now - session.startedAt < absoluteMillis;
