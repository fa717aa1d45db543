import type { Mac } from '../gateway/model/address.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { DecodeError } from '../gateway/codec/reader.ts';
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
  /** The two first segments of a TCP connection, SYN without RST; `body` is what IP carries. */
  | { readonly kind: 'tcp-opening' }
  /** LLC/SNAP with this organisation and protocol; `body` begins behind the SNAP header. */
  | { readonly kind: 'snap'; readonly organisation: number; readonly protocol: number }
  /** IPv4 or IPv6 with this protocol (next header); `body` is what IP carries. */
  | { readonly kind: 'ip-protocol'; readonly protocol: number }
  /**
   * Each TCP segment with payload to or from one of these ports, as it comes; `body` is the payload. A message that runs out of bytes (Reader), or
   * `goesOn`, is read again with the next segment behind it (rests.ts).
   */
  | { readonly kind: 'tcp'; readonly ports: readonly number[] }
  /**
   * The start of a TCP stream, in order, one direction at a time: `body` is all of it so far (at most 16 KiB). Asked again as it grows until
   * `decode` returns a message or throws; `undefined`, or running out of bytes (Reader), means that the rest may still come. Given up at the
   * cap or age. `wants` is asked once, on the first bytes. `ports` empty: streams of every port whose first bytes `wants` accepts. Of a stream
   * whose opening was not seen a few segments are looked at until one begins a message, only for collectors that have `wants`, and what it breaks is not
   * held against its sender.
   */
  | { readonly kind: 'tcp-stream'; readonly ports: readonly number[] };

export const etherType = (value: number): Match => {
  if (value === etherTypes.ipv4 || value === etherTypes.ipv6)
    throw new RangeError(`Cannot match ether type ${value}: match a port instead`);
  return { kind: 'ether-type', etherType: value };
};
export const udpPorts = (...ports: readonly number[]): Match => ({ kind: 'udp', ports });
export const tcpServer: Match = { kind: 'tcp-server' };
export const tcpOpening: Match = { kind: 'tcp-opening' };
export const llc = (dsap: number): Match => ({ kind: 'llc', dsap });
export const snap = (organisation: number, protocol: number): Match => ({ kind: 'snap', organisation, protocol });
export const ipProtocol = (protocol: number): Match => ({ kind: 'ip-protocol', protocol });
export const tcpPorts = (...ports: readonly number[]): Match => ({ kind: 'tcp', ports });
export const tcpStream = (...ports: readonly number[]): Match => ({ kind: 'tcp-stream', ports });

/** What `observe` returns: a Fact about the frame's sender, or about the address that the message names. */
export type Said = Fact | { readonly about: Mac; readonly fact: Fact; readonly kind?: undefined };

/** One protocol. `said` throws DecodeError when the bytes break the format, and nothing else. Facts are untrusted claims. */
export type Collector = {
  readonly name: string;
  readonly spec: string;
  /** One or several; a frame that several of them match is read once. */
  readonly matches: Match | readonly Match[];
  /** False for a collector that reads no protocol of its own (the headers of TCP, say): then there is no `protocol` fact. */
  readonly isProtocol?: false | undefined;
  /** A cheap look at a few bytes, before anything is decoded: most frames of a busy protocol bear no identity. Must not throw. */
  readonly wants?: ((packet: Packet) => boolean) | undefined;
  /** A cheap look at a frame that is not wanted: it is of this protocol all the same, which is a fact about its sender. Must not throw. */
  readonly speaks?: ((packet: Packet) => boolean) | undefined;
  /**
   * A number that stands for all that this frame would tell, 0 when there is none: frames of one sender with the same number are decoded
   * once a minute. It must be exact, no hash, lest one message hide another. Must not throw.
   */
  readonly sameAs?: ((packet: Packet) => number) | undefined;
  /** Of what was read out of a TCP segment (`tcpPorts`): its message goes on in the next segment, with which it is read again. Must not throw. */
  readonly goesOn?: ((packet: Packet) => boolean) | undefined;
  readonly said: (packet: Packet) => readonly Said[];
};

/** A protocol as its file has it: `said` in two halves, what the bytes say and what that tells us. */
type Parts<Message> = Omit<Collector, 'said'> & {
  readonly decode: (bytes: Uint8Array, packet: Packet) => Message | undefined;
  readonly observe: (message: Message, packet: Packet) => readonly Said[];
};

/** Composes the two halves of a protocol as one Collector. All have the same shape: they are called by turns for each frame. */
export function collector<Message>(c: Parts<Message>): Collector {
  const { name, spec, matches, isProtocol, wants, speaks, sameAs, goesOn, decode, observe } = c;
  const notWhole = new DecodeError(`Cannot read ${name}: the message is not whole`, true);
  const said = (packet: Packet): readonly Said[] => {
    const message = decode(packet.body, packet);
    if (message === undefined) throw notWhole;
    return observe(message, packet);
  };
  return { name, spec, matches, isProtocol, wants, speaks, sameAs, goesOn, said };
}
