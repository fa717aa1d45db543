import type { Fact } from '../gateway/model/fact.ts';
import { ipProtocols, type Packet } from './packet.ts';

/** What hosts set as time to live: a packet that shows one of these was sent next door. */
const isInitial = Uint8Array.from({ length: 256 }, (_, ttl) => (ttl === 32 || ttl === 64 || ttl === 128 || ttl === 255 ? 1 : 0));
/** How often it is told that an address turned from one value to another: enough to see that both are in use. A third value counts anew, until so much was told in all. */
const [maxTold, maxInAll] = [6, 24];
/** 169.254.0.0/16 stands beside the address that was given, RFC 3927 §2.6.2. */
const linkLocal = 0xa9fe;

/** One sign of each slot: the value shown last, the one before, and how often it has turned. 0 is none. */
class Sign {
  readonly last: Uint32Array;
  readonly #before: Uint32Array;
  readonly #times: Uint8Array;
  readonly #told: Uint8Array;

  constructor(slots: number) {
    this.last = new Uint32Array(slots);
    this.#before = new Uint32Array(slots);
    this.#times = new Uint8Array(slots);
    this.#told = new Uint8Array(slots);
  }

  /** How often it has turned, when it does so with this value and that is worth telling; else 0. */
  show(slot: number, value: number): number {
    const old = this.last[slot] ?? 0;
    this.last[slot] = value;
    if (old === 0 || old === value) return 0;
    if (this.#before[slot] !== value) this.#times[slot] = 0;
    this.#before[slot] = old;
    const times = (this.#times[slot] ?? 0) + 1;
    const told = this.#told[slot] ?? 0;
    if (times > maxTold || told >= maxInAll) return 0;
    this.#times[slot] = times;
    this.#told[slot] = told + 1;
    return times;
  }

  forget(slot: number): void {
    this.last[slot] = this.#before[slot] = this.#times[slot] = this.#told[slot] = 0;
  }
}

/**
 * Whether what a sender sends by UDP and TCP over IPv4 to one host or to all shows one time to live and one source address, or two by turns. Groups and
 * ICMP have times to live of their own. Twenty bytes for each slot; what is told is bounded.
 */
export class Turns {
  readonly #ttl: Sign;
  readonly #source: Sign;

  constructor(slots: number) {
    this.#ttl = new Sign(slots);
    this.#source = new Sign(slots);
  }

  /** For every frame that is looked at: integers only. Whether the packet is the sender's own remains to be asked. */
  mayTurn(packet: Packet, slot: number): boolean {
    if (packet.ipVersion !== 4 || isInitial[packet.ttl] === 0) return false;
    if (packet.ttl === this.#ttl.last[slot] && sourceOf(packet) === this.#source.last[slot]) return false;
    if (packet.ipProtocol !== ipProtocols.udp && packet.ipProtocol !== ipProtocols.tcp) return false;
    const [first = 0, last = 0] = [packet.bytes[packet.start], packet.bytes[packet.start + 5]];
    const source = sourceOf(packet);
    return ((first & 1) === 0 || (first & last) === 0xff) && source !== 0 && source >>> 16 !== linkLocal;
  }

  /** What turned with a packet of the sender's own. */
  note(packet: Packet, slot: number): readonly Fact[] {
    const [ttl, source] = [packet.ttl, sourceOf(packet)];
    const [oldTtl, oldSource] = [this.#ttl.last[slot] ?? 0, this.#source.last[slot] ?? 0];
    const [ttlTimes, sourceTimes] = [this.#ttl.show(slot, ttl), this.#source.show(slot, source)];
    const facts: Fact[] = [];
    if (ttlTimes > 0) facts.push({ kind: 'turned', sign: 'ttl', from: `${oldTtl}`, to: `${ttl}`, times: ttlTimes });
    if (sourceTimes > 0) facts.push({ kind: 'turned', sign: 'source', from: text(oldSource), to: text(source), times: sourceTimes });
    return facts;
  }

  forget(slot: number): void {
    this.#ttl.forget(slot);
    this.#source.forget(slot);
  }
}

/** RFC 791 §3.1. */
function sourceOf({ bytes: b, l3 }: Packet): number {
  const i = l3 + 12;
  return (((b[i] ?? 0) << 24) | ((b[i + 1] ?? 0) << 16) | ((b[i + 2] ?? 0) << 8) | (b[i + 3] ?? 0)) >>> 0;
}

const text = (ip: number): string => [ip >>> 24, (ip >>> 16) & 255, (ip >>> 8) & 255, ip & 255].join('.');
