import type { Collector } from './collector.ts';

/** Which collectors want a frame, as tables, so that the many frames that nobody wants cost next to nothing. Lists keep the order of `collectors`. */
export class Dispatch {
  readonly tcp: readonly Collector[];
  readonly #byEtherType = new Map<number, readonly Collector[]>();
  readonly #udpLists: (readonly Collector[])[] = [[]];
  /** Number of the list of each UDP port; 0 is the empty one. */
  readonly #byUdpPort = new Uint16Array(65_536);

  constructor(collectors: readonly Collector[]) {
    const ways = collectors.flatMap(c => [c.matches].flat().map(matches => ({ c, matches })));
    this.tcp = ways.filter(({ matches }) => matches.kind === 'tcp-server').map(({ c }) => c);
    for (const { c, matches } of ways) {
      if (matches.kind === 'ether-type') this.#byEtherType.set(matches.etherType, [...this.etherType(matches.etherType), c]);
      if (matches.kind === 'udp') this.#addUdp(c, matches.ports);
    }
  }

  etherType(type: number): readonly Collector[] {
    return this.#byEtherType.get(type) ?? this.#udpLists[0] ?? [];
  }

  /** The collectors of either port, each once. */
  udp(source: number, target: number): readonly Collector[] {
    const [from, to] = [this.#byUdpPort[source] ?? 0, this.#byUdpPort[target] ?? 0];
    if (from === to || to === 0) return this.#udpLists[from] ?? [];
    if (from === 0) return this.#udpLists[to] ?? [];
    return [...new Set([...(this.#udpLists[from] ?? []), ...(this.#udpLists[to] ?? [])])];
  }

  #addUdp(c: Collector, ports: readonly number[]): void {
    for (const old of new Set(ports.map(port => this.#byUdpPort[port] ?? 0))) {
      const same = ports.filter(port => this.#byUdpPort[port] === old);
      const list = this.#udpLists.push([...(this.#udpLists[old] ?? []), c]) - 1;
      for (const port of same) this.#byUdpPort[port] = list;
    }
  }
}
