import type { TakePacket } from './capture-format.ts';
import { behindPflog, nflogFrames } from './link-firewall.ts';
import { type FindIp, ipFrames } from './link-ip.ts';
import { inCiscoHdlc, inPpp, inPppoe, inPppOrHdlc, inPppWithDirection } from './link-ppp.ts';
import { behindBroadcomTag, broadcomFrames, marvellFrames } from './link-switch.ts';
import { u32leAt } from './number-at.ts';
import { wirelessFrames, wirelessReads } from './link-wireless.ts';

/** Link types that we read, as the registry of LINKTYPE_ values numbers them; wireless ones stand in link-wireless.ts. */
const [ethernet, cooked, cooked2, nflog] = [1, 113, 276, 239];
const [broadcom, broadcomBefore, marvell, marvellTyped] = [281, 282, 284, 285];
/** The process that sent it stands before the packet on macOS, whose tcpdump writes one of LINKTYPE_USER0 to LINKTYPE_USER15 for it. */
const [pktap, pktapOfMacOs] = [258, 149];
const header = 14;
/** ETH_P_802_2 of Linux: an LLC header follows, as in 802.3 behind the length. */
const llcProtocol = 4;

const behind =
  (length: number): FindIp =>
  (_, from) =>
    from + length;

/** Where the IP packet stands in link types without hardware addresses. */
const ipFinds: { readonly [link: number]: FindIp } = {
  // BSD loopback: an address family, which is another number in each system; the version of IP says the same.
  0: behind(4),
  108: behind(4),
  // Raw IP; 12 and 14 are what some systems call it.
  12: behind(0),
  14: behind(0),
  101: behind(0),
  228: behind(0),
  229: behind(0),
  // IPsec of OpenBSD; IPNET of Solaris.
  109: behind(12),
  226: behind(24),
  117: behindPflog,
  9: inPpp,
  50: inPppOrHdlc,
  51: inPppoe,
  104: inCiscoHdlc,
  // Its first byte says the direction instead of the address.
  166: inPpp,
  204: inPppWithDirection,
};

/**
 * What makes Ethernet frames of the packets of another link type, so that all else need know no other: undefined when it cannot be.
 * Ethernet itself passes as it is, at no cost.
 *
 * - **Linux cooked (SLL, SLL2)** name the sender's hardware address; the target's is not there, so it is zero, broadcast or a group.
 * - **IEEE 802.11**: who speaks to whom, and what is not encrypted.
 * - **Ports of switch chips** (DSA): the frame without the chip's tag.
 * - **Raw IP, loopback, PPP and others** name no hardware address: the sender is one made of its IP address (link-ip.ts).
 */
export function linkLayer(type: number, take: TakePacket): TakePacket | undefined {
  if (type === ethernet) return take;
  if (type === cooked) return cookedFrames(take, { size: 16, protocol: 14, kind: 1, length: 5, address: 6 });
  if (type === cooked2) return cookedFrames(take, { size: 20, protocol: 0, kind: 10, length: 11, address: 12 });
  if (type === nflog) return nflogFrames(take);
  if (type === marvell || type === marvellTyped) return marvellFrames(take, type === marvellTyped);
  if (type === broadcom) return broadcomFrames(take);
  if (type === broadcomBefore) return behindBroadcomTag(take);
  if (type === pktap || type === pktapOfMacOs) return pktapFrames(take);
  const read = wirelessReads[type];
  if (read !== undefined) return wirelessFrames(take, read);
  const find = ipFinds[type];
  return find === undefined ? undefined : ipFrames(take, find);
}

/** PKTAP: its length, the kind of record (1: a packet) and the link type of what follows, all little-endian. */
function pktapFrames(take: TakePacket): TakePacket {
  /** Cap: link types in one capture. */
  const inner = new Map<number, TakePacket>();
  const maxInner = 16;
  return (millis, bytes, from, to, wireLength) => {
    const [length, record, link] = [u32leAt(bytes, from), u32leAt(bytes, from + 4), u32leAt(bytes, from + 8)];
    const known = inner.get(link);
    const takeInner = known ?? (link === pktap || link === pktapOfMacOs ? undefined : linkLayer(link, take));
    if (length < 12 || from + length > to || record !== 1 || takeInner === undefined) return take(millis, bytes, to, to, wireLength);
    if (known === undefined && inner.size < maxInner) inner.set(link, takeInner);
    takeInner(millis, bytes, from + length, to, wireLength - length);
  };
}

/** Places of the fields in the header, and its size; `length` and `kind` are read from one byte, since their values are small. */
type CookedHeader = {
  readonly size: number;
  readonly protocol: number;
  readonly kind: number;
  readonly length: number;
  readonly address: number;
};

/** LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2 of the registry. A sender whose address is not of six bytes has none. */
function cookedFrames(take: TakePacket, at: CookedHeader): TakePacket {
  return (millis, bytes, from, to, wireLength) => {
    if (to - from < at.size) return take(millis, bytes, to, to, wireLength);
    const frame = new Uint8Array(to - from - at.size + header);
    const kind = bytes[from + at.kind] ?? 0;
    // Packet types of Linux: 1 broadcast, 2 multicast.
    if (kind === 1) frame.fill(0xff, 0, 6);
    if (kind === 2) frame[0] = 1;
    if (bytes[from + at.length] === 6) frame.set(bytes.subarray(from + at.address, from + at.address + 6), 6);
    const protocol = ((bytes[from + at.protocol] ?? 0) << 8) | (bytes[from + at.protocol + 1] ?? 0);
    const type = protocol === llcProtocol ? frame.length - header : protocol;
    [frame[12], frame[13]] = [type >> 8, type & 255];
    frame.set(bytes.subarray(from + at.size, to), header);
    take(millis, frame, 0, frame.length, wireLength - at.size + header);
  };
}
