import type { Mac } from '../gateway/model/address.ts';
import type { Fact, Observation } from '../gateway/model/fact.ts';
import { etherTypes, type Packet } from './packet.ts';

/** Which frames a collector wants. Data, not a function: the dissector makes one table of it, so that all other frames cost nothing. */
export type Match =
  | { readonly kind: 'ether-type'; readonly etherType: number }
  /** To or from one of these ports. */
  | { readonly kind: 'udp'; readonly ports: readonly number[] }
  /** The first frame that shows a TCP server (stream.ts): SYN/ACK, or data from a port whose use is certain. */
  | { readonly kind: 'tcp-server' };

export const etherType = (value: number): Match => {
  if (value === etherTypes.ipv4 || value === etherTypes.ipv6)
    throw new RangeError(`Cannot match ether type ${value}: match a port instead`);
  return { kind: 'ether-type', etherType: value };
};
export const udpPorts = (...ports: readonly number[]): Match => ({ kind: 'udp', ports });
export const tcpServer: Match = { kind: 'tcp-server' };

/** What `observe` returns: a Fact about the frame's sender, or about the address that the message names. */
export type Said = Fact | { readonly about: Mac; readonly fact: Fact };

/** One protocol. `observations` throws DecodeError when the bytes break the format, and nothing else. Facts are untrusted claims. */
export type Collector = {
  readonly name: string;
  readonly spec: string;
  readonly matches: Match;
  readonly observations: (packet: Packet) => readonly Observation[];
};

const none: readonly Observation[] = [];

/** Composes the two halves of a protocol, what the bytes say and what that tells us, and stamps the result with when, where and who. */
export function collector<Message>(c: {
  readonly name: string;
  readonly spec: string;
  readonly matches: Match;
  readonly decode: (bytes: Uint8Array) => Message;
  readonly observe: (message: Message, packet: Packet) => readonly Said[];
}): Collector {
  const observations = (packet: Packet): readonly Observation[] => {
    const said = c.observe(c.decode(packet.body), packet);
    if (said.length === 0) return none;
    const { at, port, vlan, number: frame, source } = packet;
    return said.map(s => {
      const [mac, fact] = 'about' in s ? [s.about, s.fact] : [source, s];
      return { at, port, vlan, mac, collector: c.name, frame, fact };
    });
  };
  return { name: c.name, spec: c.spec, matches: c.matches, observations };
}
