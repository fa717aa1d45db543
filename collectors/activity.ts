import type { Mac, Millis } from '../gateway/model/address.ts';
import type { ActionName, Fact } from '../gateway/model/fact.ts';
import { AskedAddresses } from './asked-addresses.ts';
import { etherTypes, ipProtocols, type Packet, tcpFlags } from './packet.ts';
import { Flows } from './flows.ts';
import { fold } from './stream.ts';
import { LeaseRequests } from './lease-requests.ts';
import { SharedAddress } from './shared-address.ts';
import { doorOf, SlowKnocks } from './slow-knocks.ts';
import { RefusedDatagrams } from './refused-datagrams.ts';
import { StraySegments } from './stray-segments.ts';
import { KnownDoors } from './known-doors.ts';

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
const looksRouted = Uint8Array.from({ length: 256 }, (_, ttl) =>
  ttl !== 60 && initialHops.some(first => ttl < first && ttl >= first - maxHops) && !initialHops.some(first => ttl === first) ? 1 : 0,
);

/** Protocols that networks carry above IP beside TCP, UDP and ICMP: IGMP, tunnels, IPsec, none, routing, standing in, reservation, SCTP. IANA, Protocol Numbers. */
const usualProtocols: ReadonlySet<number> = new Set([2, 4, 41, 46, 47, 50, 51, 59, 88, 89, 97, 103, 108, 112, 115, 124, 132, 136, 137]);

type Scan = Extract<ActionName, `scan-${string}`>;
/** Kinds of attempts: a port that is knocked at, a host that is asked for an echo. */
const [port, echo] = [1, 2] as const;
type Kind = typeof port | typeof echo;
const scans: Readonly<Record<Kind, Scan>> = { [port]: 'scan-ports', [echo]: 'scan-icmp' };

/** What one sender tried of one kind since `since`. */
type Attempts = {
  since: Millis;
  /** Where those began that did not let it in. */
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

/** Since when so many ports of a sender wait for an answer, and the host that it tried then. */
type Waiting = { readonly since: Millis; readonly host: string };

/**
 * What senders do over many frames: ask for one address after the other, knock at many ports, ask many hosts for an echo, pass on the packets of others. Counts
 * distinct targets by 32-bit hashes, so a count may be a little too low. Bounded; a full table takes in no new sender until one is idle.
 */
export class Activity {
  /** By the sender's hardware address × 4 + kind. */
  readonly #attempts = new Map<number, Attempts>();
  /** By the key of attempts, so never more than those: at whose ports enough wait to be told, the longest first. */
  readonly #waiting = new Map<number, Waiting>();
  readonly #slow = new SlowKnocks();
  readonly #known = new KnownDoors();
  readonly #datagrams = new RefusedDatagrams();
  readonly #strays = new StraySegments();
  #size = 0;
  #nextSweep: Millis = -Infinity;
  readonly #leases = new LeaseRequests();
  readonly #asked = new AskedAddresses();
  /** Whom those talk to that named a MUD URL. */
  readonly flows: Flows;
  /** By slot: it has connections that were not answered yet; addresses behind it that were named. */
  readonly #isTrying: Uint8Array;
  readonly #behind: Uint8Array;
  readonly #shared: SharedAddress;
  /** Slot and address that were looked at, and when. */
  readonly #lookedAt = new Float64Array(places);
  readonly #lookedWhen = new Float64Array(places).fill(-Infinity);

  constructor(slots: number) {
    this.#isTrying = new Uint8Array(slots);
    this.#behind = new Uint8Array(slots);
    this.#shared = new SharedAddress(slots);
    this.flows = new Flows(slots);
  }

  /** Targets that are remembered, for tests. */
  get size(): number {
    return this.#size;
  }

  /** The slot has another sender now. */
  forget(slot: number): void {
    this.#isTrying[slot] = this.#behind[slot] = 0;
    this.#shared.forget(slot);
    this.flows.forget(slot);
  }

  /** True while the slot has connections that were not answered yet: then its next segments are to be noted. */
  isTrying(slot: number): boolean {
    return this.#isTrying[slot] === 1;
  }

  /** Takes in a frame; a fact when somebody has reached a threshold: its sender, its target, or who waited for answers until now. For every frame: cheap when there is nothing. */
  note(packet: Packet, slot: number): Deed | undefined {
    return this.#take(packet, slot) ?? (this.#waiting.size === 0 ? undefined : this.#judgeWaiting(packet));
  }

  #take(packet: Packet, slot: number): Deed | undefined {
    if (packet.ipProtocol === ipProtocols.tcp) return this.#tcp(packet, slot);
    if (packet.ipProtocol === ipProtocols.udp) {
      this.#datagrams.sent(packet);
      return this.#leases.note(packet);
    }
    if (packet.etherType === etherTypes.arp) return this.#asked.arp(packet);
    if (packet.ipProtocol === ipProtocols.icmp || packet.ipProtocol === ipProtocols.icmpv6) return this.#echo(packet);
    return packet.ipProtocol === 0 || usualProtocols.has(packet.ipProtocol) ? undefined : this.#strangeProtocol(packet);
  }

  /** True when the packet seems to come through the sender from another host, and that address and hop count was not looked at lately. Then ask `behind`. */
  mayBeBehind(packet: Packet, slot: number): boolean {
    if (looksRouted[packet.ttl] === 0 || packet.ipVersion === 0 || (this.#behind[slot] ?? 0) >= maxBehind) return false;
    if (((packet.bytes[packet.start] ?? 0) & 1) !== 0) return false;
    const source = (fold(packet, false) ^ Math.imul(packet.ttl, 0x01000193)) >>> 0;
    const key = slot * 0x100000000 + source;
    const place = (Math.imul(source ^ Math.imul(slot, 0x85ebca6b), 0x9e3779b1) >>> 16) & (places - 1);
    if (this.#lookedAt[place] === key && Math.abs(packet.at - (this.#lookedWhen[place] ?? 0)) < windowMs) return false;
    this.#lookedAt[place] = key;
    this.#lookedWhen[place] = packet.at;
    return true;
  }

  /** The fact, when the sender is known by other addresses of that family and not by this one; or when several systems speak from its own. */
  behind(packet: Packet, slot: number, known: readonly string[]): Fact | undefined {
    const ip = packet.sourceIp;
    const own = known.filter(k => k.includes(':') === (packet.ipVersion === 6));
    if (ip === undefined || own.length === 0) return undefined;
    if (own.includes(ip)) return this.#shared.note(packet, slot, ip);
    this.#behind[slot] = (this.#behind[slot] ?? 0) + 1;
    return { kind: 'behind', ip };
  }

  /** RFC 792, RFC 4443 §4.1: echo and its reply; neighbours that are asked for. */
  #echo(packet: Packet): Deed | undefined {
    const type = packet.bytes[packet.l4];
    if (packet.ipVersion === 6 && (type === 135 || type === 136)) return this.#asked.ndp(packet);
    const refused = this.#datagrams.refused(packet);
    if (refused !== 0) return this.#refused(refused, packet);
    const [request, reply] = packet.ipVersion === 4 ? [8, 0] : [128, 129];
    if (type === reply) this.#answered(macNumber(packet.bytes, packet.start), echo, fold(packet, false));
    return type === request ? this.#tried(packet, echo, fold(packet, true), fold(packet, true)) : undefined;
  }

  /** RFC 9293 §3.5: a SYN knocks, and so does what belongs to no connection (no ACK: FIN, or none of them, §3.10.7.2); a SYN/ACK, or an ACK of who knocked, says that it was let in; RST that it was not. */
  #tcp(packet: Packet, slot: number): Deed | undefined {
    const flags = packet.tcpFlags & (tcpFlags.syn | tcpFlags.ack | tcpFlags.rst);
    if (flags === tcpFlags.syn || (flags === 0 && isWhole(packet))) {
      const door = doorOf(packet, true);
      if (this.#known.has(macNumber(packet.bytes, packet.start + 6), door)) return undefined;
      this.#isTrying[slot] = 1;
      return this.#tried(packet, port, door, fold(packet, true));
    }
    if (flags === tcpFlags.ack) {
      this.#strays.sent(packet);
      if (this.#isTrying[slot] === 1) this.#letIn(packet, slot);
      return undefined;
    }
    if ((flags & (tcpFlags.syn | tcpFlags.rst)) === 0) return undefined;
    const asker = macNumber(packet.bytes, packet.start);
    const target = doorOf(packet, false);
    if ((flags & tcpFlags.rst) === 0) return this.#answered(asker, port, target);
    const attempts = this.#attempts.get(asker * 4 + port);
    if (attempts?.targets.delete(target) !== true)
      return this.#strays.isReset(packet, target) && !this.#known.has(asker, target) ? this.#refused(target, packet) : undefined;
    attempts.inVain.add(target);
    return this.#reached(attempts, port, asker, packet, sourceOf) ?? this.#knockedSlowly(asker, [target], packet);
  }

  #letIn(packet: Packet, slot: number): void {
    const sender = macNumber(packet.bytes, packet.start + 6);
    this.#answered(sender, port, doorOf(packet, true));
    if ((this.#attempts.get(sender * 4 + port)?.targets.size ?? 0) === 0) this.#isTrying[slot] = 0;
  }

  #answered(asker: number, kind: Kind, target: number): undefined {
    const attempts = this.#attempts.get(asker * 4 + kind);
    const at = attempts?.targets.get(target);
    if (attempts === undefined || at === undefined || at < 0) return undefined;
    if (kind === port) {
      attempts.targets.delete(target);
      this.#size--;
      this.#known.add(asker, target);
    } else {
      attempts.targets.set(target, -1);
      attempts.answered++;
    }
    return undefined;
  }

  #tried(packet: Packet, kind: Kind, target: number, host: number): Deed | undefined {
    const sender = macNumber(packet.bytes, packet.start + 6);
    const known = this.#attempts.get(sender * 4 + kind);
    const gaveUp = kind === port && known !== undefined ? this.#giveUp(known, packet.at) : nobody;
    const attempts = this.#attemptsOf(sender, kind, host, packet);
    if (attempts === undefined) return undefined;
    const isFull = this.#isFull(attempts);
    if (!isFull && !attempts.targets.has(target) && !attempts.inVain.has(target)) {
      attempts.targets.set(target, packet.at);
      this.#size++;
    }
    if (kind === port && mayBeReached(attempts)) this.#wait(sender, packet.at, () => packet.target);
    return this.#reached(attempts, kind, sender, packet, targetOf) ?? this.#knockedSlowly(sender, gaveUp, packet);
  }

  /** A datagram that its target says nobody is there for (RFC 792), or a segment of no connection that it resets. */
  #refused(door: number, packet: Packet): Deed | undefined {
    return this.#inVain(macNumber(packet.bytes, packet.start), door, packet, false);
  }

  /** A protocol that no network uses above IP, whichever hosts it asks: its number alone counts. */
  #strangeProtocol(packet: Packet): Deed | undefined {
    return this.#inVain(macNumber(packet.bytes, packet.start + 6), packet.ipProtocol * 2, packet, true);
  }

  #inVain(sender: number, door: number, packet: Packet, isTarget: boolean): Deed | undefined {
    const attempts = this.#attemptsOf(sender, port, fold(packet, isTarget), packet);
    if (attempts === undefined || attempts.inVain.has(door) || this.#isFull(attempts)) return undefined;
    attempts.inVain.add(door);
    this.#size++;
    return this.#reached(attempts, port, sender, packet, isTarget ? targetOf : sourceOf) ?? this.#knockedSlowly(sender, [door], packet);
  }

  #isFull({ targets, inVain }: Attempts): boolean {
    return targets.size + inVain.size >= maxTargets || this.#size >= maxInAll;
  }

  /** Those of this minute; undefined when there is no room for one more sender. */
  #attemptsOf(sender: number, kind: Kind, host: number, packet: Packet): Attempts | undefined {
    const key = sender * 4 + kind;
    let attempts = this.#attempts.get(key);
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
    if (attempts.targets.size + attempts.inVain.size === 0) attempts.firstFrame = packet.number;
    if (attempts.host !== host) attempts.host = undefined;
    return attempts;
  }

  #knockedSlowly(sender: number, doors: readonly number[], packet: Packet): Deed | undefined {
    const isTold = (this.#attempts.get(sender * 4 + port)?.next ?? 0) > 0;
    const detail = this.#slow.note(sender, doors, packet);
    if (detail === undefined || isTold) return undefined;
    return { sender, fact: { kind: 'acted', action: 'scan-ports', target: 'network', detail } };
  }

  #wait(sender: number, since: Millis, host: () => string): void {
    const key = sender * 4 + port;
    if (!this.#waiting.has(key)) this.#waiting.set(key, { since, host: host() });
  }

  /** Who scans fast has ended before the first port counts as not answered: then the next frame of anybody tells it. */
  #judgeWaiting(packet: Packet): Deed | undefined {
    for (const [key, { since, host }] of this.#waiting) {
      if (Math.abs(packet.at - since) < unansweredMs) return undefined;
      this.#waiting.delete(key);
      const attempts = this.#attempts.get(key);
      if (attempts === undefined) continue;
      const sender = Math.floor(key / 4);
      const gaveUp = this.#giveUp(attempts, packet.at);
      const deed = this.#reached(attempts, port, sender, packet, () => host) ?? this.#knockedSlowly(sender, gaveUp, packet);
      if (mayBeReached(attempts)) this.#wait(sender, packet.at, () => host);
      if (deed !== undefined) return deed;
    }
    return undefined;
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

  #reached(attempts: Attempts, kind: Kind, sender: number, packet: Packet, hostOf: HostOf): Deed | undefined {
    const count = kind === port ? attempts.inVain.size : attempts.targets.size;
    const threshold = thresholds[attempts.next];
    if (threshold === undefined || count < threshold) return undefined;
    while (count >= (thresholds[attempts.next] ?? Infinity)) attempts.next++;
    const host = hostOf(packet);
    const target = attempts.host === undefined || host === undefined ? 'network' : host;
    const action = scans[kind];
    const unanswered = kind === port ? '' : `, ${count - attempts.answered} of them not answered`;
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
    this.#waiting.delete(key);
  }
}

/** True iff a threshold is reached unless somebody answers yet. */
const mayBeReached = ({ targets, inVain, next }: Attempts): boolean => targets.size + inVain.size >= (thresholds[next] ?? Infinity);

/** The host that was tried, where a packet shows it. */
type HostOf = (packet: Packet) => string | undefined;
const sourceOf: HostOf = packet => packet.sourceIp;
const targetOf: HostOf = packet => packet.target;

const nobody: readonly number[] = [];
/** Its flags were there to be read. */
const isWhole = ({ l4, end, fragmentAt }: Packet): boolean => fragmentAt === 0 && l4 + 20 <= end;

/** `sender`: the hardware address that did it, as a number. */
export type Deed = { readonly sender: number; readonly fact: Fact };

/** The hardware address at `i` as a number below 2^48. */
const macNumber = (b: Uint8Array, i: number): number => ((b[i] ?? 0) * 256 + (b[i + 1] ?? 0)) * 0x100000000 + word(b, i + 2);

/** The text of such a number. */
export const macOfNumber = (mac: number): Mac =>
  mac
    .toString(16)
    .padStart(12, '0')
    .replaceAll(/(..)(?!$)/g, '$1:');

const word = (b: Uint8Array, i: number): number =>
  (((b[i] ?? 0) << 24) | ((b[i + 1] ?? 0) << 16) | ((b[i + 2] ?? 0) << 8) | (b[i + 3] ?? 0)) >>> 0;
