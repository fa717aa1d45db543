import type { TakePacket } from './capture-format.ts';

/** Link types that we read, as the registry of LINKTYPE_ values numbers them. */
const [bsdLoopback, ethernet, rawIp, openBsdLoopback, cooked, rawIp4, rawIp6, cooked2] = [0, 1, 101, 108, 113, 228, 229, 276];
/** As some files number raw IP: the DLT_ values of the systems that wrote them. */
const rawIpOld: readonly number[] = [12, 14];
const etherTypes = { ipv4: 0x0800, ipv6: 0x86dd } as const;
const header = 14;
/** ETH_P_802_2 of Linux: an LLC header follows, as in 802.3 behind the length. */
const llcProtocol = 4;

/** First bytes of the stand-in addresses of `ipStandIn`: locally administered, `S` `y`. */
const standIn = [0x52, 0x79] as const;

/** True for the stand-in of a capture without hardware addresses; `high`: its upper 16 bits. */
export const isStandIn = (high: number): boolean => high === ((standIn[0] << 8) | standIn[1]);

/**
 * What makes Ethernet frames of the packets of another link type, so that all else need know no other: undefined when it cannot be.
 * Ethernet itself passes as it is, at no cost.
 *
 * - **Linux cooked (SLL, SLL2)** name the sender's hardware address; the target's is not there, so it is zero, broadcast or a group.
 * - **Raw IP and BSD loopback** name no hardware address. So that their hosts can be told apart at all, the address is made of the IP
 *   address: `52:79` and the four bytes of IPv4, or 32 bits folded of IPv6. Such a device is an IP address, no station: `isStandIn`.
 */
export function linkLayer(type: number, take: TakePacket): TakePacket | undefined {
  if (type === ethernet) return take;
  if (type === cooked) return cookedFrames(take, { size: 16, protocol: 14, kind: 1, length: 5, address: 6 });
  if (type === cooked2) return cookedFrames(take, { size: 20, protocol: 0, kind: 10, length: 11, address: 12 });
  if (type === bsdLoopback || type === openBsdLoopback) return ipFrames(take, 4);
  if (type === rawIp || type === rawIp4 || type === rawIp6 || rawIpOld.includes(type)) return ipFrames(take, 0);
  return undefined;
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

/** `skip`: length of the address family before the IP header. It is another number in each system: the version of IP says the same. */
function ipFrames(take: TakePacket, skip: number): TakePacket {
  return (millis, bytes, from, to, wireLength) => {
    const start = from + skip;
    if (to - start < 1) return take(millis, bytes, to, to, wireLength);
    const frame = new Uint8Array(to - start + header);
    frame.set(bytes.subarray(start, to), header);
    const isV6 = (bytes[start] ?? 0) >> 4 === 6;
    frame.set(ipStandIn(frame, header + (isV6 ? 24 : 16), isV6), 0);
    frame.set(ipStandIn(frame, header + (isV6 ? 8 : 12), isV6), 6);
    const type = isV6 ? etherTypes.ipv6 : etherTypes.ipv4;
    [frame[12], frame[13]] = [type >> 8, type & 255];
    take(millis, frame, 0, frame.length, wireLength - skip + header);
  };
}

/** The stand-in of the IP address at `i`. What is sent to a group keeps the bit of a group. */
function ipStandIn(frame: Uint8Array, i: number, isV6: boolean): readonly number[] {
  const first = frame[i] ?? 0;
  const isGroup = isV6 ? first === 0xff : first >= 224;
  let folded = 0;
  for (let k = 0; k < (isV6 ? 16 : 4); k += 4) {
    const word = ((frame[i + k] ?? 0) << 24) | ((frame[i + k + 1] ?? 0) << 16) | ((frame[i + k + 2] ?? 0) << 8) | (frame[i + k + 3] ?? 0);
    folded = Math.imul(folded, 0x85ebca6b) ^ word;
  }
  return [standIn[0] | (isGroup ? 1 : 0), standIn[1], folded >>> 24, (folded >>> 16) & 255, (folded >>> 8) & 255, folded & 255];
}
