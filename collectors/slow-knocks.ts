import type { Millis } from '../gateway/model/address.ts';
import type { Packet } from './packet.ts';
import { fold } from './stream.ts';

/** At so many doors in vain within so long a sender is told of. Milliseconds of frame time. */
const [slowDoors, slowMs] = [64, 3_600_000];
/** Senders that are remembered; the one that knocked least lately gives way. */
const maxSenders = 1024;

type Slow = { readonly since: Millis; readonly firstFrame: number; readonly doors: Set<number> };

/**
 * Who knocks so slowly that no minute shows it is seen over an hour. Only doors of private networks count: a way to the outside may be shut for whoever
 * calls home, and that is no scan. At most 64 doors of each of 1024 senders.
 */
export class SlowKnocks {
  readonly #senders = new Map<number, Slow>();

  /** Senders that are remembered, for tests. */
  get size(): number {
    return this.#senders.size;
  }

  /** Takes in doors that refused or did not answer; once in an hour the words for it, when there are enough. */
  note(sender: number, doors: readonly number[], { at, number }: Packet): string | undefined {
    const near = doors.filter(isNear);
    if (near.length === 0) return undefined;
    const old = this.#senders.get(sender);
    const slow: Slow = old === undefined || Math.abs(at - old.since) > slowMs ? { since: at, firstFrame: number, doors: new Set() } : old;
    this.#senders.delete(sender);
    const [idle] = this.#senders.keys();
    if (this.#senders.size >= maxSenders && idle !== undefined) this.#senders.delete(idle);
    this.#senders.set(sender, slow);
    if (slow.doors.size >= slowDoors) return undefined;
    for (const door of near) if (slow.doors.size < slowDoors) slow.doors.add(door);
    return slow.doors.size < slowDoors ? undefined : `${slowDoors} within an hour, since frame ${slow.firstFrame}`;
  }
}

/** A host and its port as 32 bits; the lowest says whether the host is of a private network. */
export function doorOf(packet: Packet, isTarget: boolean, port = isTarget ? packet.targetPort : packet.sourcePort): number {
  const hash = Math.imul(fold(packet, isTarget), 0x9e3779b1) ^ Math.imul(port, 0x85ebca6b);
  return ((hash & ~1) | (isPrivate(packet, isTarget) ? 1 : 0)) >>> 0;
}

const isNear = (door: number): boolean => (door & 1) === 1;

/** RFC 1918, RFC 3927; RFC 4193 and link-local ones (RFC 4291 §2.5.6). */
function isPrivate({ bytes: b, l3, ipVersion }: Packet, isTarget: boolean): boolean {
  const i = l3 + (ipVersion === 4 ? (isTarget ? 16 : 12) : isTarget ? 24 : 8);
  const [first = 0, second = 0] = [b[i], b[i + 1]];
  if (ipVersion === 6) return (first & 0xfe) === 0xfc || (first === 0xfe && (second & 0xc0) === 0x80);
  return (
    first === 10 || (first === 172 && (second & 0xf0) === 16) || (first === 192 && second === 168) || (first === 169 && second === 254)
  );
}
