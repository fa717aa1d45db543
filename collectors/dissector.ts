import { isStandIn } from '../gateway/codec/link-ip.ts';
import { DecodeError } from '../gateway/codec/reader.ts';
import type { Ip, Mac, Millis, Vlan } from '../gateway/model/address.ts';
import type { Fact, Sighting } from '../gateway/model/fact.ts';
import type { Frame } from '../gateway/model/frame.ts';
import { Activity, macOfNumber } from './activity.ts';
import { AddressClaims, isAnnouncement } from './address-claims.ts';
import { AddressTable, findAnywhere } from './address-table.ts';
import { AddressTries } from './address-tries.ts';
import type { Collector } from './collector.ts';
import { type Dispatch, dispatchOf } from './dispatch.ts';
import type { DissectorOptions, Drained } from './dissector-options.ts';
import { Fragments } from './fragments.ts';
import { collectors as allCollectors } from './index.ts';
import { LatestFacts } from './latest-facts.ts';
import { Losses } from './losses.ts';
import { OwnAddress, ownFacts } from './own-address.ts';
import { faults, ipProtocols, Packet, tcpFlags } from './packet.ts';
import { ServedPorts } from './served-ports.ts';
import { reached } from './reached.ts';
import { Repeats } from './repeats.ts';
import { Rests } from './rests.ts';
import { type PortState, SensorPorts } from './sensor-ports.ts';
import { maySettle, SettledFlows } from './settled-flows.ts';
import { Sightings } from './sightings.ts';
import { Spoken } from './spoken.ts';
import { TcpOpenings } from './stream.ts';
import { type Ask, TcpStreams } from './tcp-streams.ts';
import { Told } from './told.ts';
import { innerFrame, isTunnel } from './tunnel.ts';
import { Turns } from './turns.ts';
import { UnreadCounts } from './unread.ts';

const nothing: Drained = { observations: [], malformed: [], overflow: [], counters: [] };
/** Cap: VLANs that were seen, among which a target is looked for that does not speak in the sender's own. */
const maxVlans = 64;
/**
 * The whole sensor: frames in, Observations and counters out; used live and by `replay` alike. Every frame passes the header stage
 * (integers only), the few that bear identity are decoded, and only what differs from the latest fact of its address comes out.
 */
export class Dissector {
  /** The frame that is looked at: mostly `#outer`; `#inner` is one that a tunnel carries. */
  #packet = new Packet();
  readonly #outer = this.#packet;
  readonly #inner = new Packet();
  readonly #fragments = new Fragments(lost => this.#losses.overflow(this.#packet.port, lost));
  readonly #openings = new TcpOpenings();
  readonly #losses = new Losses();
  /** What no collector reads, since the start. */
  readonly unread: UnreadCounts;
  readonly #addresses: AddressTable;
  readonly #facts: LatestFacts;
  readonly #sightings: Sightings;
  readonly #dispatch: Dispatch;
  /** Made with the first segment of TCP, for its tables are large. */
  #streams: TcpStreams | undefined;
  readonly #activity: Activity;
  readonly #settled: SettledFlows;
  readonly #rests = new Rests((rest, message) => this.#losses.malformed(rest, rest.collector.name, message));
  /** Port and VLAN as one number while the segment is read whose rest may come; else -1. */
  #place = -1;
  readonly #repeats: Repeats;
  readonly #spoken: Spoken;
  readonly #ports = new SensorPorts();
  /** Slot of the frame's sender, and whether a collector has wanted the frame yet. */
  #sender = 0;
  #isWanted = false;
  readonly #served: ServedPorts;
  readonly #own: OwnAddress;
  readonly #claims: AddressClaims;
  readonly #turns: Turns;
  readonly #tries: AddressTries;
  readonly #vlans = new Set<Vlan>();
  readonly #told: Told;

  constructor(options: DissectorOptions = {}) {
    const { collectors = allCollectors, maxAddresses = 8192, maxAddressesPerPort = 1024, idleMs = 900_000, maxFacts } = options;
    this.#addresses = new AddressTable({ maxAddresses, maxAddressesPerPort, idleMs }, slot => this.#forget(slot));
    this.#facts = new LatestFacts(maxAddresses, idleMs, maxFacts === undefined ? undefined : { perPort: maxFacts, inAll: maxFacts });
    this.#told = new Told(this.#addresses, this.#ports);
    this.#sightings = new Sightings(this.#addresses, maxAddresses);
    this.#dispatch = dispatchOf(collectors);
    this.unread = new UnreadCounts(this.#dispatch);
    this.#activity = new Activity(maxAddresses);
    this.#settled = new SettledFlows(maxAddresses);
    this.#spoken = new Spoken(collectors, maxAddresses);
    this.#repeats = new Repeats(maxAddresses);
    this.#claims = new AddressClaims(maxAddresses);
    this.#turns = new Turns(maxAddresses);
    this.#tries = new AddressTries(maxAddresses, options.addressesOfTraffic === true);
    this.#served = new ServedPorts(maxAddresses);
    this.#own = new OwnAddress(maxAddresses);
  }

  /** Addresses and facts held, for health and tests. */
  get size() {
    return { addresses: this.#addresses.size, facts: this.#facts.size } as const;
  }

  /** Takes in one frame. Never throws; keeps nothing of `frame.bytes`. */
  frame(frame: Frame): void {
    const packet = this.#packet;
    const port = this.#ports.number(frame.port);
    const state = this.#ports.state(port);
    state.frames++;
    const settled = this.#settled.ofFrame(frame, port);
    if (settled >= 0 && !this.#activity.isTrying(settled)) {
      this.#count(settled, frame.wireLength, frame.at, this.#settled.lastIsToGroup);
      if (!this.#settled.lastIsAsked) this.unread.settled(this.#settled);
      else if (packet.peel(frame)) this.#askOwn(settled, state);
      return;
    }
    if (!packet.peel(frame)) return this.#losses.overflow(state.name, 'frames too short to name a sender');
    this.#take(port, state, frame.wireLength);
    if (packet.fragmentAt === 0 && isTunnel(packet)) this.#tunnel(packet, port, state, frame.wireLength);
  }

  /** A packet of a settled flow, for the collectors of its ports. */
  #askOwn(slot: number, state: PortState): void {
    this.#sender = slot;
    this.#isWanted = false;
    if (!this.#settled.lastHadData) return;
    return this.#settled.lastWasUdp ? this.#collect(this.unread.udp(this.#packet), state) : this.#collectTcp(state);
  }

  /** What a tunnel carries is a frame too, of one more sender; a tunnel in it is left alone. */
  #tunnel(outer: Packet, port: number, state: PortState, wireLength: number): void {
    const inner = innerFrame(outer);
    if (inner === undefined || !this.#inner.peelInner(outer, inner)) return this.unread.tunnel(outer);
    if (isTunnel(this.#inner)) this.unread.tunnel(this.#inner);
    this.#packet = this.#inner;
    this.#take(port, state, Math.max(0, wireLength - (inner.start - outer.start)));
    this.#packet = outer;
  }

  /** A fragment has been counted; its datagram is read when it is whole. */
  #join(slot: number, port: number, state: PortState): void {
    const fragment = this.#packet;
    const whole = this.#fragments.add(fragment, slot, port);
    if (whole === undefined) return;
    if (whole.fault !== 'none') return this.#fail('packet', faults[whole.fault]);
    this.#packet = whole;
    this.#read(slot, port, state);
    if (fragment === this.#outer && isTunnel(whole)) this.#tunnel(whole, port, state, whole.end - whole.start);
    this.#packet = fragment;
    this.#sender = slot;
  }

  /** The header stage, and whoever wants the frame. */
  #take(port: number, state: PortState, wireLength: number): void {
    const packet = this.#packet;
    const high = packet.sourceHigh;
    const low = packet.sourceLow;
    if ((high & 0x100) !== 0 || (high | low) === 0) return this.#losses.overflow(state.name, 'frames from a group or zero address');
    if (packet.fault === 'vlan') return this.#fail('packet', faults.vlan);
    let slot = this.#addresses.find(high, low, port, packet.vlan);
    if (slot < 0) slot = this.#arrive(high, low, port);
    if (slot < 0) return;
    this.#count(slot, wireLength, packet.at, (packet.bytes[packet.start] ?? 0) & 1);
    if (packet.fault !== 'none') this.#fail('packet', faults[packet.fault]);
    this.#sender = slot;
    this.#isWanted = false;
    const own = this.#tries.look(packet, slot, this.#ipsOf, this.#isOwnAddress);
    if (own !== undefined) this.#note(packet.source, { kind: 'address', ip: own }, 'header');
    if (this.#turns.mayTurn(packet, slot) && this.#isOwnAddress())
      for (const fact of this.#turns.note(packet, slot)) this.#note(packet.source, fact);
    if (packet.fragmentAt === 0 || packet.isCut) this.#read(slot, port, state);
    else this.#join(slot, port, state);
    const deed = this.#activity.note(packet, slot);
    if (deed !== undefined) this.#note(macOfNumber(deed.sender), deed.fact);
    const behind = this.#activity.mayBeBehind(packet, slot) ? this.#activity.behind(packet, slot, this.#facts.ips(slot)) : undefined;
    if (behind !== undefined) this.#note(packet.source, behind);
    if (!this.#activity.flows.isOn) return;
    for (const { sender, fact } of this.#activity.flows.note(packet, slot, this.#facts.ips(slot))) this.#note(macOfNumber(sender), fact);
  }

  /** Whoever wants the packet. */
  #read(slot: number, port: number, state: PortState): void {
    const packet = this.#packet;
    if (packet.ipVersion === 0) this.#collect(this.unread.layer2(packet), state);
    else if (packet.ipProtocol === ipProtocols.tcp) this.#tcp(slot, port, state);
    else {
      if (packet.ipProtocol === ipProtocols.udp) {
        const list = this.unread.udp(packet);
        this.#settle(slot, port, true, list.length > 0);
        this.#collect(list, state);
      }
      this.#collectSegment(this.unread.ip(packet), state);
    }
  }

  #count(slot: number, wireLength: number, at: Millis, isToGroup: number): void {
    const { packets, bytes, lastAt } = this.#addresses;
    packets[slot] = (packets[slot] ?? 0) + 1;
    bytes[slot] = (bytes[slot] ?? 0) + wireLength;
    lastAt[slot] = at;
    this.#sightings.note(slot, at, isToGroup);
  }

  /** `isDone`: nobody waits for more of it; `isAsked`: there are collectors of its ports. */
  #settle(slot: number, port: number, isDone: boolean, isAsked: boolean): void {
    const packet = this.#packet;
    const mayBe = isDone && packet === this.#outer && this.#tries.isOver(slot);
    if (mayBe && maySettle(packet, this.#dispatch)) this.#settled.note(packet, slot, port, isAsked);
    else if ((packet.tcpFlags & tcpFlags.syn) !== 0) this.#settled.forget(packet);
  }

  /** What the present frame tells of `mac` beside what a collector reads. */
  #note(mac: Mac, fact: Fact, collector = 'activity'): void {
    this.#learn(mac, collector, fact, this.#sender);
  }

  /** What came out since the last call; cheap when there is nothing. Only with `all`, once a second and at the end of a capture, come malformed frames (folded), overflow and counters. */
  drain(all = false): Drained {
    if (!all && this.#told.isEmpty) return nothing;
    const observations = this.#told.take();
    if (!all) return { ...nothing, observations };
    this.#rests.tell();
    this.#fragments.tell();
    const counters = this.#ports.all.map(({ name, frames, identityFrames }) => ({ port: name, frames, identityFrames }));
    return { observations, ...this.#losses.take(), counters };
  }

  /** What each address that spoke since the last call sent since then (not since its first frame): at most so many, the others with the next call. */
  sightings(most = Infinity): readonly Sighting[] {
    return this.#sightings.take(slot => this.#told.where(slot), most);
  }

  /** Lets every address and its latest facts come out again with the next drain, as they were said. */
  resync(): void {
    this.#told.take();
    for (const slot of this.#addresses.slots()) {
      this.#told.sight(slot);
      for (const said of this.#facts.of(slot)) this.#told.say(slot, said);
    }
  }

  #tcp(slot: number, port: number, state: PortState): void {
    const packet = this.#packet;
    if (this.#openings.isServer(packet) && this.#served.isNew(packet, slot)) {
      packet.isServer = true;
      this.#collect(this.#dispatch.tcpServer, state, false);
    }
    if ((packet.tcpFlags & (tcpFlags.syn | tcpFlags.rst)) === tcpFlags.syn) this.#collectSegment(this.#dispatch.tcpOpening, state);
    this.#collectSegment(this.#dispatch.ipProtocol(ipProtocols.tcp), state);
    if (packet.end > packet.payload) this.#collectTcp(state);
    const isAsked = this.#dispatch.tcp(packet.sourcePort, packet.targetPort).length > 0;
    if (!this.#dispatch.hasStreams) return this.#settle(slot, port, true, isAsked);
    this.#streams ??= new TcpStreams(this.#dispatch, this.#tries.slots, this.#askStream, () => this.#fail('packet', faults.segments));
    this.#settle(slot, port, this.#streams.segment(packet, slot, (port << 12) | packet.vlan), isAsked);
  }

  /** For collectors of this port's segments; of a message that waits for this one, with it. */
  #collectTcp(state: PortState): void {
    const packet = this.#packet;
    const list = this.unread.tcp(packet);
    if (list.length === 0) return;
    this.#place = (this.#ports.last << 12) | packet.vlan;
    const rest = this.#rests.next(packet, this.#place);
    this.#packet = rest?.whole ?? packet;
    if (rest === undefined) this.#collect(list, state);
    else this.#ask(rest.collector);
    this.#packet = packet;
    this.#place = -1;
  }

  /** For collectors that want all that IP carries, its own header included. */
  #collectSegment(list: readonly Collector[], state: PortState): void {
    const packet = this.#packet;
    if (list.length === 0) return;
    const { payload } = packet;
    packet.payload = packet.l4;
    this.#collect(list, state);
    packet.payload = payload;
  }

  readonly #isOwnAddress = (): boolean => this.#own.isOwn(this.#packet, this.#sender, this.#ipsOf);

  /** Gives the frame to those of the list that want it. `isWhole`: what the capture cut off is not its sender's fault, so they do not get it. */
  #collect(list: readonly Collector[], state: PortState, isWhole = true): void {
    for (const c of list) {
      if (c.wants !== undefined && !c.wants(this.#packet)) {
        if (c.speaks === undefined || this.#spoken.has(this.#sender, c) || !c.speaks(this.#packet)) continue;
        if (this.#packet.ipVersion === 0 || this.#isOwnAddress()) this.#noteProtocol(c, this.#packet.source);
        continue;
      }
      if (c.sameAs !== undefined && this.#repeats.isRepeat(this.#packet, this.#sender, c.name, c.sameAs(this.#packet))) continue;
      if (isWhole && this.#packet.isCut) return this.#losses.overflow(state.name, 'identity frames cut by the capture length');
      this.#ask(c);
    }
  }

  readonly #ipsOf = (slot: number): readonly Ip[] => this.#facts.ips(slot);
  readonly #askStream: Ask = (c, isOpened, isLast) => {
    const error = this.#ask(c, true);
    if (error === undefined) return this.unread.readStream(this.#packet);
    if (error.isShort && !isLast) return true;
    this.#losses.notRead(this.#packet, c.name, error, isOpened);
    return false;
  };

  /** Asks a collector about the frame; returns the DecodeError when `isStream`, else counts it. */
  #ask(c: Collector, isStream = false): DecodeError | undefined {
    const packet = this.#packet;
    if (!this.#isWanted) {
      this.#isWanted = true;
      this.#ports.state(this.#ports.last).identityFrames++;
      packet.isOwnAddress = packet.ipVersion !== 0 && this.#isOwnAddress();
      // Who sends straight to a device that speaks in another VLAN only reaches that one too: mirrored ports tag one direction, VLANs are joined.
      const vlan = this.#vlans.size > 1 ? reached(this.#addresses, packet, this.#ports.last, this.#vlans) : undefined;
      if (vlan !== undefined) this.#note(packet.source, { kind: 'reaches', vlan });
    }
    try {
      const isOwn = packet.ipVersion === 0 || packet.isOwnAddress;
      const mac = this.#addresses.macOf(this.#sender);
      for (const said of c.said(packet)) {
        const fact = said.kind === undefined ? said.fact : said;
        const about = said.kind === undefined ? said.about : mac;
        if (isOwn || about !== mac || !ownFacts.has(fact.kind)) this.#learn(about, c.name, fact, this.#sender);
      }
      if (isOwn) this.#noteProtocol(c, mac);
      if (this.#place >= 0 && c.goesOn?.(packet) === true) this.#rests.keep(packet, c, this.#sender, this.#place);
      return undefined;
    } catch (error) {
      if (isStream && error instanceof DecodeError) return error;
      const waits = this.#place >= 0 && error instanceof DecodeError && error.isShort;
      if (waits && this.#rests.keep(packet, c, this.#sender, this.#place, error.message)) return undefined;
      // Anything but a DecodeError is our defect; the other collectors and the next frame go on, and it is shown with its sender.
      const message = error instanceof Error ? error.message : String(error);
      this.#fail(c.name, error instanceof DecodeError ? message : `defect: ${message}`);
      return undefined;
    }
  }

  /** The sender spoke this protocol: a fact, once. */
  #noteProtocol(c: Collector, mac: Mac): void {
    if (!this.#spoken.note(this.#sender, c)) return;
    this.#note(mac, { kind: 'protocol', name: c.name }, c.name);
  }

  /** A fact about another address stands where that address speaks itself; it is dropped when it never did. */
  #learn(mac: Mac, collector: string, fact: Fact, sender: number): void {
    const { at, port, vlan, number } = this.#packet;
    const isSender = mac === this.#addresses.macOf(sender);
    const slot = isSender ? sender : findAnywhere(this.#addresses, this.#ports.all.length, mac, vlan, this.#vlans);
    if (slot < 0) return this.#losses.overflow(port, 'facts about addresses that have not spoken here');
    if (isSender && fact.kind === 'address') this.#noteClaim(mac, collector, fact.ip);
    if (this.#facts.knows(slot, collector, fact, at)) return;
    const said = { collector, frame: number, at, fact };
    const outcome = this.#facts.learn(slot, this.#addresses.portOf(slot), said);
    if (outcome === 'capped') this.#losses.overflow(port, 'facts beyond the cap of their address or port');
    if (outcome !== 'new') return;
    if (fact.kind === 'address' || fact.kind === 'dhcp-lease') {
      this.#served.forget(slot);
      this.#own.forget(slot);
    }
    if (fact.kind === 'mud-url') this.#activity.flows.watch(slot, mac);
    this.#settled.unsettle(slot);
    this.#told.say(slot, said);
  }

  /** ARP and neighbour discovery claim an address: two that do so by turns contest it, though neither says anything new. */
  #noteClaim(mac: Mac, collector: string, ip: Ip): void {
    if (collector !== 'arp' && collector !== 'ndp') return;
    const rival = this.#claims.note(this.#sender, ip, this.#packet.at, isAnnouncement(this.#packet));
    const other = rival < 0 ? mac : this.#addresses.macOf(rival);
    if (other !== mac) this.#note(mac, { kind: 'contested', ip, mac: other });
  }

  #arrive(high: number, low: number, port: number): number {
    const { at, number, source, vlan, port: name } = this.#packet;
    const slot = this.#addresses.add({ high, low, port, vlan }, source, at, number);
    if (slot < 0) this.#losses.overflow(name, 'frames of addresses beyond the cap');
    else {
      if (this.#vlans.size < maxVlans) this.#vlans.add(vlan);
      this.#told.sight(slot);
      const ip = isStandIn(high) ? this.#packet.sourceIp : undefined;
      if (ip !== undefined) this.#learn(source, 'header', { kind: 'address', ip }, slot);
    }
    return slot;
  }

  #forget(slot: number): void {
    this.#facts.forget(slot);
    this.#sightings.forget(slot);
    this.#activity.forget(slot);
    this.#claims.forget(slot);
    this.#turns.forget(slot);
    this.#tries.forget(slot);
    this.#served.forget(slot);
    this.#own.forget(slot);
    this.#settled.unsettle(slot);
    this.#spoken.forget(slot);
  }

  #fail(collector: string, message: string): void {
    this.#losses.malformed(this.#packet, collector, message);
  }
}
