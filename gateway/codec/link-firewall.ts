import type { TakePacket } from './capture-format.ts';
import { type FindIp, ipFrames } from './link-ip.ts';

/** The log of pf: a header whose length stands in its first byte, without the padding to four bytes. LINKTYPE_PFLOG. */
export const behindPflog: FindIp = (bytes, from) => from + (((bytes[from] ?? 0) + 3) & ~3);

/** Family, version, number of the log group; then TLVs of the kernel, whose packet is the last but not by rule. LINKTYPE_NFLOG. */
const nflogHeader = 4;
const [payload, linkHeader] = [9, 16];
/** The only length of a link header that is read: Ethernet's. */
const ethernetHeader = 14;

/** What the log of netfilter holds: of an Ethernet the whole frame, where the kernel says its header; else an IP packet. */
export function nflogFrames(take: TakePacket): TakePacket {
  const takeIp = ipFrames(take, (_, from) => from);
  return (millis, bytes, from, to, wireLength) => {
    const isLittle = isLittleEndian(bytes, from + nflogHeader);
    let [head, start, end] = [-1, -1, -1];
    for (let at = from + nflogHeader; at + 4 <= to; ) {
      const [length, type] = [u16(bytes, at, isLittle), u16(bytes, at + 2, isLittle)];
      if (length < 4 || at + length > to) break;
      if (type === linkHeader && length === 4 + ethernetHeader) head = at + 4;
      if (type === payload) [start, end] = [at + 4, at + length];
      at += (length + 3) & ~3;
    }
    if (start < 0) return take(millis, bytes, to, to, wireLength);
    const onWire = wireLength - (to - from) + (end - start);
    if (head < 0) return takeIp(millis, bytes, start, end, onWire);
    const frame = new Uint8Array(ethernetHeader + end - start);
    frame.set(bytes.subarray(head, head + ethernetHeader));
    frame.set(bytes.subarray(start, end), ethernetHeader);
    take(millis, frame, 0, frame.length, onWire + ethernetHeader);
  };
}

const u16 = (b: Uint8Array, i: number, isLittle: boolean): number =>
  isLittle ? ((b[i + 1] ?? 0) << 8) | (b[i] ?? 0) : ((b[i] ?? 0) << 8) | (b[i + 1] ?? 0);

/** TLVs are in the byte order of the host that captured. The first is short, the kernel's own words of the packet, so its length is the smaller one. */
const isLittleEndian = (b: Uint8Array, at: number): boolean => u16(b, at, true) <= u16(b, at, false);
