import type { TakePacket } from './capture-format.ts';

const etherTypes = { ipv4: 0x0800, ipv6: 0x86dd } as const;
const header = 14;

/** First bytes of the stand-in addresses of `ipStandIn`: locally administered, `S` `y`. */
const standIn = [0x52, 0x79] as const;

/** True for the stand-in of a capture without hardware addresses; `high`: its upper 16 bits. */
export const isStandIn = (high: number): boolean => high === ((standIn[0] << 8) | standIn[1]);

/** Where the IP header of a packet starts that stands from `from` to before `to`; -1 when it has none. */
export type FindIp = (bytes: Uint8Array, from: number, to: number) => number;

/**
 * Frames of packets that name no hardware address. So that their hosts can be told apart at all, the address is made of the IP address:
 * `52:79` and the four bytes of IPv4, or 32 bits folded of IPv6. Such a device is an IP address, no station: `isStandIn`. What is no IP is a
 * frame of nobody.
 */
export function ipFrames(take: TakePacket, find: FindIp): TakePacket {
  return (millis, bytes, from, to, wireLength) => {
    const start = find(bytes, from, to);
    if (start < 0 || start >= to) return take(millis, bytes, to, to, wireLength);
    const frame = new Uint8Array(to - start + header);
    frame.set(bytes.subarray(start, to), header);
    const isV6 = (bytes[start] ?? 0) >> 4 === 6;
    const type = isV6 ? etherTypes.ipv6 : etherTypes.ipv4;
    [frame[12], frame[13]] = [type >> 8, type & 255];
    setStandIns(frame, isV6);
    take(millis, frame, 0, frame.length, wireLength - (start - from) + header);
  };
}

/**
 * A frame of IP with only zeros for hardware addresses, undefined for any other; the frame with stand-ins for them. Without
 * `ofAnyHost` only that of a host to itself, from 127.0.0.0/8 or ::1, as the loopback interface of Linux shows it: others stand beside frames of the same hosts with their addresses.
 */
export function withStandIns(bytes: Uint8Array, from: number, to: number, ofAnyHost: boolean): Uint8Array | undefined {
  if (!hasNoAddresses(bytes, from)) return undefined;
  const type = ((bytes[from + 12] ?? 0) << 8) | (bytes[from + 13] ?? 0);
  const isV6 = type === etherTypes.ipv6;
  if (!isV6 && type !== etherTypes.ipv4) return undefined;
  if (to - from < header + (isV6 ? 40 : 20)) return undefined;
  const source = from + header + (isV6 ? 8 : 12);
  const isLoopback = isV6 ? isLoopback6(bytes, source) : bytes[source] === 127;
  if (!isLoopback && !ofAnyHost) return undefined;
  const frame = bytes.slice(from, to);
  setStandIns(frame, isV6);
  return frame;
}

/** Only zeros where the hardware addresses of an Ethernet frame stand. */
export function hasNoAddresses(bytes: Uint8Array, from: number): boolean {
  for (let i = from; i < from + 12; i++) if (bytes[i] !== 0) return false;
  return true;
}

function isLoopback6(bytes: Uint8Array, i: number): boolean {
  for (let k = 0; k < 15; k++) if (bytes[i + k] !== 0) return false;
  return bytes[i + 15] === 1;
}

function setStandIns(frame: Uint8Array, isV6: boolean): void {
  frame.set(ipStandIn(frame, header + (isV6 ? 24 : 16), isV6), 0);
  frame.set(ipStandIn(frame, header + (isV6 ? 8 : 12), isV6), 6);
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
