import type { Mac, Millis } from '../gateway/model/address.ts';
import type { ActionName, Fact } from '../gateway/model/fact.ts';
import { etherTypes, ipProtocols, type Packet, tcpFlags } from './packet.ts';
import { Flows } from './flows.ts';
import { fold } from './stream.ts';
import { LeaseRequests } from './lease-requests.ts';
import { doorOf, SlowKnocks } from './slow-knocks.ts';

/** Targets that a sender tried in vain are counted anew after so long; and after so long without an answer there is none. Milliseconds of frame time. */
const [windowMs, unansweredMs] = [60_000, 3000];
/** Caps: targets of one sender and kind, of all of them, and senders and kinds: a target takes some 60 bytes. */
const [maxTargets, maxInAll, maxSenders] = [1024, 65_536, 2048];
/** Distinct targets at which a fact comes out. */
const thresholds = [16, 64, 256, 1024] as const;
/** Addresses behind one sender that are named: enough to see that it routes. */
const maxBehind = 16;
/** Places of the table of addresses that were looked at lately. */
const places = 4096;
/** What hosts set as hop count at first, and how many hops a packet may have taken. */
const [initialHops, maxHops] = [[32, 64, 128, 255], 30] as const;
/** By hop count: 1 when it looks as if a router had counted. 60 is an initial one of some systems too. */
export const looksRouted = Uint8Array.from({ length: 256 }, (_, ttl) =>
  ttl !== 60 && initialHops.some(first => ttl < first && ttl >= first - maxHops) && !initialHops.some(first => ttl === first) ? 1 : 0,
);

type Scan = Extract<ActionName, `scan-${string}`>;
const scans: readonly Scan[] = ['scan-arp', 'scan-ports', 'scan-icmp'];

/** What one sender tried of one kind since `since`. */
type Attempts = {
  since: Millis;
  firstFrame: number;
  /** The host of all targets so far, folded; undefined when they are several. */
  host: number | undefined;
  /** When each target was tried; -1 when it answered. For ports: only those that have not answered yet. */
  readonly targets: Map<number, number>;
  /** Ports that refused or did not answer. */
  readonly inVain: Set<number>;
  answered: number;
  /** Index of the next threshold. */
  next: number;
};

/**
 * What senders do over many frames: ask for one address after the other, knock at many ports, pass on the packets of others. Counts
 * distinct targets by 32-bit hashes, so a count may be a little too low. Bounded; a full table takes in no new sender until one is idle.
 */
export class Activity {
  /** By the sender's hardware address × 4 + kind. */
  readonly #attempts = new Map<number, Attempts>();
  readonly #slow = new SlowKnocks();
  #size = 0;
  #nextSweep: Millis = -Infinity;
  readonly #leases = new LeaseRequests();
  /** Whom those talk to that named a MUD URL. */
  readonly flows: Flows;
  /** By slot: it has connections that were not answered yet; addresses behind it that were named. */
  readonly #isTrying: Uint8Array;
  readonly #behind: Uint8Array;
  /** Slot and address that were looked at, and when. */
  readonly #lookedAt = new Float64Array(places);
  readonly #lookedWhen = new Float64Array(places).fill(-Infinity);

  constructor(slots: number) {
    this.#isTrying = new Uint8Array(slots);
    this.#behind = new Uint8Array(slots);
    this.flows = new Flows(slots);
  }

  /** Targets that are remembered, for tests. */
  get size(): number {
    return this.#size;
  }

  /** The slot has another sender now. */
  forget(slot: number): void {
    this.#isTrying[slot] = this.#behind[slot] = 0;
    this.flows.forget(slot);
  }

  /** True while the slot has connections that were not answered yet: then its next segments are to be noted. */
  isTrying(slot: number): boolean {
    return this.#isTrying[slot] === 1;
  }

  /** Takes in a frame; a fact when its sender, or for a refused connection its target, has reached a threshold. For every frame: cheap when there is nothing. */
  note(packet: Packet, slot: number): Deed | undefined {
    if (packet.ipProtocol === ipProtocols.tcp) return this.#tcp(packet, slot);
    if (packet.ipProtocol === ipProtocols.udp) return this.#leases.note(packet);
    if (packet.etherType === etherTypes.arp) return this.#arp(packet);
    if (packet.ipProtocol === ipProtocols.icmp || packet.ipProtocol === ipProtocols.icmpv6) return this.#echo(packet);
    return undefined;
  }

  /** True when the packet seems to come through the sender from another host, and that was not looked at lately. Then ask `behind`. */
  mayBeBehind(packet: Packet, slot: number): boolean {
    if (looksRouted[packet.ttl] === 0 || packet.ipVersion === 0 || (this.#behind[slot] ?? 0) >= maxBehind) return false;
    if (((packet.bytes[packet.start] ?? 0) & 1) !== 0) return false;
    const source = fold(packet, false);
    const key = slot * 0x100000000 + source;
    const place = (Math.imul(source ^ Math.imul(slot, 0x85ebca6b), 0x9e3779b1) >>> 16) & (places - 1);
    if (this.#lookedAt[place] === key && Math.abs(packet.at - (this.#lookedWhen[place] ?? 0)) < windowMs) return false;
    this.#lookedAt[place] = key;
    this.#lookedWhen[place] = packet.at;
    return true;
  }

  /** The fact, when the sender is known by other addresses of that family and not by this one. */
  behind(packet: Packet, slot: number, known: readonly string[]): Fact | undefined {
    const ip = packet.sourceIp;
    const own = known.filter(k => k.includes(':') === (packet.ipVersion === 6));
    if (ip === undefined || own.length === 0 || own.includes(ip)) return undefined;
    this.#behind[slot] = (this.#behind[slot] ?? 0) + 1;
    return { kind: 'behind', ip };
  }

  /** RFC 826. Who announces itself asks nobody. */
  #arp(packet: Packet): Deed | undefined {
    const { bytes: b, payload: i } = packet;
    if (packet.end - i < 28) return undefined;
    const [operation, source, target] = [(b[i + 6] ?? 0) * 256 + (b[i + 7] ?? 0), word(b, i + 14), word(b, i + 24)];
    if (operation === 2) this.#answered(macNumber(b, packet.start), 0, source);
    return operation === 1 && source !== target ? this.#tried(packet, 0, target, target) : undefined;
  }

  /** RFC 792, RFC 4443 §4.1: echo and its reply. */
  #echo(packet: Packet): Deed | undefined {
    const type = packet.bytes[packet.l4];
    const [request, reply] = packet.ipVersion === 4 ? [8, 0] : [128, 129];
    if (type === reply) this.#answered(macNumber(packet.bytes, packet.start), 2, fold(packet, false));
    return type === request ? this.#tried(packet, 2, fold(packet, true), fold(packet, true)) : undefined;
  }

  /** RFC 9293 §3.5: a SYN knocks; a SYN/ACK, or an ACK of who knocked, says that it was let in; RST that it was not. */
  #tcp(packet: Packet, slot: number): Deed | undefined {
    const flags = packet.tcpFlags & (tcpFlags.syn | tcpFlags.ack | tcpFlags.rst);
    if (flags === tcpFlags.syn) {
      this.#isTrying[slot] = 1;
      return this.#tried(packet, 1, doorOf(packet, true), fold(packet, true));
    }
    if (flags === tcpFlags.ack) {
      if (this.#isTrying[slot] === 1) this.#letIn(packet, slot);
      return undefined;
    }
    if ((flags & (tcpFlags.syn | tcpFlags.rst)) === 0) return undefined;
    const asker = macNumber(packet.bytes, packet.start);
    const target = doorOf(packet, false);
    if ((flags & tcpFlags.rst) === 0) return this.#answered(asker, 1, target);
    const attempts = this.#attempts.get(asker * 4 + 1);
    if (attempts?.targets.delete(target) !== true) return undefined;
    attempts.inVain.add(target);
    return this.#reached(attempts, 1, asker, packet, true) ?? this.#knockedSlowly(asker, [target], packet);
  }

  #letIn(packet: Packet, slot: number): void {
    const sender = macNumber(packet.bytes, packet.start + 6);
    this.#answered(sender, 1, doorOf(packet, true));
    if ((this.#attempts.get(sender * 4 + 1)?.targets.size ?? 0) === 0) this.#isTrying[slot] = 0;
  }

  #answered(asker: number, kind: number, target: number): undefined {
    const attempts = this.#attempts.get(asker * 4 + kind);
    const at = attempts?.targets.get(target);
    if (attempts === undefined || at === undefined || at < 0) return undefined;
    if (kind === 1) {
      attempts.targets.delete(target);
      this.#size--;
    } else {
      attempts.targets.set(target, -1);
      attempts.answered++;
    }
    return undefined;
  }

  #tried(packet: Packet, kind: number, target: number, host: number): Deed | undefined {
    const sender = macNumber(packet.bytes, packet.start + 6);
    const key = sender * 4 + kind;
    let attempts = this.#attempts.get(key);
    const gaveUp = kind === 1 && attempts !== undefined ? this.#giveUp(attempts, packet.at) : nobody;
    if (attempts !== undefined && Math.abs(packet.at - attempts.since) > windowMs) {
      this.#drop(key, attempts);
      attempts = undefined;
    }
    if (attempts === undefined) {
      if (this.#attempts.size >= maxSenders) this.#sweep(packet.at);
      if (this.#attempts.size >= maxSenders) return undefined;
      const { at: since, number: firstFrame } = packet;
      attempts = { since, firstFrame, host, targets: new Map(), inVain: new Set(), answered: 0, next: 0 };
      this.#attempts.set(key, attempts);
    }
    if (attempts.host !== host) attempts.host = undefined;
    const isFull = attempts.targets.size + attempts.inVain.size >= maxTargets || this.#size >= maxInAll;
    if (!isFull && !attempts.targets.has(target) && !attempts.inVain.has(target)) {
      attempts.targets.set(target, packet.at);
      this.#size++;
    }
    return this.#reached(attempts, kind, sender, packet, false) ?? this.#knockedSlowly(sender, gaveUp, packet);
  }

  #knockedSlowly(sender: number, doors: readonly number[], packet: Packet): Deed | undefined {
    const isTold = (this.#attempts.get(sender * 4 + 1)?.next ?? 0) > 0;
    const detail = this.#slow.note(sender, doors, packet);
    if (detail === undefined || isTold) return undefined;
    return { sender, fact: { kind: 'acted', action: 'scan-ports', target: 'network', detail } };
  }

  /** Moves what was not answered in time; the oldest stand first. */
  #giveUp(attempts: Attempts, now: Millis): readonly number[] {
    const gone: number[] = [];
    for (const [target, at] of attempts.targets) {
      if (Math.abs(now - at) < unansweredMs) break;
      attempts.targets.delete(target);
      attempts.inVain.add(target);
      gone.push(target);
    }
    return gone.length === 0 ? nobody : gone;
  }

  #reached(attempts: Attempts, kind: number, sender: number, packet: Packet, isAnswer: boolean): Deed | undefined {
    const count = kind === 1 ? attempts.inVain.size : attempts.targets.size;
    const threshold = thresholds[attempts.next];
    if (threshold === undefined || count < threshold) return undefined;
    while (count >= (thresholds[attempts.next] ?? Infinity)) attempts.next++;
    const host = isAnswer ? packet.sourceIp : packet.target;
    const target = attempts.host === undefined || host === undefined ? 'network' : host;
    const action = scans[kind] ?? 'scan-arp';
    const unanswered = kind === 1 ? '' : `, ${count - attempts.answered} of them not answered`;
    const detail = `${threshold}${unanswered}, since frame ${attempts.firstFrame}`;
    return { sender, fact: { kind: 'acted', action, target, detail } };
  }

  /** Forgets whose window is over; at most once a second. */
  #sweep(now: Millis): void {
    if (Math.abs(now - this.#nextSweep) < 1000) return;
    this.#nextSweep = now;
    for (const [key, attempts] of this.#attempts) if (Math.abs(now - attempts.since) > windowMs) this.#drop(key, attempts);
  }

  #drop(key: number, attempts: Attempts): void {
    this.#size -= attempts.targets.size + attempts.inVain.size;
    this.#attempts.delete(key);
  }
}

const nobody: readonly number[] = [];

/** `sender`: the hardware address that did it, as a number. */
export type Deed = { readonly sender: number; readonly fact: Fact };

/** The hardware address at `i` as a number below 2^48. */
export const macNumber = (b: Uint8Array, i: number): number => ((b[i] ?? 0) * 256 + (b[i + 1] ?? 0)) * 0x100000000 + word(b, i + 2);

/** The text of such a number. */
export const macOfNumber = (mac: number): Mac =>
  mac
    .toString(16)
    .padStart(12, '0')
    .replaceAll(/(..)(?!$)/g, '$1:');

const word = (b: Uint8Array, i: number): number =>
  (((b[i] ?? 0) << 24) | ((b[i + 1] ?? 0) << 16) | ((b[i + 2] ?? 0) << 8) | (b[i + 3] ?? 0)) >>> 0;
