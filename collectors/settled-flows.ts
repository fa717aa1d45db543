import { CaptureFrame } from '../gateway/codec/capture.ts';
import type { Frame } from '../gateway/model/frame.ts';
import type { Dispatch } from './dispatch.ts';
import { asksForLease } from './lease-requests.ts';
import { etherTypes, ipProtocols, type Packet, tcpFlags } from './packet.ts';
import { isTunnel } from './tunnel.ts';

/**
 * Flows remembered for each address that there is room for, and in all: twice what ten thousand devices have at once. They are kept by place, 32 bytes each: a new
 * one takes the place of an older one with the same hash.
 */
const [perSlot, maxPlaces] = [16, 131_072];
/** For how long at most a flow counts as settled; then one packet is looked at as a whole again. Milliseconds of frame time. */
const windowMs = 30_000;
/** An entry is eight numbers, which stand together in memory: five of its key, TTL and protocol and port, slot and generation, window. */
const [width, slotAt, windowAt] = [8, 6, 7];
const [slotBits, slotMask] = [17, 0x1ffff];
const [ethernetHeader, ipv4Header, tcpHeader] = [14, 20, 20];
const unsettling = tcpFlags.syn | tcpFlags.fin | tcpFlags.rst;

/**
 * Flows of UDP and TCP over IPv4 whose packets nobody will want, whatever is in them, or only the collectors of their ports: nearly all frames of a
 * network. They are told by their headers alone, without peeling, so that they cost little more than to count them. All of the key is compared, nothing is trusted to
 * the hash: sender's hardware address, VLAN, port where it was seen, both IP addresses, both transport ports, protocol and TTL. What could make a packet
 * interesting again ends it: SYN, FIN and RST, fragments, IP options, headers that are wrong, a change of what is known of the sender
 * (`unsettle`), and time. A flood only makes it forget: then packets are looked at as a whole.
 */
export class SettledFlows {
  /** Signed, since what may be more than 2^31 is an object of its own where it is handed on. */
  readonly #table: Int32Array;
  /** Of places, whose number is a power of two. */
  readonly #mask: number;
  /** By slot: grows whenever its flows count no more. 15 bits: it cannot come round within a window, for that takes 32,768 new facts. */
  readonly #generation: Uint16Array;
  /** The bytes that were looked at last, and how they are read: of a file and of a port they are mostly the same. */
  #viewed: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#viewed.buffer);
  /** Number of the present window, and its bounds; 0 is none. */
  #window = 0;
  #from = Infinity;
  #to = -Infinity;

  /** Of the frame that `find` found last: both ports, of UDP or TCP, and whether data stands behind its headers. */
  lastPorts = 0;
  lastWasUdp = false;
  /** Its collectors are to be asked whether they want it. */
  lastIsAsked = false;
  lastHadData = false;
  /** 1 when it went to a group, else 0. */
  lastIsToGroup = 0;

  constructor(slots: number) {
    if (slots > slotMask) throw new RangeError(`Cannot settle flows of ${slots} slots: at most ${slotMask}`);
    const places = Math.min(maxPlaces, 2 ** Math.ceil(Math.log2(perSlot * slots)));
    this.#table = new Int32Array(places * width);
    this.#mask = places - 1;
    this.#generation = new Uint16Array(slots);
  }

  /** False when no flow counts as settled at this time: `find` need not be asked. */
  isOpen(at: number): boolean {
    return at >= this.#from && at < this.#to;
  }

  /** The same of a frame, wherever it stands. */
  ofFrame(frame: Frame, port: number): number {
    if (!this.isOpen(frame.at)) return -1;
    const isInChunk = frame instanceof CaptureFrame;
    const b = isInChunk ? frame.chunk : frame.bytes;
    const from = isInChunk ? frame.from : 0;
    const to = isInChunk ? frame.to : b.length;
    this.lastIsToGroup = (b[from] ?? 0) & 1;
    return this.find(b, from, to, to - from < frame.wireLength, port);
  }

  /** The slot of the sender, when the frame that stands in `b` is of a settled flow; else -1. For every frame: integers only, read as words. */
  find(b: Uint8Array, start: number, end: number, isCut: boolean, port: number): number {
    if (b !== this.#viewed) {
      this.#viewed = b;
      this.#view = new DataView(b.buffer, b.byteOffset, b.byteLength);
    }
    const v = this.#view;
    let i = start + ethernetHeader;
    if (end - i < ipv4Header + 8) return -1;
    let type = v.getUint16(i - 2);
    let vlan = 0;
    if (type === etherTypes.vlan) {
      vlan = v.getUint16(i) & 0xfff;
      type = v.getUint16(i + 2);
      i += 4;
      if (end - i < ipv4Header + 8 || vlan === 0xfff) return -1;
    }
    if (type !== etherTypes.ipv4 || v.getUint8(i) !== 0x45 || (v.getUint16(i + 6) & 0x3fff) !== 0) return -1;
    const total = v.getUint16(i + 2);
    if (!isCut && i + total > end) return -1;
    const last = Math.min(end, i + total);
    const l4 = i + ipv4Header;
    const protocol = v.getUint8(i + 9);
    let payload = l4 + 8;
    if (protocol === ipProtocols.udp) {
      const length = v.getUint16(l4 + 4);
      if (l4 + 8 > last || length < 8 || (!isCut && l4 + length > last)) return -1;
    } else if (protocol === ipProtocols.tcp) {
      if (l4 + tcpHeader > last || (v.getUint8(l4 + 13) & unsettling) !== 0) return -1;
      const header = (v.getUint8(l4 + 12) >> 4) << 2;
      if (header < tcpHeader || l4 + header > last) return -1;
      payload = l4 + header;
    } else return -1;
    const low = v.getInt32(start + 8);
    const high = (v.getUint16(start + 6) << 12) | vlan;
    const source = v.getInt32(i + 12);
    const target = v.getInt32(i + 16);
    const ports = v.getInt32(l4);
    const kind = (port << 16) | (protocol << 8) | v.getUint8(i + 8);
    const e = (hashOf(low, source, target, ports) & this.#mask) * width;
    const t = this.#table;
    if (t[e] !== low || t[e + 1] !== high || t[e + 2] !== source || t[e + 3] !== target || t[e + 4] !== ports || t[e + 5] !== kind)
      return -1;
    const window = t[e + windowAt] ?? 0;
    if (window >>> 1 !== this.#window) return -1;
    const holder = t[e + slotAt] ?? 0;
    const slot = holder & slotMask;
    if (holder >>> slotBits !== this.#generation[slot]) return -1;
    this.lastPorts = ports;
    this.lastIsAsked = (window & 1) === 1;
    this.lastWasUdp = protocol === ipProtocols.udp;
    this.lastHadData = this.lastWasUdp || last > payload;
    return slot;
  }

  /** Takes in the flow of a packet that was looked at: of the next ones nobody but its own collectors, if it `isAsked`, will want any. */
  note(packet: Packet, slot: number, port: number, isAsked = false): void {
    const { bytes: b, start, l3: i, l4 } = packet;
    const low = word(b, start + 8);
    const source = word(b, i + 12);
    const target = word(b, i + 16);
    const ports = word(b, l4);
    const e = (hashOf(low, source, target, ports) & this.#mask) * width;
    const t = this.#table;
    if (!this.isOpen(packet.at)) this.#nextWindow(packet.at);
    t[e] = low;
    t[e + 1] = ((b[start + 6] ?? 0) << 20) | ((b[start + 7] ?? 0) << 12) | packet.vlan;
    t[e + 2] = source;
    t[e + 3] = target;
    t[e + 4] = ports;
    t[e + 5] = (port << 16) | (packet.ipProtocol << 8) | packet.ttl;
    t[e + slotAt] = ((this.#generation[slot] ?? 0) << slotBits) | slot;
    t[e + windowAt] = this.#window * 2 + (isAsked ? 1 : 0);
  }

  /** The flow begins anew. Whoever has its place gives way too: at worst a flow is looked at once more. */
  forget({ bytes: b, start, l3: i, l4 }: Packet): void {
    const hash = hashOf(word(b, start + 8), word(b, i + 12), word(b, i + 16), word(b, l4));
    this.#table[(hash & this.#mask) * width + windowAt] = 0;
  }

  /** What is known of the slot has changed, or it has another sender now. */
  unsettle(slot: number): void {
    this.#generation[slot] = ((this.#generation[slot] ?? 0) + 1) & 0x7fff;
  }

  #nextWindow(at: number): void {
    this.#from = at;
    this.#to = at + windowMs;
    this.#window = (this.#window + 1) & 0x7fffffff;
    if (this.#window !== 0) return;
    this.#table.fill(0);
    this.#window = 1;
  }
}

const word = (b: Uint8Array, i: number): number => ((b[i] ?? 0) << 24) | ((b[i + 1] ?? 0) << 16) | ((b[i + 2] ?? 0) << 8) | (b[i + 3] ?? 0);

function hashOf(low: number, source: number, target: number, ports: number): number {
  const h = Math.imul(low ^ Math.imul(source, 0x85ebca6b) ^ Math.imul(target, 0xc2b2ae35) ^ Math.imul(ports, 0x27d4eb2f), 0x9e3779b1);
  return h ^ (h >>> 15);
}

/** Whether the next frames of this flow tell nothing but to the collectors of its ports; of TCP: once its stream has told what it has to tell. */
export function maySettle(packet: Packet, dispatch: Dispatch): boolean {
  const { ipProtocol, tcpFlags: flags } = packet;
  if (packet.etherType !== etherTypes.ipv4 || packet.innerVlan !== 0 || dispatch.ipProtocol(ipProtocol).length > 0) return false;
  if (ipProtocol === ipProtocols.udp) return !isTunnel(packet) && !asksForLease(packet);
  // An acknowledgement: whether its sender is a server was looked at.
  return (flags & (tcpFlags.ack | unsettling)) === tcpFlags.ack;
}
