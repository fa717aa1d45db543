import type { TakePacket } from './capture-format.ts';
import { type FindIp, ipFrames } from './link-ip.ts';
import { u16At, u16leAt } from './number-at.ts';

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
    const u16 = isLittleEndian(bytes, from + nflogHeader) ? u16leAt : u16At;
    let [head, start, end] = [-1, -1, -1];
    for (let at = from + nflogHeader; at + 4 <= to; ) {
      const [length, type] = [u16(bytes, at), u16(bytes, at + 2)];
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

/** TLVs are in the byte order of the host that captured. The first is short, the kernel's own words of the packet, so its length is the smaller one. */
const isLittleEndian = (b: Uint8Array, at: number): boolean => u16leAt(b, at) <= u16At(b, at);
