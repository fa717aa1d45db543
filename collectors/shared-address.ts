import type { Fact } from '../gateway/model/fact.ts';
import type { Ip } from '../gateway/model/address.ts';
import { ipProtocols, type Packet, tcpFlags } from './packet.ts';

/** First times to live of systems, and how many hops may have been counted: further from it, it may be any (a search for the way counts up from 1). */
const [firsts, maxHops] = [[64, 128, 255], 3] as const;
/** A program that makes its own segments says less: RFC 9293 §3.2, the options of a system are three and more. */
const minOptions = 20 + 12;

/**
 * Whether more than one system speaks from an address that a sender says is its own, all with a hop counted: then it translates addresses (RFC 3022 §2).
 * A host of containers passes on what runs on its own kernel, which is one system. Told apart by their first time to live and, of who opens a TCP
 * connection, by the option behind the first one: Linux puts SACK there, the others a filler. Times of TCP tell nothing: they start anew with each connection.
 */
export class SharedAddress {
  /** By slot: the first system that was met; 0 while there is none, `told` when there was another. */
  readonly #system: Uint16Array;

  constructor(slots: number) {
    this.#system = new Uint16Array(slots);
  }

  forget(slot: number): void {
    this.#system[slot] = 0;
  }

  /** A packet from the sender's own address `ip`, whose hop count is no first one. */
  note(packet: Packet, slot: number, ip: Ip): Fact | undefined {
    const before = this.#system[slot] ?? 0;
    const first = firsts.find(one => packet.ttl < one && packet.ttl >= one - maxHops);
    if (before === told || first === undefined) return undefined;
    const system = (first << 8) | secondOption(packet);
    const isOther = before !== 0 && (before >> 8 !== first || ((before & 255) !== 0 && (system & 255) !== 0 && before !== system));
    if (!isOther) {
      if (before === 0 || (before & 255) === 0) this.#system[slot] = system;
      return undefined;
    }
    this.#system[slot] = told;
    const detail = `systems with ${nameOf(before)} and ${nameOf(system)} behind it`;
    return { kind: 'acted', action: 'translate', target: ip, detail };
  }
}

const told = 0xffff;

/** Kind of the second option of a first segment of TCP; 0 when it is none, or says too little. */
function secondOption({ ipProtocol, tcpFlags: flags, bytes: b, l4, end }: Packet): number {
  if (ipProtocol !== ipProtocols.tcp || (flags & (tcpFlags.syn | tcpFlags.ack | tcpFlags.rst)) !== tcpFlags.syn) return 0;
  const size = ((b[l4 + 12] ?? 0) >> 4) * 4;
  return size < minOptions || l4 + size > end || b[l4 + 20] !== 2 ? 0 : (b[l4 + 24] ?? 0);
}

const nameOf = (system: number): string => {
  const option = system & 255;
  return `time to live ${system >> 8}${option === 0 ? '' : `, TCP option ${option} behind the first`}`;
};
