import type { Mac } from '../gateway/model/address.ts';
import type { Fact, Observation } from '../gateway/model/fact.ts';
import { etherTypes, type Packet } from './packet.ts';

/** Which frames a collector wants. Data, not a function: the dissector makes one table of it, so that all other frames cost nothing. */
export type Match =
  | { readonly kind: 'ether-type'; readonly etherType: number }
  /** To or from one of these ports. */
  | { readonly kind: 'udp'; readonly ports: readonly number[] }
  /** The first frame that shows a TCP server (stream.ts): SYN/ACK, or data from a port whose use is certain. */
  | { readonly kind: 'tcp-server' }
  /** IEEE 802.3 frames with an LLC header whose DSAP is this; `body` begins behind DSAP, SSAP and control. */
  | { readonly kind: 'llc'; readonly dsap: number }
  /** LLC/SNAP with this organisation and protocol; `body` begins behind the SNAP header. */
  | { readonly kind: 'snap'; readonly organisation: number; readonly protocol: number }
  /** IPv4 or IPv6 with this protocol (next header); `body` is what IP carries. */
  | { readonly kind: 'ip-protocol'; readonly protocol: number }
  /** Each TCP segment with payload to or from one of these ports, as it comes; `body` is the payload. */
  | { readonly kind: 'tcp'; readonly ports: readonly number[] }
  /**
   * The start of a TCP stream, in order, one direction at a time: `body` is all of it so far (at most 16 KiB). Asked again as it grows until
   * `decode` returns something, throws, or the cap or age is reached. `ports` empty: streams of every port whose first bytes `wants` accepts.
   */
  | { readonly kind: 'tcp-stream'; readonly ports: readonly number[] };

export const etherType = (value: number): Match => {
  if (value === etherTypes.ipv4 || value === etherTypes.ipv6)
    throw new RangeError(`Cannot match ether type ${value}: match a port instead`);
  return { kind: 'ether-type', etherType: value };
};
export const udpPorts = (...ports: readonly number[]): Match => ({ kind: 'udp', ports });
export const tcpServer: Match = { kind: 'tcp-server' };
export const llc = (dsap: number): Match => ({ kind: 'llc', dsap });
export const snap = (organisation: number, protocol: number): Match => ({ kind: 'snap', organisation, protocol });
export const ipProtocol = (protocol: number): Match => ({ kind: 'ip-protocol', protocol });
export const tcpPorts = (...ports: readonly number[]): Match => ({ kind: 'tcp', ports });
export const tcpStream = (...ports: readonly number[]): Match => ({ kind: 'tcp-stream', ports });

/** What `observe` returns: a Fact about the frame's sender, or about the address that the message names. */
export type Said = Fact | { readonly about: Mac; readonly fact: Fact };

/** One protocol. `observations` throws DecodeError when the bytes break the format, and nothing else. Facts are untrusted claims. */
export type Collector = {
  readonly name: string;
  readonly spec: string;
  /** One or several; a frame that several of them match is read once. */
  readonly matches: Match | readonly Match[];
  /** A cheap look at a few bytes, before anything is decoded: most frames of a busy protocol bear no identity. Must not throw. */
  readonly wants?: (packet: Packet) => boolean;
  readonly observations: (packet: Packet) => readonly Observation[];
};

const none: readonly Observation[] = [];

/** Composes the two halves of a protocol, what the bytes say and what that tells us, and stamps the result with when, where and who. */
export function collector<Message>(c: {
  readonly name: string;
  readonly spec: string;
  readonly matches: Match | readonly Match[];
  readonly wants?: (packet: Packet) => boolean;
  readonly decode: (bytes: Uint8Array, packet: Packet) => Message;
  readonly observe: (message: Message, packet: Packet) => readonly Said[];
}): Collector {
  const observations = (packet: Packet): readonly Observation[] => {
    const said = c.observe(c.decode(packet.body, packet), packet);
    if (said.length === 0) return none;
    const { at, port, vlan, number: frame, source } = packet;
    return said.map(s => {
      const [mac, fact] = 'about' in s ? [s.about, s.fact] : [source, s];
      return { at, port, vlan, mac, collector: c.name, frame, fact };
    });
  };
  const { name, spec, matches, wants } = c;
  return wants === undefined ? { name, spec, matches, observations } : { name, spec, matches, wants, observations };
}
