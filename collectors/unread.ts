import type { Collector } from './collector.ts';
import type { Dispatch } from './dispatch.ts';
import { ipProtocols, type Packet } from './packet.ts';
import type { SettledFlows } from './settled-flows.ts';
import { isTunnel } from './tunnel.ts';

/** What nobody reads, in frames: by EtherType, LLC or SNAP protocol, by what IP carries, by transport port. */
const unreadLayers = ['EtherType', 'LLC SAP', 'SNAP protocol', 'IP protocol', 'UDP port', 'TCP port'] as const;
export type UnreadLayer = (typeof unreadLayers)[number];
/** `what` is the number as people write it: `0x88e1`, `132`, `5246`. `name`: whose number it is, where that is known. */
export type Unread = { readonly layer: UnreadLayer; readonly what: string; readonly name?: string; readonly frames: number };
/** Of one layer: the busiest, and how many more there are with so many frames. */
export type UnreadOfLayer = {
  readonly layer: UnreadLayer;
  readonly busiest: readonly Unread[];
  readonly others: number;
  readonly otherFrames: number;
};

/** Cap: pairs of SNAP organisation and protocol that are told apart, five bytes which anybody can set. */
const maxSnap = 256;
/** Numbers that people may meet on a LAN and no collector reads. IEEE EtherType registry; IANA protocol numbers; IEEE LLC addresses. */
const names: Readonly<Record<string, string>> = {
  'EtherType 0x6002': 'DEC MOP',
  'EtherType 0x8137': 'IPX',
  'EtherType 0x8864': 'PPPoE without IP',
  'EtherType 0x8847': 'MPLS without a frame that is read',
  'EtherType 0x887b': 'HomePlug 1.0',
  'EtherType 0x8899': 'Realtek loop detection',
  'EtherType 0x88ca': 'TIPC',
  'EtherType 0x88cd': 'SERCOS III',
  'EtherType 0x88dc': 'WSMP',
  'EtherType 0x88e1': 'HomePlug AV',
  'EtherType 0x88e5': 'MACsec',
  'EtherType 0x88f5': 'MVRP',
  'EtherType 0x8902': 'CFM',
  'EtherType 0x8906': 'FCoE',
  'EtherType 0x890d': 'TDLS and FTM',
  'EtherType 0x893a': 'IEEE 1905.1',
  'EtherType 0x9000': 'loopback test',
  'LLC SAP 0x06': 'IP in LLC',
  'LLC SAP 0xe0': 'IPX',
  'LLC SAP 0xf0': 'NetBIOS frames',
  'LLC SAP 0xfe': 'IS-IS',
  'IP protocol 4': 'IP in IP',
  'IP protocol 9': 'IGRP',
  'IP protocol 41': 'IPv6 in IP',
  'IP protocol 47': 'GRE without a frame that is read',
  'IP protocol 50': 'IPsec ESP',
  'IP protocol 51': 'IPsec AH',
  'IP protocol 88': 'EIGRP',
  'IP protocol 89': 'OSPF',
  'IP protocol 103': 'PIM',
  'IP protocol 115': 'L2TP',
  'IP protocol 132': 'SCTP',
};

/** From here on a port of both ends is one that they chose: named only when it has this part of all frames. */
const [chosenPorts, namedPart] = [32_768, 0.1];

/**
 * Tells who is asked about a frame (Dispatch) and counts the frames about which nobody is, so that it can be said what is not understood. For every frame, so integers only:
 * tables by number, 256 KiB each, of which only touched pages take memory. A frame's port is the smaller of its two: the other one is mostly
 * chosen at random. For TCP all segments with data are counted, and ports where a collector read a stream are left out when asked.
 */
export class UnreadCounts {
  readonly #etherTypes = new Uint32Array(65_536);
  readonly #saps = new Uint32Array(256);
  /** By organisation × 2^16 + protocol, at most `maxSnap`. */
  readonly #snap = new Map<number, number>();
  readonly #protocols = new Uint32Array(256);
  readonly #udp = new Uint32Array(65_536);
  readonly #tcp = new Uint32Array(65_536);
  /** By TCP port: a collector understood a stream of it. */
  readonly #isReadTcp = new Uint8Array(65_536);
  readonly #dispatch: Dispatch;

  constructor(dispatch: Dispatch) {
    this.#dispatch = dispatch;
  }

  /** Who is asked about a frame without IP. */
  layer2(packet: Packet): readonly Collector[] {
    const asked = this.#dispatch.layer2(packet);
    if (asked.length > 0 || packet.fault !== 'none' || isTunnel(packet)) return asked;
    if (packet.etherType !== 0) this.#etherTypes[packet.etherType] = (this.#etherTypes[packet.etherType] ?? 0) + 1;
    else if (packet.snapOrganisation >= 0) {
      const key = packet.snapOrganisation * 0x10000 + packet.snapProtocol;
      const old = this.#snap.get(key);
      if (old !== undefined || this.#snap.size < maxSnap) this.#snap.set(key, (old ?? 0) + 1);
    } else if (packet.dsap >= 0) this.#saps[packet.dsap] = (this.#saps[packet.dsap] ?? 0) + 1;
    return asked;
  }

  /** Who is asked about a datagram. */
  udp(packet: Packet): readonly Collector[] {
    const asked = this.#dispatch.udp(packet.sourcePort, packet.targetPort);
    if (asked.length > 0 || isTunnel(packet)) return asked;
    const port = Math.min(packet.sourcePort, packet.targetPort);
    this.#udp[port] = (this.#udp[port] ?? 0) + 1;
    return asked;
  }

  /** Who is asked about a segment with data; others may want its stream. */
  tcp(packet: Packet): readonly Collector[] {
    const asked = this.#dispatch.tcp(packet.sourcePort, packet.targetPort);
    if (asked.length > 0) return asked;
    const port = Math.min(packet.sourcePort, packet.targetPort);
    this.#tcp[port] = (this.#tcp[port] ?? 0) + 1;
    return asked;
  }

  /** A tunnel's packet whose content nobody reads: it is no Ethernet frame, or another tunnel. */
  tunnel({ ipVersion, etherType, ipProtocol, targetPort }: Packet): void {
    if (ipVersion === 0) this.#etherTypes[etherType] = (this.#etherTypes[etherType] ?? 0) + 1;
    else if (ipProtocol === ipProtocols.udp) this.#udp[targetPort] = (this.#udp[targetPort] ?? 0) + 1;
    else this.#protocols[ipProtocol] = (this.#protocols[ipProtocol] ?? 0) + 1;
  }

  /** A frame of a flow that was looked at before: nobody was asked about it then. */
  settled({ lastPorts, lastWasUdp, lastHadData }: SettledFlows): void {
    if (!lastHadData) return;
    const counts = lastWasUdp ? this.#udp : this.#tcp;
    const port = Math.min(lastPorts >>> 16, lastPorts & 0xffff);
    counts[port] = (counts[port] ?? 0) + 1;
  }

  /** A collector understood a stream of this packet's ports. Returns false: no more of it is wanted. */
  readStream(packet: Packet): false {
    this.#isReadTcp[Math.min(packet.sourcePort, packet.targetPort)] = 1;
    return false;
  }

  /** Streams of this port are read, if not from the middle, where a collector names the port. */
  #isRead(port: number): boolean {
    const named = (c: Collector) => [c.matches].flat().some(match => match.kind === 'tcp-stream' && match.ports.includes(port));
    return this.#isReadTcp[port] === 1 || this.#dispatch.streams(port, 0).some(named);
  }

  /** Who is asked about what IP carries; of UDP and TCP the ports are counted. */
  ip(packet: Packet): readonly Collector[] {
    const { ipProtocol } = packet;
    const asked = this.#dispatch.ipProtocol(ipProtocol);
    if (asked.length > 0 || ipProtocol === 0 || ipProtocol === ipProtocols.tcp || ipProtocol === ipProtocols.udp || isTunnel(packet))
      return asked;
    this.#protocols[ipProtocol] = (this.#protocols[ipProtocol] ?? 0) + 1;
    return asked;
  }

  /** Since the start, each layer with something unread; the busiest `most` of it first. */
  take(most: number): readonly UnreadOfLayer[] {
    const hex = (n: number, digits: number): string => `0x${n.toString(16).padStart(digits, '0')}`;
    const snapText = (key: number): string => `${hex(Math.floor(key / 0x10000), 6)}/${hex(key % 0x10000, 4)}`;
    return [
      ofLayer('EtherType', used(this.#etherTypes), n => hex(n, 4), most),
      ofLayer('LLC SAP', used(this.#saps), n => hex(n, 2), most),
      ofLayer('SNAP protocol', [...this.#snap], snapText, most),
      ofLayer('IP protocol', used(this.#protocols), String, most),
      ofLayer('UDP port', used(this.#udp), String, most, chosenPorts),
      ofLayer(
        'TCP port',
        used(this.#tcp).filter(([port]) => !this.#isRead(port)),
        String,
        most,
        chosenPorts,
      ),
    ].filter(({ busiest, others }) => busiest.length + others > 0);
  }
}

type Counted = readonly [number: number, frames: number];

function used(table: Uint32Array): readonly Counted[] {
  const found: Counted[] = [];
  table.forEach((frames, n) => {
    if (frames > 0) found.push([n, frames]);
  });
  return found;
}

/** `from` this number on only those are named that have much of all. */
function ofLayer(
  layer: UnreadLayer,
  counted: readonly Counted[],
  text: (n: number) => string,
  most: number,
  from = Infinity,
): UnreadOfLayer {
  const all = sumOf(counted);
  const sorted = counted.toSorted(([a, x], [b, y]) => y - x || a - b);
  const named = sorted.filter(([n, frames]) => n < from || frames >= all * namedPart).slice(0, most);
  const busiest = named.map(([n, frames]): Unread => {
    const name = names[`${layer} ${text(n)}`];
    return { layer, what: text(n), frames, ...(name === undefined ? {} : { name }) };
  });
  return { layer, busiest, others: counted.length - named.length, otherFrames: all - sumOf(named) };
}

const sumOf = (counted: readonly Counted[]): number => counted.reduce((sum, [, frames]) => sum + frames, 0);
