import type { Collector, Match } from './collector.ts';
import type { Packet } from './packet.ts';

const nobody: readonly Collector[] = [];

/** Which collectors want a frame, as tables, so that the many frames that nobody wants cost next to nothing. Lists keep the order of `collectors`. */
export class Dispatch {
  /** Those that want the first frame that shows a TCP server. */
  readonly tcpServer: readonly Collector[];
  /** Those that want the two first segments of a connection. */
  readonly tcpOpening: readonly Collector[];
  /** True when somebody wants the starts of TCP streams. */
  readonly hasStreams: boolean;
  readonly #byEtherType = new Map<number, readonly Collector[]>();
  readonly #byDsap = new Map<number, readonly Collector[]>();
  /** By organisation × 2^16 + protocol. */
  readonly #bySnap = new Map<number, readonly Collector[]>();
  readonly #byProtocol: (readonly Collector[])[] = Array.from({ length: 256 }, () => nobody);
  readonly #udp = new PortTable();
  readonly #tcp = new PortTable();
  readonly #streams = new PortTable();
  /** Those that look at the streams of every port. */
  readonly #anyStream: readonly Collector[];
  /** The same behind the lists of ports, which are few. */
  readonly #withAnyStream = new Map<readonly Collector[], readonly Collector[]>();

  constructor(collectors: readonly Collector[]) {
    const ways = collectors.flatMap(c => [c.matches].flat().map(match => ({ c, match })));
    const those = (wanted: (match: Match) => boolean): readonly Collector[] => [
      ...new Set(ways.filter(({ match }) => wanted(match)).map(({ c }) => c)),
    ];
    for (const { c, match } of ways) this.#add(c, match);
    this.tcpServer = those(match => match.kind === 'tcp-server');
    this.tcpOpening = those(match => match.kind === 'tcp-opening');
    this.#anyStream = those(match => match.kind === 'tcp-stream' && match.ports.length === 0);
    for (const c of this.#anyStream)
      if (c.wants === undefined) throw new RangeError(`Cannot match every TCP stream for ${c.name}: it has no \`wants\``);
    this.hasStreams = ways.some(({ match }) => match.kind === 'tcp-stream');
  }

  /** Of a frame without IP: by EtherType, or by LLC or SNAP. */
  layer2(packet: Packet): readonly Collector[] {
    if (packet.etherType !== 0) return this.#byEtherType.get(packet.etherType) ?? nobody;
    if (packet.snapOrganisation >= 0) return this.#bySnap.get(packet.snapOrganisation * 0x10000 + packet.snapProtocol) ?? nobody;
    return packet.dsap < 0 ? nobody : (this.#byDsap.get(packet.dsap) ?? nobody);
  }

  /** Of what IP carries; 0 is nothing. */
  ipProtocol(protocol: number): readonly Collector[] {
    return this.#byProtocol[protocol] ?? nobody;
  }

  udp(source: number, target: number): readonly Collector[] {
    return this.#udp.either(source, target);
  }

  tcp(source: number, target: number): readonly Collector[] {
    return this.#tcp.either(source, target);
  }

  /** The collectors that may want this stream: of its ports, and of any port. */
  streams(source: number, target: number): readonly Collector[] {
    const known = this.#streams.either(source, target);
    if (known.length === 0) return this.#anyStream;
    let all = this.#withAnyStream.get(known);
    if (all === undefined) {
      all = [...new Set([...known, ...this.#anyStream])];
      this.#withAnyStream.set(known, all);
    }
    return all;
  }

  #add(c: Collector, match: Match): void {
    switch (match.kind) {
      case 'ether-type':
        return put(this.#byEtherType, match.etherType, c);
      case 'llc':
        return put(this.#byDsap, match.dsap, c);
      case 'snap':
        return put(this.#bySnap, match.organisation * 0x10000 + match.protocol, c);
      case 'ip-protocol': {
        const list = this.ipProtocol(match.protocol);
        if (!list.includes(c)) this.#byProtocol[match.protocol] = [...list, c];
        return;
      }
      case 'udp':
        return this.#udp.add(c, match.ports);
      case 'tcp':
        return this.#tcp.add(c, match.ports);
      case 'tcp-stream':
        return this.#streams.add(c, match.ports);
      case 'tcp-server':
      case 'tcp-opening':
        return;
    }
  }
}

function put(table: Map<number, readonly Collector[]>, key: number, c: Collector): void {
  const list = table.get(key) ?? nobody;
  if (!list.includes(c)) table.set(key, [...list, c]);
}

/** The collectors of transport ports. */
class PortTable {
  readonly #lists: (readonly Collector[])[] = [nobody];
  /** Number of the list of each port; 0 is the empty one. */
  readonly #byPort = new Uint16Array(65_536);
  /** Lists of frames whose two ports have different collectors, by both numbers; few, since ports with collectors are few. */
  readonly #both = new Map<number, readonly Collector[]>();

  add(c: Collector, ports: readonly number[]): void {
    for (const old of new Set(ports.map(port => this.#byPort[port] ?? 0))) {
      const list = this.#lists[old] ?? nobody;
      if (list.includes(c)) continue;
      const same = ports.filter(port => this.#byPort[port] === old);
      const longer = this.#lists.push([...list, c]) - 1;
      for (const port of same) this.#byPort[port] = longer;
    }
  }

  /** The collectors of either port, each once. */
  either(source: number, target: number): readonly Collector[] {
    const from = this.#byPort[source] ?? 0;
    const to = this.#byPort[target] ?? 0;
    if (from === to || to === 0) return this.#lists[from] ?? nobody;
    if (from === 0) return this.#lists[to] ?? nobody;
    const key = from * 0x10000 + to;
    let both = this.#both.get(key);
    if (both === undefined) {
      both = [...new Set([...(this.#lists[from] ?? nobody), ...(this.#lists[to] ?? nobody)])];
      this.#both.set(key, both);
    }
    return both;
  }
}

const known = new WeakMap<readonly Collector[], Dispatch>();

/** The tables of a list of collectors, made once: they are large, and only read. */
export function dispatchOf(collectors: readonly Collector[]): Dispatch {
  const dispatch = known.get(collectors) ?? new Dispatch(collectors);
  known.set(collectors, dispatch);
  return dispatch;
}
