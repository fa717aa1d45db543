/** Frames for capture tests, as on the wire. */
const mac = (text: string): number[] => text.split(':').map(part => Number.parseInt(part, 16));
const padded = (bytes: readonly number[]): Uint8Array => Uint8Array.from({ length: Math.max(60, bytes.length) }, (_, i) => bytes[i] ?? 0);
const ip = (text: string): number[] => text.split('.').map(Number);

/** An ARP announcement (RFC 5227 §1.1), tagged when `vlan` is set. */
export function arpAnnouncement(from: string, address: string, vlan?: number): Uint8Array {
  const tag = vlan === undefined ? [] : [0x81, 0, vlan >> 8, vlan & 0xff];
  const body = [0, 1, 8, 0, 6, 4, 0, 1, ...mac(from), ...ip(address), 0, 0, 0, 0, 0, 0, ...ip(address)];
  return padded([255, 255, 255, 255, 255, 255, ...mac(from), ...tag, 8, 6, ...body]);
}

/** A frame that says nothing but who sent it (IEEE 802 local experimental EtherType 1). */
export const mute = (from: string): Uint8Array => padded([255, 255, 255, 255, 255, 255, ...mac(from), 0x88, 0xb5]);
