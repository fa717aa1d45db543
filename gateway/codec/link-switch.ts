import type { TakePacket } from './capture-format.ts';

/** Both addresses of a frame, behind which switch chips put their tag for the host they are built into. */
const addresses = 12;
/** Lengths of the tags of Marvell (with and without an EtherType of its own) and Broadcom. */
const [marvell, marvellTyped, broadcom] = [4, 8, 4];
/** Of the first byte of Marvell's tag: the frame had an 802.1Q tag, whose priority and VLAN stand in the third and fourth byte. */
const hadTag = 0x20;

/** LINKTYPE_DSA_TAG_DSA, and `isTyped` LINKTYPE_DSA_TAG_EDSA: the frame as it was on the wire of the port. */
export function marvellFrames(take: TakePacket, isTyped: boolean): TakePacket {
  const size = isTyped ? marvellTyped : marvell;
  return (millis, bytes, from, to, wireLength) => {
    const tag = from + addresses + size - marvell;
    if (tag + marvell > to) return take(millis, bytes, from, Math.min(to, from + addresses), wireLength);
    const kept = ((bytes[tag] ?? 0) & hadTag) === 0 ? 0 : marvell;
    const frame = new Uint8Array(to - from - size + kept);
    frame.set(bytes.subarray(from, from + addresses));
    if (kept > 0) frame.set([0x81, 0, (bytes[tag + 2] ?? 0) & 0xef, bytes[tag + 3] ?? 0], addresses);
    frame.set(bytes.subarray(tag + marvell, to), addresses + kept);
    take(millis, frame, 0, frame.length, wireLength - size + kept);
  };
}

/** LINKTYPE_DSA_TAG_BRCM: the tag says the port only. */
export function broadcomFrames(take: TakePacket): TakePacket {
  return (millis, bytes, from, to, wireLength) => {
    if (from + addresses + broadcom > to) return take(millis, bytes, from, Math.min(to, from + addresses), wireLength);
    const frame = new Uint8Array(to - from - broadcom);
    frame.set(bytes.subarray(from, from + addresses));
    frame.set(bytes.subarray(from + addresses + broadcom, to), addresses);
    take(millis, frame, 0, frame.length, wireLength - broadcom);
  };
}

/** LINKTYPE_DSA_TAG_BRCM_PREPEND: the tag stands before the frame. */
export const behindBroadcomTag =
  (take: TakePacket): TakePacket =>
  (millis, bytes, from, to, wireLength) =>
    take(millis, bytes, Math.min(to, from + broadcom), to, Math.max(0, wireLength - broadcom));
