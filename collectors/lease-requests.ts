import type { Millis } from '../gateway/model/address.ts';
import { senderOf } from './held.ts';
import type { Packet } from './packet.ts';
import type { Deed } from './activity.ts';

/** The server's ports of DHCP for IPv4 and IPv6. RFC 2131 §4.1, RFC 8415 §7.2. */
const [serverPort, serverPort6] = [67, 547];
/** Clients of one sender are counted anew after so long. Milliseconds of frame time. */
const windowMs = 60_000;
/** And by the day: more than an access point in client mode speaks for, and fewer than a /24 can lease. */
const [maxOfDay, dayMs] = [128, 24 * 3_600_000];
/** Caps: senders, clients of one sender (of the day as well). The sender that asked least lately gives way. */
const [maxSenders, maxClients] = [512, 1024];
/** Distinct clients at which a fact comes out; of a relay the first one does, so that it is known since when it relays. */
const [thresholds, relayedThresholds] = [
  [16, 64, 256, 1024],
  [1, 16, 64, 256, 1024],
] as const;
/** Messages that take a lease: DISCOVER and REQUEST (RFC 2132 §9.6), SOLICIT and REQUEST (RFC 8415 §7.3). */
const [discover, request, solicit6, request6] = [1, 3, 1, 3];
const [optionMessageType, optionClientId, optionPad, optionEnd, optionDuid6] = [53, 61, 0, 255, 1];
/** Places of the fields: giaddr, chaddr, the options behind the magic cookie. RFC 2131 §2. */
const [giaddrAt, chaddrAt, optionsAt] = [24, 28, 240];
/** Options that are walked. */
const maxOptions = 64;

/** What `note` looks at. */
export const asksForLease = ({ targetPort }: Packet): boolean => targetPort === serverPort || targetPort === serverPort6;

type Asked = { readonly since: Millis; readonly firstFrame: number; readonly clients: Set<number>; next: number };
/** The same of a day, without what relays pass on; `isTold`: it was, or a minute had told it. */
type OfDay = { readonly since: Millis; readonly firstFrame: number; readonly clients: Set<number>; isTold: boolean };

/**
 * In the name of how many clients each sender asks for leases: a client is its hardware address and its identifier, folded to 32 bits, so
 * that a count may be a little too low. What a relay passes on is counted apart. Bounded; a flood of senders only makes the idle ones give way.
 */
export class LeaseRequests {
  /** By the sender's hardware address × 2, + 1 for what it relays. The one that asked last stands last. */
  readonly #asked = new Map<number, Asked>();
  readonly #ofDay = new Map<number, OfDay>();

  /** Senders that are remembered, for tests. */
  get size(): number {
    return Math.max(this.#asked.size, this.#ofDay.size);
  }

  /** Takes in a UDP packet; a deed when its sender has reached a threshold. Cheap for all that is not for a DHCP server. */
  note(packet: Packet): Deed | undefined {
    if (!asksForLease(packet)) return undefined;
    const client = packet.targetPort === serverPort ? clientOf(packet) : clientOf6(packet);
    if (client === 0) return undefined;
    const isRelayed = client < 0;
    const key = senderOf(packet) * 2 + (isRelayed ? 1 : 0);
    const asked = this.#of(key, packet);
    if (asked.clients.size < maxClients) asked.clients.add(Math.abs(client));
    const reached = (isRelayed ? relayedThresholds : thresholds)[asked.next] ?? Infinity;
    if (asked.clients.size < reached) return isRelayed ? undefined : this.#slowly(client, asked.next > 1, packet);
    asked.next++;
    const detail = `${reached}${isRelayed ? ' relayed' : ''}, since frame ${asked.firstFrame}`;
    return { sender: senderOf(packet), fact: { kind: 'acted', action: 'ask-leases', target: isRelayed ? 'relayed' : 'network', detail } };
  }

  /** Who asks for so few a minute that none tells. */
  #slowly(client: number, isTold: boolean, packet: Packet): Deed | undefined {
    const sender = senderOf(packet);
    const { at, number: firstFrame } = packet;
    const old = this.#ofDay.get(sender);
    const ofDay =
      old !== undefined && Math.abs(at - old.since) <= dayMs ? old : { since: at, firstFrame, clients: new Set<number>(), isTold };
    setLast(this.#ofDay, sender, ofDay);
    ofDay.isTold ||= isTold;
    if (ofDay.isTold) return undefined;
    ofDay.clients.add(client);
    if (ofDay.clients.size < maxOfDay) return undefined;
    ofDay.isTold = true;
    const detail = `${maxOfDay} within a day, since frame ${ofDay.firstFrame}`;
    return { sender, fact: { kind: 'acted', action: 'ask-leases', target: 'network', detail } };
  }

  #of(key: number, { at, number: firstFrame }: Packet): Asked {
    const old = this.#asked.get(key);
    const isOver = old === undefined || Math.abs(at - old.since) > windowMs;
    const asked = isOver ? { since: at, firstFrame, clients: new Set<number>(), next: 0 } : old;
    setLast(this.#asked, key, asked);
    return asked;
  }
}

/** Sets it as the last one; beyond the cap the first one gives way. */
function setLast<V>(map: Map<number, V>, key: number, value: V): void {
  map.delete(key);
  const [idle] = map.keys();
  if (map.size >= maxSenders && idle !== undefined) map.delete(idle);
  map.set(key, value);
}

/** The client of a DHCP message that takes a lease: positive when it asks by itself, negative through a relay, 0 for any other message. */
function clientOf({ bytes: b, payload: i, end }: Packet): number {
  if (end - i < optionsAt || b[i] !== 1 || b[i + 1] !== 1 || b[i + 2] !== 6) return 0;
  let [type, client] = [0, folded(b, i + chaddrAt, 6, 1)];
  for (let at = i + optionsAt, walked = 0; at + 1 < end && b[at] !== optionEnd && walked < maxOptions; walked++) {
    if (b[at] === optionPad) {
      at++;
      continue;
    }
    const length = b[at + 1] ?? 0;
    if (at + 2 + length > end) return 0;
    if (b[at] === optionMessageType) type = b[at + 2] ?? 0;
    if (b[at] === optionClientId) client = folded(b, at + 2, length, client);
    at += 2 + length;
  }
  if (type !== discover && type !== request) return 0;
  return folded(b, i + giaddrAt, 4, 0) === 0 ? client : -client;
}

/** The same of DHCPv6, by the DUID. A relay wraps what it passes on (RFC 8415 §9), which is another message. */
function clientOf6({ bytes: b, payload: i, end }: Packet): number {
  if (b[i] !== solicit6 && b[i] !== request6) return 0;
  for (let at = i + 4, walked = 0; at + 4 <= end && walked < maxOptions; walked++) {
    const [code, length] = [((b[at] ?? 0) << 8) | (b[at + 1] ?? 0), ((b[at + 2] ?? 0) << 8) | (b[at + 3] ?? 0)];
    if (at + 4 + length > end) return 0;
    if (code === optionDuid6) return folded(b, at + 4, length, 1);
    at += 4 + length;
  }
  return 0;
}

/** Bytes folded to 32 bits (FNV-1a); never 0 but for a seed of 0 over zeros. */
function folded(b: Uint8Array, from: number, length: number, seed: number): number {
  let value = seed === 0 ? 0 : 0x811c9dc5 ^ seed;
  for (let at = from; at < from + length; at++) value = seed === 0 ? value | (b[at] ?? 0) : Math.imul(value ^ (b[at] ?? 0), 0x01000193);
  return seed === 0 ? value : value >>> 0 || 1;
}
