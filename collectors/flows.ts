import { decodeDns } from '../gateway/codec/dns.ts';
import { DecodeError } from '../gateway/codec/reader.ts';
import type { Ip, Mac, Millis } from '../gateway/model/address.ts';
import type { Fact } from '../gateway/model/fact.ts';
import type { Deed } from './activity.ts';
import { ipProtocols, type Packet, tcpFlags } from './packet.ts';
import { fold } from './stream.ts';

/** Places of the table of flows that were told lately, and for how long. */
const [places, againMs] = [8192, 600_000];
/** Senders that are watched at once: each costs a look at its frames. */
const maxWatched = 4096;
const dnsPort = 53;
/** Addresses of one DNS answer that are told. */
const maxAnswers = 8;
/** Below it stand ports of services; RFC 6335 §6. */
const firstUserPort = 1024;
const none: readonly Deed[] = [];

/**
 * Whom the watched senders talk to: those that named a MUD URL, so that it can be compared with what their maker foresees. Fixed tables;
 * as long as nobody is watched, `isOn` is false and nothing is looked at. A flow is told once in ten minutes.
 */
export class Flows {
  readonly #isWatched: Uint8Array;
  /** The hardware address of each watched slot, and of how many slots each is. At most `maxWatched`. */
  readonly #macOf = new Map<number, number>();
  readonly #watched = new Map<number, number>();
  readonly #told = new Float64Array(places);
  readonly #toldAt = new Float64Array(places).fill(-Infinity);

  constructor(slots: number) {
    this.#isWatched = new Uint8Array(slots);
  }

  /** True when somebody is watched: ask `note` then. */
  get isOn(): boolean {
    return this.#macOf.size > 0;
  }

  /** From now on the sender's flows are told. */
  watch(slot: number, mac: Mac): void {
    if (this.#isWatched[slot] === 1 || this.#macOf.size >= maxWatched) return;
    const number = Number.parseInt(mac.replaceAll(':', ''), 16);
    this.#isWatched[slot] = 1;
    this.#macOf.set(slot, number);
    this.#watched.set(number, (this.#watched.get(number) ?? 0) + 1);
  }

  forget(slot: number): void {
    const mac = this.#macOf.get(slot);
    if (mac === undefined) return;
    this.#isWatched[slot] = 0;
    this.#macOf.delete(slot);
    const left = (this.#watched.get(mac) ?? 1) - 1;
    if (left === 0) this.#watched.delete(mac);
    else this.#watched.set(mac, left);
  }

  /** What a frame tells of a watched sender's flows, and a DNS answer of the names that a watched target asked for. `ips`: the sender's own. */
  note(packet: Packet, slot: number, ips: readonly Ip[]): readonly Deed[] {
    if (packet.ipVersion === 0) return none;
    if (packet.sourcePort === dnsPort && packet.ipProtocol === ipProtocols.udp) return this.#answers(packet);
    if (this.#isWatched[slot] === 0 || ((packet.bytes[packet.start] ?? 0) & 1) !== 0) return none;
    const fact = this.#flow(packet, slot, ips);
    return fact === undefined ? none : [{ sender: this.#macOf.get(slot) ?? 0, fact }];
  }

  #flow(packet: Packet, slot: number, ips: readonly Ip[]): Fact | undefined {
    const { ipProtocol: protocol } = packet;
    if (protocol === 0 || protocol === ipProtocols.icmp || protocol === ipProtocols.icmpv6 || protocol === ipProtocols.igmp)
      return undefined;
    const began = protocol === ipProtocols.tcp ? beganOf(packet.tcpFlags) : 'unknown';
    if (began === undefined) return undefined;
    const [ownPort, port] = portsOf(packet, began);
    if (this.#wasTold(slot, fold(packet, true), protocol * 0x10000 + ownPort + Math.imul(port, 0x9e3779b1), packet.at)) return undefined;
    // What a router passes on is somebody else's flow.
    const own = packet.sourceIp;
    if (own === undefined || (ips.length > 0 && !ips.includes(own) && ips.some(ip => ip.includes(':') === own.includes(':'))))
      return undefined;
    return { kind: 'talks-to', ip: packet.target, protocol, port, ownPort, began };
  }

  #wasTold(slot: number, target: number, flow: number, at: Millis): boolean {
    const key = (Math.imul(target ^ Math.imul(flow, 0x85ebca6b), 0xc2b2ae35) >>> 0) * 0x100000 + slot;
    const place = (Math.imul(target ^ Math.imul(flow, 0x85ebca6b) ^ slot, 0x9e3779b1) >>> 16) & (places - 1);
    if (this.#told[place] === key && Math.abs(at - (this.#toldAt[place] ?? 0)) < againMs) return true;
    this.#told[place] = key;
    this.#toldAt[place] = at;
    return false;
  }

  /** RFC 1035 §4.1: the addresses of the name that was asked for, whatever aliases stand in between. What breaks the format tells nothing. */
  #answers(packet: Packet): readonly Deed[] {
    const { bytes: b, start: i } = packet;
    const target =
      ((b[i] ?? 0) * 256 + (b[i + 1] ?? 0)) * 0x100000000 +
      ((((b[i + 2] ?? 0) << 24) | ((b[i + 3] ?? 0) << 16) | ((b[i + 4] ?? 0) << 8) | (b[i + 5] ?? 0)) >>> 0);
    if (!this.#watched.has(target) || packet.isCut) return none;
    try {
      const { isResponse, questions, records } = decodeDns(packet.body);
      const name = questions[0]?.name.join('.').toLowerCase() ?? '';
      if (!isResponse || name === '') return none;
      const ips = records.flatMap(r => (r.kind === 'address' ? r.ip : [])).slice(0, maxAnswers);
      return ips.map(ip => ({ sender: target, fact: { kind: 'resolves', name: name.slice(0, 255), ip } }));
    } catch (error) {
      if (error instanceof DecodeError) return none; // counted by the collector of DNS
      throw error;
    }
  }
}

/** RFC 9293 §3.5: a SYN opens, a SYN/ACK accepts; all else goes on with what was opened. */
function beganOf(flags: number): 'here' | 'there' | undefined {
  const opening = flags & (tcpFlags.syn | tcpFlags.ack | tcpFlags.rst);
  return opening === tcpFlags.syn ? 'here' : opening === (tcpFlags.syn | tcpFlags.ack) ? 'there' : undefined;
}

/** The sender's port and the other's; 0 for the one that changes with each connection: the opener's, of UDP the higher one. */
function portsOf({ sourcePort: own, targetPort: far }: Packet, began: 'here' | 'there' | 'unknown'): readonly [own: number, far: number] {
  if (began === 'here') return [0, far];
  if (began === 'there') return [own, 0];
  if (own > far && own >= firstUserPort) return [0, far];
  return far > own && far >= firstUserPort ? [own, 0] : [own, far];
}
