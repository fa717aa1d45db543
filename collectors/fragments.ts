import { hexAt } from '../gateway/codec/address-at.ts';
import { Packet } from './packet.ts';
import { ethernetSize, frameOf, headOf, makeRoom, peelRebuilt, type Room } from './rebuilt.ts';

/** Caps: datagrams of which parts are held, in all and of one sender; parts and bytes of one; and how long one waits for its last part, frame time. */
const room: Room = { inAll: 64, perSender: 16, ageMillis: 30_000 };
const [maxParts, maxBytes] = [64, 16_384];
const lostOnes = 'datagrams of which fragments are missing or too many';

type Part = { readonly from: number; readonly bytes: Uint8Array };
type Datagram = {
  readonly at: number;
  readonly sender: number;
  readonly parts: Part[];
  /** Bytes held; bytes that there will be, -1 until the last part has come. */
  held: number;
  size: number;
  /** Headers in front of the first part, undefined until it has come. */
  head: Uint8Array | undefined;
  /** Nothing more of it is held: it is too long, or its parts contradict each other. */
  isDropped: boolean;
  /** It was counted as one of which parts are missing. */
  isTold: boolean;
};

/**
 * Fragments of IPv4 and IPv6 until their datagram is whole. RFC 791 §3.2, RFC 8200 §4.5. Where parts overlap in any way but as the same part said again,
 * receivers differ in what they take, and who wants to be read in two ways does just that: such a datagram is read by nobody (RFC 5722 §4) and told as malformed.
 * A flood only makes it forget other datagrams; those are counted.
 */
export class Fragments {
  /** By hardware address, where it was seen, addresses, protocol and identification; the oldest first. */
  readonly #datagrams = new Map<string, Datagram>();
  readonly #whole = new Packet();
  readonly #lost: (what: typeof lostOnes) => void;

  /** `lost` is told of each datagram that is given up before it was whole, in words. */
  constructor(lost: (what: typeof lostOnes) => void) {
    this.#lost = lost;
  }

  /** Datagrams that are held, for tests. */
  get size(): number {
    return this.#datagrams.size;
  }

  /** Takes in a fragment. The packet that it makes whole, valid until the next one; with a fault when its parts contradict each other; else undefined. */
  add(packet: Packet, sender: number, place: number): Packet | undefined {
    const key = keyOf(packet, place);
    let datagram = this.#datagrams.get(key);
    if (datagram !== undefined && Math.abs(packet.at - datagram.at) > room.ageMillis) {
      this.#forget(key, datagram);
      datagram = undefined;
    }
    if (datagram === undefined) {
      makeRoom(this.#datagrams, { sender, at: packet.at }, room, (old, one) => this.#forget(old, one));
      datagram = { at: packet.at, sender, parts: [], held: 0, size: -1, head: undefined, isDropped: false, isTold: false };
      this.#datagrams.set(key, datagram);
    }
    if (datagram.isDropped) return undefined;
    if (!take(datagram, packet)) {
      drop(datagram);
      return this.#peel(packet, packet.bytes.subarray(packet.start, packet.end), 'fragments');
    }
    if (datagram.isDropped) this.#tell(datagram);
    if (datagram.size < 0 || datagram.held < datagram.size || datagram.head === undefined) return undefined;
    this.#datagrams.delete(key);
    return this.#peel(packet, joined(datagram.head, datagram, packet.ipVersion), 'none');
  }

  #peel(part: Packet, bytes: Uint8Array, fault: 'none' | 'fragments'): Packet {
    const whole = peelRebuilt(this.#whole, part, bytes);
    if (fault !== 'none') whole.fault = fault;
    return whole;
  }

  #forget(key: string, datagram: Datagram): void {
    if (!datagram.isDropped) this.#tell(datagram);
    this.#datagrams.delete(key);
  }

  /** Tells of what still waits, each once: it may be the end of the capture. */
  tell(): void {
    for (const datagram of this.#datagrams.values()) if (!datagram.isDropped) this.#tell(datagram);
  }

  #tell(datagram: Datagram): void {
    if (!datagram.isTold) this.#lost(lostOnes);
    datagram.isTold = true;
  }
}

/** Identification and protocol stand beside each other in neither header, so the whole of both words with the flags left out. */
function keyOf({ bytes: b, start, l3, fragmentAt, ipVersion, vlan, segment }: Packet, place: number): string {
  const who = `${hexAt(b, start + 6, start + 12)} ${place} ${vlan} ${segment}`;
  // IPv6 has the next header in the fragment header, of which only that of the first one counts (RFC 8200 §4.5).
  return ipVersion === 4
    ? `${who} ${hexAt(b, l3 + 12, l3 + 20)} ${b[l3 + 9]} ${hexAt(b, fragmentAt, fragmentAt + 2)}`
    : `${who} ${hexAt(b, l3 + 8, l3 + 40)} ${hexAt(b, fragmentAt + 4, fragmentAt + 8)}`;
}

/** Takes in the data of a fragment. False when it contradicts what is there. */
function take(datagram: Datagram, packet: Packet): boolean {
  const { bytes: b, fragmentData, end, fragmentAt, ipVersion } = packet;
  const word = ((b[fragmentAt + 2] ?? 0) << 8) | (b[fragmentAt + 3] ?? 0);
  const from = ipVersion === 4 ? (word & 0x1fff) * 8 : word & 0xfff8;
  const hasMore = (word & (ipVersion === 4 ? 0x2000 : 1)) !== 0;
  const to = from + end - fragmentData;
  if (!hasMore && ((datagram.size >= 0 && datagram.size !== to) || datagram.parts.some(p => p.from + p.bytes.length > to))) return false;
  if (datagram.size >= 0 && to > datagram.size) return false;
  const same = datagram.parts.find(p => p.from < to && p.from + p.bytes.length > from);
  if (same !== undefined) return same.from === from && isSame(same.bytes, b, fragmentData, end);
  if (!hasMore) datagram.size = to;
  if (to > maxBytes || datagram.parts.length >= maxParts) {
    drop(datagram);
    return true;
  }
  if (from === 0) datagram.head = headOf(packet, fragmentData);
  if (to > from) datagram.parts.push({ from, bytes: b.slice(fragmentData, end) });
  datagram.held += to - from;
  return true;
}

function drop(datagram: Datagram): void {
  datagram.isDropped = true;
  datagram.parts.length = 0;
  datagram.head = undefined;
}

function isSame(part: Uint8Array, b: Uint8Array, from: number, to: number): boolean {
  if (part.length !== to - from) return false;
  for (let i = from; i < to; i++) if (part[i - from] !== b[i]) return false;
  return true;
}

/** The frame in which the datagram would have come without fragments. */
function joined(head: Uint8Array, { parts, size }: Datagram, version: number): Uint8Array {
  const frame = frameOf(head, size, version);
  for (const { from, bytes } of parts) frame.set(bytes, head.length + from);
  // No offset and nothing more to come: in IPv4 behind the identification, in IPv6 in the fragment header, which ends the head.
  const offsetAt = version === 4 ? ethernetSize + 6 : head.length - 6;
  [frame[offsetAt], frame[offsetAt + 1]] = [0, 0];
  return frame;
}
