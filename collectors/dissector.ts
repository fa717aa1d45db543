import { DecodeError } from '../gateway/codec/reader.ts';
import type { Mac, PortName, Vlan } from '../gateway/model/address.ts';
import type { Fact, Malformed, Observation, Sighting } from '../gateway/model/fact.ts';
import type { Frame } from '../gateway/model/frame.ts';
import { AddressTable } from './address-table.ts';
import type { Collector } from './collector.ts';
import { collectors as allCollectors } from './index.ts';
import { LatestFacts } from './latest-facts.ts';
import { faults, ipProtocols, Packet } from './packet.ts';
import { tcpPortPlace } from './service-names.ts';
import { TcpOpenings } from './stream.ts';

export type DissectorOptions = {
  readonly collectors?: readonly Collector[];
  /** Addresses that are kept, in all and of one port. */
  readonly maxAddresses?: number;
  readonly maxAddressesPerPort?: number;
  /** Silence after which an address or a fact may give way to a new one, milliseconds. */
  readonly idleMs?: number;
};

/** What caps and limits kept back, in frames or facts since the last time it was said. */
export const overflows = [
  'frames of addresses beyond the cap',
  'frames from a group or zero address',
  'frames too short to name a sender',
  'identity frames cut by the capture length',
  'facts beyond the cap of their address or port',
  'facts about addresses that have not spoken here',
  'malformed frames of further senders',
] as const;
type OverflowKind = (typeof overflows)[number];

export type Drained = {
  readonly observations: readonly Observation[];
  readonly malformed: readonly Malformed[];
  readonly overflow: readonly { readonly port: PortName; readonly count: number; readonly what: OverflowKind }[];
  /** Since the start. */
  readonly counters: readonly { readonly port: PortName; readonly frames: number; readonly identityFrames: number }[];
};

const nothing: Drained = { observations: [], malformed: [], overflow: [], counters: [] };
const seen: Fact = { kind: 'seen' };
/** Cap: senders and collectors whose malformed frames are folded between two full drains. */
const maxMalformed = 1024;
/** What hosts set as time to live; one hop further it is less. */
const initialTtls: ReadonlySet<number> = new Set([32, 60, 64, 128, 255]);

type PortState = { readonly name: PortName; frames: number; identityFrames: number; readonly overflow: Map<OverflowKind, number> };

/**
 * The whole sensor: frames in, Observations and counters out; used live and by `replay` alike. Every frame passes the header stage
 * (integers only), the few that bear identity are decoded, and only what differs from the latest fact of its address comes out.
 */
export class Dissector {
  readonly #packet = new Packet();
  readonly #openings = new TcpOpenings();
  readonly #addresses: AddressTable;
  readonly #facts: LatestFacts;
  /** Which collectors want a frame: by EtherType, by UDP port (number of the list), and for the first frame of a TCP server. */
  readonly #byEtherType = new Map<number, readonly Collector[]>();
  readonly #udpLists: (readonly Collector[])[] = [[]];
  readonly #byUdpPort = new Uint16Array(65_536);
  readonly #tcp: readonly Collector[];
  /** One entry a port of this machine; no outsider can add one. */
  readonly #ports: PortState[] = [];
  readonly #portNumbers = new Map<PortName, number>();
  #lastPort = 0;
  /** By slot: bit of each port of known use that was looked at as server without a handshake; first frame and counters when last reported. */
  readonly #served: Uint32Array;
  readonly #firstFrame: Float64Array;
  readonly #firstAt: Float64Array;
  readonly #since: Float64Array;
  readonly #reported: { readonly packets: Float64Array; readonly bytes: Float64Array };
  readonly #isChanged: Uint8Array;
  /** Slots with counters to report, each once. */
  #changed: number[] = [];
  #observations: Observation[] = [];
  #malformed = new Map<string, { -readonly [k in keyof Malformed]: Malformed[k] }>();

  constructor(options: DissectorOptions = {}) {
    const { collectors = allCollectors, maxAddresses = 8192, maxAddressesPerPort = 1024, idleMs = 900_000 } = options;
    this.#addresses = new AddressTable({ maxAddresses, maxAddressesPerPort, idleMs }, slot => this.#forget(slot));
    this.#facts = new LatestFacts(maxAddresses, idleMs);
    this.#served = new Uint32Array(maxAddresses);
    this.#firstFrame = new Float64Array(maxAddresses);
    this.#firstAt = new Float64Array(maxAddresses);
    this.#since = new Float64Array(maxAddresses);
    this.#reported = { packets: new Float64Array(maxAddresses), bytes: new Float64Array(maxAddresses) };
    this.#isChanged = new Uint8Array(maxAddresses);
    this.#tcp = collectors.filter(c => c.matches.kind === 'tcp-server');
    for (const c of collectors) this.#enlist(c);
  }

  /** Addresses and facts held, for health and tests. */
  get size(): { readonly addresses: number; readonly facts: number } {
    return { addresses: this.#addresses.size, facts: this.#facts.size };
  }

  /** Takes in one frame. Never throws; keeps nothing of `frame.bytes`. */
  frame(frame: Frame): void {
    const packet = this.#packet;
    const port = this.#portNumber(frame.port);
    const state = this.#state(port);
    state.frames++;
    if (!packet.peel(frame)) return this.#overflow(state, 'frames too short to name a sender');
    const [b, i] = [packet.bytes, packet.start + 6];
    const high = ((b[i] ?? 0) << 8) | (b[i + 1] ?? 0);
    const low = (((b[i + 2] ?? 0) << 24) | ((b[i + 3] ?? 0) << 16) | ((b[i + 4] ?? 0) << 8) | (b[i + 5] ?? 0)) >>> 0;
    if ((high & 0x100) !== 0 || (high | low) === 0) return this.#overflow(state, 'frames from a group or zero address');
    if (packet.fault === 'vlan') return this.#fail(state, packet.source, 0, 'packet', faults.vlan);
    let slot = this.#addresses.find(high, low, port, packet.vlan);
    if (slot < 0) slot = this.#arrive(high, low, port, state);
    if (slot < 0) return;
    const { packets, bytes, lastAt } = this.#addresses;
    packets[slot] = (packets[slot] ?? 0) + 1;
    bytes[slot] = (bytes[slot] ?? 0) + frame.wireLength;
    lastAt[slot] = frame.at;
    if (this.#isChanged[slot] === 0) {
      this.#isChanged[slot] = 1;
      this.#since[slot] = frame.at;
      this.#changed.push(slot);
    }
    if (packet.fault !== 'none') this.#fail(state, this.#addresses.macOf(slot), packet.vlan, 'packet', faults[packet.fault]);
    this.#dispatch(packet, slot, state);
  }

  /**
   * What came out since the last call; cheap when there is nothing, so it may be called after each frame. Only with `all` come malformed
   * frames (folded by sender and collector), overflow and counters: once a second or so, and at the end of a capture.
   */
  drain(all = false): Drained {
    if (!all && this.#observations.length === 0) return nothing;
    const observations = this.#observations;
    this.#observations = [];
    if (!all) return { ...nothing, observations };
    const malformed = [...this.#malformed.values()];
    this.#malformed = new Map();
    const overflow = this.#ports.flatMap(({ name, overflow: kinds }) => [...kinds].map(([what, count]) => ({ port: name, count, what })));
    for (const { overflow: kinds } of this.#ports) kinds.clear();
    const counters = this.#ports.map(({ name, frames, identityFrames }) => ({ port: name, frames, identityFrames }));
    return { observations, malformed, overflow, counters };
  }

  /** What each address that spoke since the last call sent since then (not since its first frame). */
  sightings(): readonly Sighting[] {
    const { packets, bytes, lastAt } = this.#addresses;
    const at = (array: Float64Array, slot: number): number => array[slot] ?? 0;
    const sightings = this.#changed.map(slot => ({
      ...this.#whereIs(slot),
      packets: at(packets, slot) - at(this.#reported.packets, slot),
      bytes: at(bytes, slot) - at(this.#reported.bytes, slot),
      firstAt: at(this.#since, slot),
      lastAt: at(lastAt, slot),
    }));
    for (const slot of this.#changed) {
      this.#isChanged[slot] = 0;
      this.#reported.packets[slot] = at(packets, slot);
      this.#reported.bytes[slot] = at(bytes, slot);
    }
    this.#changed = [];
    return sightings;
  }

  /** Lets every address and its latest facts come out again with the next drain, as they were said. */
  resync(): void {
    this.#observations = [];
    for (const slot of this.#addresses.slots()) this.#observations.push(this.#sight(slot), ...this.#facts.of(slot));
  }

  #dispatch(packet: Packet, slot: number, state: PortState): void {
    if (packet.ipProtocol === ipProtocols.udp) {
      const [from, to] = [this.#byUdpPort[packet.sourcePort] ?? 0, this.#byUdpPort[packet.targetPort] ?? 0];
      if (from !== 0) this.#collect(this.#udpLists[from], slot, state);
      if (to !== 0 && to !== from) this.#collect(this.#udpLists[to], slot, state);
    } else if (packet.ipProtocol === ipProtocols.tcp) {
      if (!this.#openings.isServer(packet) || this.#tcp.length === 0) return;
      // Without a handshake each port is looked at once, and again when the address is known to have one more IP address.
      if ((packet.tcpFlags & 2) === 0) {
        const bit = 1 << (tcpPortPlace(packet.sourcePort) & 31);
        const served = this.#served[slot] ?? 0;
        if ((served & bit) !== 0) return;
        this.#served[slot] = served | bit;
      }
      packet.isServer = true;
      packet.isOwnAddress = this.#isOwnAddress(packet, slot);
      this.#collect(this.#tcp, slot, state);
    } else if (packet.ipVersion === 0) this.#collect(this.#byEtherType.get(packet.etherType), slot, state);
  }

  /** True when the IP source is an address that the sender said is its own; while none is known, when no router has counted its hop. */
  #isOwnAddress(packet: Packet, slot: number): boolean {
    const ip = packet.sourceIp;
    if (ip === undefined) return false;
    const known = this.#facts.ips(slot).filter(k => k.includes(':') === ip.includes(':'));
    return known.length === 0 ? initialTtls.has(packet.ttl) : known.includes(ip);
  }

  #collect(list: readonly Collector[] | undefined, slot: number, state: PortState): void {
    if (list === undefined) return;
    const packet = this.#packet;
    state.identityFrames++;
    if (packet.isCut && list !== this.#tcp) return this.#overflow(state, 'identity frames cut by the capture length');
    for (const c of list) {
      try {
        for (const observation of c.observations(packet)) this.#learn(observation, slot, state);
      } catch (error) {
        // Anything but a DecodeError is our defect; the other collectors and the next frame go on, and it is shown with its sender.
        const message = error instanceof Error ? error.message : String(error);
        const text = error instanceof DecodeError ? message : `defect: ${message}`;
        this.#fail(state, this.#addresses.macOf(slot), packet.vlan, c.name, text);
      }
    }
  }

  /** A fact about another address stands where that address speaks itself; it is dropped when it never did. */
  #learn(observation: Observation, sender: number, state: PortState): void {
    const isSender = observation.mac === this.#addresses.macOf(sender);
    const slot = isSender ? sender : this.#findAnywhere(observation.mac, observation.vlan);
    if (slot < 0) return this.#overflow(state, 'facts about addresses that have not spoken here');
    const port = this.#addresses.portOf(slot);
    const placed = isSender ? observation : { ...observation, port: this.#state(port).name };
    const outcome = this.#facts.learn(slot, port, placed);
    if (outcome === 'capped') this.#overflow(state, 'facts beyond the cap of their address or port');
    if (outcome !== 'new') return;
    if (placed.fact.kind === 'address' || placed.fact.kind === 'dhcp-lease') this.#served[slot] = 0;
    this.#observations.push(placed);
  }

  /** The slot of an address on the port where it spoke last, -1 when it never did. */
  #findAnywhere(mac: Mac, vlan: Vlan): number {
    const high = Number.parseInt(mac.slice(0, 2) + mac.slice(3, 5), 16);
    const low = Number.parseInt(mac.slice(6).replaceAll(':', ''), 16);
    let best = -1;
    for (let port = 0; port < this.#ports.length; port++) {
      const slot = this.#addresses.find(high, low, port, vlan);
      if (slot >= 0 && (best < 0 || (this.#addresses.lastAt[slot] ?? 0) > (this.#addresses.lastAt[best] ?? 0))) best = slot;
    }
    return best;
  }

  #arrive(high: number, low: number, port: number, state: PortState): number {
    const { at, number, source, vlan } = this.#packet;
    const slot = this.#addresses.add({ high, low, port, vlan }, source, at);
    if (slot < 0) this.#overflow(state, 'frames of addresses beyond the cap');
    else {
      this.#firstAt[slot] = at;
      this.#firstFrame[slot] = number;
      this.#reported.packets[slot] = this.#reported.bytes[slot] = 0;
      this.#observations.push(this.#sight(slot));
    }
    return slot;
  }

  #sight(slot: number): Observation {
    return { at: this.#firstAt[slot] ?? 0, ...this.#whereIs(slot), collector: 'header', frame: this.#firstFrame[slot] ?? 0, fact: seen };
  }

  #whereIs(slot: number): { readonly port: PortName; readonly vlan: Vlan; readonly mac: Mac } {
    const table = this.#addresses;
    return { port: this.#state(table.portOf(slot)).name, vlan: table.vlanOf(slot), mac: table.macOf(slot) };
  }

  #forget(slot: number): void {
    this.#facts.forget(slot);
    this.#served[slot] = 0;
    if (this.#isChanged[slot] === 1) this.#changed = this.#changed.filter(changed => changed !== slot);
    this.#isChanged[slot] = 0;
  }

  #fail(state: PortState, mac: Mac, vlan: Vlan, collector: string, message: string): void {
    const key = `${state.name} ${vlan} ${mac} ${collector}`;
    const old = this.#malformed.get(key);
    if (old !== undefined) old.count++;
    else if (this.#malformed.size >= maxMalformed) this.#overflow(state, 'malformed frames of further senders');
    else this.#malformed.set(key, { at: this.#packet.at, port: state.name, vlan, mac, collector, message, count: 1 });
  }

  #overflow(state: PortState, what: OverflowKind): void {
    state.overflow.set(what, (state.overflow.get(what) ?? 0) + 1);
  }

  #state(port: number): PortState {
    const state = this.#ports[port];
    if (state === undefined) throw new RangeError(`Cannot find port ${port}: ${this.#ports.length} ports`);
    return state;
  }

  #portNumber(name: PortName): number {
    if (this.#ports[this.#lastPort]?.name === name) return this.#lastPort;
    let number = this.#portNumbers.get(name);
    if (number === undefined) {
      number = this.#ports.push({ name, frames: 0, identityFrames: 0, overflow: new Map() }) - 1;
      this.#portNumbers.set(name, number);
    }
    this.#lastPort = number;
    return number;
  }

  #enlist(c: Collector): void {
    switch (c.matches.kind) {
      case 'ether-type':
        this.#byEtherType.set(c.matches.etherType, [...(this.#byEtherType.get(c.matches.etherType) ?? []), c]);
        return;
      case 'udp':
        for (const old of new Set(c.matches.ports.map(port => this.#byUdpPort[port] ?? 0))) {
          const ports = c.matches.ports.filter(port => this.#byUdpPort[port] === old);
          const list = this.#udpLists.push([...(this.#udpLists[old] ?? []), c]) - 1;
          for (const port of ports) this.#byUdpPort[port] = list;
        }
        return;
      case 'tcp-server':
        return;
    }
  }
}
