import type { Millis } from '../model/address.ts';
import type { Asker } from '../model/machine.ts';

/** The states of a session in Veraison's challenge-response API. */
export type SessionStatus = 'waiting' | 'processing' | 'complete' | 'failed';

/** One nonce, for one piece of Evidence. `result` and `evidence` are set once there are any. */
export type ServedSession = {
  readonly id: string;
  readonly asker: Asker;
  readonly nonce: Uint8Array;
  /** The nonce ends here; an answered session may be read until then, or for as long again after its answer. */
  readonly expires: Millis;
  readonly status: SessionStatus;
  readonly evidence?: { readonly type: string; readonly value: Uint8Array };
  readonly result?: string;
};

/** How long a nonce stands, and how long an answered session may still be read. Milliseconds. */
export const sessionMs: Millis = 60_000;
/** A device that lost its session may ask again; the older one ends then. Many MACs behind one port must not take everybody's. */
export const maxPerDevice = 2;
export const maxPerPort = 16;
export const maxSessions = 256;
/** Longest Evidence that a session repeats to its device; what is longer is not kept in memory. Bytes. */
export const maxRepeated = 16_384;

/** Nonces that were given out, each single use, for one asker and for a minute. Holds no more than its caps say, whatever is asked of it. */
export class ServedSessions {
  /** At most `maxSessions`, `maxPerPort` of one port and `maxPerDevice` of one device; each ends with its `expires`. Oldest first. */
  readonly #sessions = new Map<string, ServedSession>();

  get size(): number {
    return this.#sessions.size;
  }

  /** A new session under an id that nobody can guess; undefined where its port, or all ports together, hold as many as they may. */
  open(asker: Asker, id: string, nonce: Uint8Array, now: Millis): ServedSession | undefined {
    this.#expire(now);
    const all = [...this.#sessions.values()];
    const own = all.filter(session => session.asker.device === asker.device);
    const replaced = own.length < maxPerDevice ? undefined : own.find(session => session.status !== 'processing');
    if (own.length >= maxPerDevice && replaced === undefined) return undefined;
    const left = all.filter(session => session !== replaced);
    if (left.length >= maxSessions || left.filter(session => session.asker.port === asker.port).length >= maxPerPort) return undefined;
    if (replaced !== undefined) this.#sessions.delete(replaced.id);
    const session: ServedSession = { id, asker, nonce, expires: now + sessionMs, status: 'waiting' };
    this.#sessions.set(id, session);
    return session;
  }

  /** The session of an id, for the asker that it was opened for and nobody else; to others it does not exist. */
  get(id: string, asker: Asker, now: Millis): ServedSession | undefined {
    this.#expire(now);
    const session = this.#sessions.get(id);
    return session !== undefined && isSame(session.asker, asker) ? session : undefined;
  }

  /** Spends the nonce, before anything of the Evidence is read: true once for each session. */
  spend(id: string, now: Millis): boolean {
    const session = this.#sessions.get(id);
    if (session === undefined || session.status !== 'waiting' || now >= session.expires) return false;
    this.#sessions.set(id, { ...session, status: 'processing' });
    return true;
  }

  /** What came of the Evidence. Without a `result` it failed. */
  finish(id: string, evidence: NonNullable<ServedSession['evidence']> | undefined, result: string | undefined, now: Millis): void {
    const session = this.#sessions.get(id);
    if (session === undefined || session.status !== 'processing') return;
    this.#sessions.set(id, {
      ...session,
      expires: now + sessionMs,
      status: result === undefined ? 'failed' : 'complete',
      ...(evidence === undefined || evidence.value.length > maxRepeated ? {} : { evidence }),
      ...(result === undefined ? {} : { result }),
    });
  }

  end(id: string): void {
    this.#sessions.delete(id);
  }

  #expire(now: Millis): void {
    for (const [id, { expires }] of this.#sessions) if (now >= expires) this.#sessions.delete(id);
  }
}

/** True iff it is the same device at the same place. */
export const isSame = (a: Asker, b: Asker): boolean => a.device === b.device && a.mac === b.mac && a.port === b.port && a.ip === b.ip;
