import type { TakePacket } from './capture-format.ts';
import { u16At, u16leAt } from './number-at.ts';

/** Frame types of IEEE 802.11 §9.2.4.1.3, in bits 2 and 3 of the first byte; bits 6 and 7 of it for data: no body, quality of service. */
const [management, data] = [0, 2];
const [noBody, withQos] = [0x40, 0x80];
/** Bits of the second byte: to and from the distribution system, encrypted, high-throughput control. */
const [toDs, fromDs, encrypted, order] = [1, 2, 0x40, 0x80];
/** The header up to the sequence control, and what may follow: a fourth address, the QoS control (whose bit 7 says that several frames are in one), the HT control. */
const [header, fourthAddress, qosControl, htControl, aggregated] = [24, 6, 2, 4, 0x80];
/** LLC and SNAP before an EtherType, RFC 1042. */
const snap = [0xaa, 0xaa, 3, 0, 0] as const;
const snapHeader = 8;
const ethernetHeader = 14;

/** Where the 802.11 header stands behind what the card says of the reception; what has a check sequence at its end; 4-byte padding behind the header. */
type Reception = { readonly start: number; readonly hasCheck?: boolean; readonly isPadded?: boolean };
/** Undefined when the frame was received broken: its addresses are nobody's. */
type Read = (bytes: Uint8Array, from: number, to: number) => Reception | undefined;

const plain: Read = (_, from) => ({ start: from });

/** https://www.radiotap.org: version, length, words of which the last has bit 31 clear; the first fields are TSFT (8 bytes, aligned) and flags. */
const radiotap: Read = (bytes, from, to) => {
  const length = u16leAt(bytes, from + 2);
  const present = bytes[from + 4] ?? 0;
  let at = from + 8;
  while (at < to && ((bytes[at - 1] ?? 0) & 0x80) !== 0) at += 4;
  if ((present & 1) !== 0) at = from + ((at - from + 7) & ~7) + 8;
  const flags = (present & 2) === 0 || at >= from + length ? 0 : (bytes[at] ?? 0);
  return (flags & 0x40) !== 0 ? undefined : { start: from + length, hasCheck: (flags & 0x10) !== 0, isPadded: (flags & 0x20) !== 0 };
};

/** PPI: a header whose length stands in its third and fourth byte. AVS and Prism: in the fifth to eighth, in network byte order for AVS; Prism has 144 bytes unless it is AVS. */
const ppi: Read = (bytes, from) => ({ start: from + u16leAt(bytes, from + 2) });
const prism: Read = (bytes, from) => {
  const isAvs = bytes[from] === 0x80 && bytes[from + 1] === 0x21;
  return { start: from + (isAvs ? u16At(bytes, from + 6) : 144) };
};

/** By link type: LINKTYPE_IEEE802_11 and those with a header before it. */
export const wirelessReads: { readonly [link: number]: Read } = { 105: plain, 119: prism, 127: radiotap, 163: prism, 192: ppi };

/**
 * Data frames of 802.11 as the Ethernet frames that the access point makes of them. What is encrypted, without a body or management shows
 * only who speaks to whom; of control frames and broken ones nothing is kept.
 */
export function wirelessFrames(take: TakePacket, read: Read): TakePacket {
  return (millis, bytes, from, to, wireLength) => {
    const nobody = (): void => take(millis, bytes, to, to, wireLength);
    const reception = read(bytes, from, to);
    if (reception === undefined) return nobody();
    const { start, hasCheck = false, isPadded = false } = reception;
    const isWhole = wireLength <= to - from;
    const end = hasCheck && isWhole ? to - 4 : to;
    if (start + header > end) return nobody();
    const [first, flags] = [bytes[start] ?? 0, bytes[start + 1] ?? 0];
    const type = (first >> 2) & 3;
    if ((type !== management && type !== data) || (first & 3) !== 0) return nobody();
    const isRelayed = (flags & (toDs | fromDs)) === (toDs | fromDs);
    const target = (flags & toDs) !== 0 ? start + 16 : start + 4;
    const sender = isRelayed ? start + header : (flags & fromDs) !== 0 ? start + 16 : start + 10;
    if (sender + 6 > end) return nobody();
    const qosAt = start + header + (isRelayed ? fourthAddress : 0);
    const hasQos = type === data && (first & withQos) !== 0;
    let body = qosAt + (hasQos ? qosControl + ((flags & order) !== 0 ? htControl : 0) : 0);
    if (isPadded) body = start + ((body - start + 3) & ~3);
    const isReadable = type === data && (first & noBody) === 0 && (flags & encrypted) === 0;
    const isOne = !hasQos || ((bytes[qosAt] ?? 0) & aggregated) === 0;
    const rest = isReadable && isOne && body < end ? bytes.subarray(body, end) : bytes.subarray(end, end);
    const isTyped = rest.length >= snapHeader && snap.every((value, i) => rest[i] === value);
    const skipped = isTyped ? snapHeader : 0;
    const frame = new Uint8Array(ethernetHeader + rest.length - skipped);
    frame.set(bytes.subarray(target, target + 6));
    frame.set(bytes.subarray(sender, sender + 6), 6);
    frame.set(isTyped ? rest.subarray(6, 8) : [rest.length >> 8, rest.length & 255], 12);
    frame.set(rest.subarray(skipped), ethernetHeader);
    take(millis, frame, 0, frame.length, frame.length + Math.max(0, wireLength - (to - from)));
  };
}
